"""Groups that a result brings become rows: the group, its members and its series, many at once."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session as DbSession

from data.base import new_id
from data.groups import Group, Membership
from data.programs import Term
from data.rounds import Run
from data.sessions import Kind, Series
from matching.result import Group as Placed
from scheduler.gone import Gone
from scheduler.results import Plan

NUMBERED = re.compile(r"(.*?)(\d+)")


def add_groups(
    db: DbSession, term: Term, run: Run, plan: Plan, groups: Sequence[Placed], from_on: dt.date, *, gone: Gone
) -> dict[UUID, UUID]:
    """Makes groups that meet from a day on, and gives their series' ids by theirs; those that come again have the ids that they had.

    A group is called as in the result, or, where the term has one of that name, by the next number that is free.
    """
    keys = free_keys(db.scalars(select(Group.key).where(Group.term_id == term.id)), [group.key for group in groups])
    again, made = gone.again(groups), dict[UUID, UUID]()
    held, members, series = [], [], []
    for group, key in zip(groups, keys, strict=True):
        mine, its_series = again.get(group.key) or (new_id(), new_id())
        made[mine] = its_series
        held.append(
            {
                "id": mine,
                "term_id": term.id,
                "run_id": run.id,
                "key": key,
                "mentor_id": plan.mentors[group.mentor].id,
                "subject": group.subject,
                "from_on": from_on,
                "link": "",
            }
        )
        members += [
            {"group_id": mine, "mentee_id": plan.mentees[member].id, "from_on": from_on, "until_on": plan.mentees[member].left_on}
            for member in group.members
        ]
        series.append(
            {
                "id": its_series,
                "group_id": mine,
                "kind": Kind.TUTORING,
                "meetings": sorted(group.meetings),
                "session_minutes": plan.session_minutes,
                "from_on": from_on,
            }
        )
    for table, rows in ((Group, held), (Membership, members), (Series, series)):
        if rows:
            db.execute(insert(table), rows)
    return made


def free_keys(taken: Iterable[str], wanted: Sequence[str]) -> list[str]:
    """The wanted keys; in the place of one that is taken already, the next number after all that are."""
    used = set(taken)
    found: list[str] = []
    highest: dict[str, int] = {}
    for key in (*used, *wanted):
        if match := NUMBERED.fullmatch(key):
            highest[match[1]] = max(highest.get(match[1], 0), int(match[2]))
    for key in wanted:
        mine = key
        if key in used:
            match = NUMBERED.fullmatch(key)
            stem, width = (match[1], len(match[2])) if match else (f"{key}-", 1)
            highest[stem] = highest.get(stem, 0) + 1
            mine = f"{stem}{highest[stem]:0{width}d}"
        used.add(mine)
        found.append(mine)
    return found
