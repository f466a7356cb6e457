"""Whose data was told, written down after what told it: in a short transaction of its own, so that whoever reads keeps no writer waiting.

Whoever reads the same of the same mentee again soon leaves no second row: pages are asked for many times over, and a row for each would
say no more. It is written before anything is answered; where it cannot be, nothing is.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session as DbSession

from api.v1.call import Call, Told
from data.audit import write_down
from data.database import transaction
from data.programs import Term
from data.terms import term_name

AGAIN = dt.timedelta(minutes=5)
"""What was told somebody is written down once in so long."""
MOST = 200_000
"""So many are known at once to be written down; where they are more, all are forgotten, and are written down again."""

Asked = tuple[str, str, str, UUID, str]


@dataclass(slots=True)
class _Lately:
    since: dt.datetime
    keys: set[str]


class Telling:
    """What this process has written down of late: whom it told of whom."""

    def __init__(self) -> None:
        self._lately: dict[Asked, _Lately] = {}
        self._alone = threading.Lock()

    def untold(self, call: Call) -> list[Told]:
        """Of whom a request told, but for those of whom it did of late."""
        with self._alone:
            new = [replace(one, keys=one.keys - self._known(_asked(call, one), call.now)) for one in call.told]
        return [one for one in new if one.keys]

    def keep(self, engine: Engine, call: Call, new: Sequence[Told]) -> None:
        """Writes down of whom a request told."""
        with transaction(engine) as db:
            db.info["source"] = call.source
            for one in new:
                write_reading(db, call, db.get_one(Term, one.term), one.keys, one.what)
        with self._alone:
            for one in new:
                self._lately.setdefault(_asked(call, one), _Lately(call.now, set())).keys.update(one.keys)
            if sum(len(one.keys) for one in self._lately.values()) > MOST:
                self._lately.clear()

    def _known(self, asked: Asked, now: dt.datetime) -> set[str]:
        lately = self._lately.get(asked)
        if lately is None or lately.since <= now < lately.since + AGAIN:
            return lately.keys if lately else set()
        del self._lately[asked]
        return set()


def write_reading(db: DbSession, call: Call, term: Term, keys: Iterable[str], what: str) -> None:
    """Writes down that a request read of mentees of a term."""
    read = sorted(keys)
    whom = f"mentee {read[0]}" if len(read) == 1 else f"term {term_name(db, term)}"
    details = {"mentees": read, "path": call.request.url.path}
    write_down(db, at=call.now, by=call.by, what=what, whom=whom, term=term.id, details=details)


def _asked(call: Call, told: Told) -> Asked:
    return call.by, call.source, call.request.url.path, told.term, told.what
