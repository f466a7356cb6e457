"""Whether what an address names first is of the caller's own programs, for those who have a right in none of them.

They are told that they lack it where the thing is of a program of theirs; of any other they hear what everybody hears of what there is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session as DbSession

from api.problems import no_such
from api.v1.finding import EXTERNAL, id_or_external, id_or_none, is_called, is_round, is_run
from data.access import AccessError, Actor, Right
from data.feeds import Calendar, Subscription
from data.grants import Grant
from data.groups import Group
from data.people import Person, is_in
from data.programs import Program, Term
from data.rounds import Match, Round, Run
from data.sessions import Session
from data.webhooks import Webhook


def _session(key: str, actor: Actor) -> Select[Any]:
    given = id_or_external(key)
    named = is_called(Group, EXTERNAL + given.rpartition("@")[0]) if isinstance(given, str) else Session.id == given
    return select(Session.id).join(Group).join(Term, Term.id == Group.term_id).where(named, Term.program_id.in_(actor.everywhere))


WHOSE: Mapping[str, Callable[[str, Actor], Select[Any]]] = {
    "program": lambda key, actor: select(Program.id).where(is_called(Program, key), Program.id.in_(actor.everywhere)),
    "term": lambda key, actor: select(Term.id).where(is_called(Term, key), Term.program_id.in_(actor.everywhere)),
    "group": lambda key, actor: select(Group.id).join(Term).where(is_called(Group, key), Term.program_id.in_(actor.everywhere)),
    "session": _session,
    "round": lambda key, actor: select(Round.id).join(Term).where(is_round(key), Term.program_id.in_(actor.everywhere)),
    "run": lambda key, actor: (
        select(Run.id).join(Round, Round.id == Run.round_id).join(Term).where(is_run(key), Term.program_id.in_(actor.everywhere))
    ),
    "person": lambda key, actor: select(Person.id).where(is_called(Person, key), is_in(actor.everywhere)),
    "subscription": lambda key, actor: (
        select(Subscription.id).join(Calendar).where(is_called(Subscription, key), Calendar.program_id.in_(actor.everywhere))
    ),
    "webhook": lambda key, actor: select(Webhook.id).where(is_called(Webhook, key), Webhook.program_id.in_(actor.everywhere)),
    "client": lambda key, actor: select(Grant.id).where(Grant.client_id == id_or_none(key), Grant.program_id.in_(actor.everywhere)),
    "match": lambda key, actor: select(Match.id).where(Match.id == id_or_none(key), Match.owner == actor.name),
}
"""By the first name in an address: what finds the thing where it is of a program of theirs."""


def refuse_without(db: DbSession, actor: Actor, right: Right, named: Mapping[str, str]) -> None:
    """Does nothing where somebody has a right in any of their programs, or organisations; `named` are the keys in the address, by name.

    Raises
    ------
    NotAllowed, OneFactorOnly
        They have it in none, and ask for what is of one.
    Problem
        They have it in none, and there is no such thing there: 404.
    """
    try:
        actor.need(right)
    except AccessError:
        name, key = next(iter(named.items()), ("", ""))
        if name and db.execute(WHOSE[name](key, actor).limit(1)).first() is None:
            raise no_such(name) from None
        raise
