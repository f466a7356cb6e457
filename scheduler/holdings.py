"""All that is held on somebody, as files in a ZIP: the document, a table of what they are in each term, and their calendars."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.archive import packed
from data.audit import write_down
from data.base import Document, new_id
from data.feeds import MOST_DAYS_BACK, Audience, Calendar, Subscription
from data.holdings import held_on, own_rows, programs_of, rows_of
from data.people import Person
from data.programs import Program, Term
from data.settings import settings_of
from scheduler.calendars import HasLeft, shown
from scheduler.feed import rendered

HELD = "held.json"


def export_person(
    db: DbSession, person: Person, programs: Collection[UUID], *, for_office: bool, by: str, now: dt.datetime, path: str = ""
) -> Document:
    """What is held on a person in some programs; it is written down in each of their terms whose data was given, to whom, and when."""
    held = held_on(db, person, programs, for_office=for_office)
    for row in rows_of(db, person):
        details = {f"{person.came_as}s": [row.key], **({"path": path} if path else {})}
        if db.get_one(Term, row.term_id).program_id in programs:
            write_down(db, at=now, by=by, what="person exported", whom=f"{person.came_as} {row.key}", term=row.term_id, details=details)
    return held


def files_of(db: DbSession, person: Person, programs: Collection[UUID], held: Document, *, now: dt.datetime) -> bytes:
    """The same as files."""

    def fill(folder: Path) -> None:
        (folder / HELD).write_text(json.dumps(held, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        (folder / f"{person.came_as}s.csv").write_bytes(own_rows(held))
        for program, calendar in _calendars(db, person, programs, now):
            (folder / f"{program}.ics").write_bytes(calendar)

    return packed(fill)


def _calendars(db: DbSession, person: Person, programs: Collection[UUID], now: dt.datetime) -> Iterator[tuple[str, bytes]]:
    """Their calendar in each program, as a subscriber sees it, from a year back on; none where they have left."""
    audience, mine = Audience(person.came_as.value), programs_of(db, person) & {*programs}
    for program in db.scalars(select(Program).where(Program.id.in_(mine)).order_by(Program.key)):
        spoken = settings_of(program.settings).languages
        language = next((one for one in spoken if one == person.language), spoken[0])
        seen = Subscription(id=new_id(), language=language, alarms=[], days_back=MOST_DAYS_BACK)
        calendar = Calendar(id=new_id(), program_id=program.id, audience=audience, owner=str(person.id), version=1, changed_at=now)
        try:
            yield program.key, rendered(shown(db, seen, calendar, now).feed)
        except HasLeft:
            continue
