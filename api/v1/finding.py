"""What is meant by the keys in an address: ids of ours, or the platform's own as `ext:...`, of what the caller may see.

Whatever is of a program in which they have no part is not there for them.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Path
from sqlalchemy import ColumnElement, Select, and_, false, select

from api.problems import Problem, no_such
from api.v1.call import Call
from data.base import Base
from data.programs import Program, Term
from data.rounds import Round, Run
from data.runs import NAME

Key = Annotated[str, Path(description="An id, or `ext:` and the platform's own key.", max_length=200, examples=["ext:2027-spring"])]
EXTERNAL = "ext:"
LONGEST_KEY = 196
"""With `ext:` before it, a key is an address's."""

R = TypeVar("R", bound=Base)


def program_of(call: Call, key: str) -> Program:
    """The program that is meant, where the caller has the operation's right in it."""
    program = _one(call, key, "program", select(Program).where(Program.id.in_(call.actor.everywhere)), Program.id, Program.key)
    call.sight(program.id)
    return program


def term_of(call: Call, key: str) -> Term:
    """The term that is meant, likewise."""
    term = _one(call, key, "term", select(Term).where(Term.program_id.in_(call.actor.everywhere)), Term.id, Term.key)
    call.sight(term.program_id)
    return term


def round_of(call: Call, key: str) -> tuple[Round, Term]:
    """The round that is meant, by its id or as `ext:TERM:ROUND`, and its term."""
    return _of_a_term(call, key, "round", select(Round, Term).join(Term, Term.id == Round.term_id).where(is_round(key)))


def run_of(call: Call, key: str) -> tuple[Run, Term]:
    """The run that is meant, by its id or as `ext:TERM:ROUND.RUN`, and its term."""
    asked = select(Run, Term).join(Round, Round.id == Run.round_id).join(Term, Term.id == Round.term_id)
    return _of_a_term(call, key, "run", asked.where(is_run(key)))


def _of_a_term(call: Call, key: str, what: str, asked: Select[R, Term]) -> tuple[R, Term]:
    """What a statement finds, with its term, where the caller has the operation's right there; operations lock what they change."""
    found = call.db.execute(asked.where(Term.program_id.in_(call.actor.everywhere))).all()
    if not found:
        raise no_such(what)
    if len(found) > 1:
        raise Problem(409, "several", f"several of your programs have a {what} {key}", "write its id")
    row, term = found[0]
    call.sight(term.program_id)
    return row, term


def id_or_none(key: str) -> UUID | None:
    """The id that a key of an address is, where it is one."""
    given = id_or_external(key)
    return given if isinstance(given, UUID) else None


def id_or_external(key: str) -> UUID | str | None:
    """What a key of an address is: an id, the text after `ext:`, or neither."""
    if key.startswith(EXTERNAL):
        return key.removeprefix(EXTERNAL)
    try:
        return UUID(key)
    except ValueError:
        return None


def own_key(key: str, what: str) -> str:
    """The platform's own key of something that is to be made under it: the text after `ext:`.

    Raises
    ------
    Problem
        It is an id, which only the service makes, or it cannot be kept: 404.
    """
    given = id_or_external(key)
    own = _as_kept(given) if isinstance(given, str) else ""
    if not own or len(own) > LONGEST_KEY or "\0" in own:
        raise no_such(what)
    return own


def is_called(table: Any, key: str) -> ColumnElement[bool]:  # noqa: ANN401  a table with both keys
    """Of a table: the row that a key means, which is an id or `ext:` and a key; none where it is neither."""
    given = id_or_external(key)
    if given is None or (isinstance(given, str) and "\0" in given):
        return false()
    return table.id == given if isinstance(given, UUID) else table.key.in_({given, _as_kept(given)})  # type: ignore[no-any-return] # of any table


def _as_kept(key: str) -> str:
    """A key as it is kept where the service takes it from an address: people's keyboards write one in several ways."""
    return unicodedata.normalize("NFC", key).strip()


def is_round(key: str) -> ColumnElement[bool]:
    """Of rounds with their terms: the one that a key means."""
    read = re.fullmatch(r"ext:(?P<term>.+):(?P<round>\d{1,6})", key, re.ASCII | re.DOTALL)
    return and_(Term.key == read["term"], Round.number == int(read["round"])) if read else Round.id == id_or_none(key)


def is_run(key: str) -> ColumnElement[bool]:
    """Of runs with their rounds and terms: the one that a key means."""
    read = NAME.fullmatch(key.removeprefix(EXTERNAL)) if key.startswith(EXTERNAL) else None
    if read is None:
        return Run.id == id_or_none(key)
    return and_(Term.key == read["term"], Round.number == int(read["round"]), Run.number == int(read["run"]))


def _one(call: Call, key: str, what: str, asked: Select[R], by_id: Any, by_key: Any) -> R:  # noqa: ANN401  columns of R
    """What a statement finds under a key; locked where the request may change it."""
    given = id_or_external(key)
    if given is None:
        raise no_such(what)
    wanted = asked.where(by_id == given if isinstance(given, UUID) else by_key == given)
    found = call.db.scalars(wanted.with_for_update() if call.changes else wanted).all()
    if not found:
        raise no_such(what)
    if len(found) > 1:
        raise Problem(409, "several", f"several of your programs have a {what} {key}", "write its id")
    return found[0]
