"""Publishing, repairing and undoing are killed (kill -9): each is done whole, with all that hangs on it, or not at all."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session as DbSession

from data.database import reading, transaction
from data.groups import Group, Membership
from data.outbox import Message
from data.people import Mentee, Mentor, Person
from data.rounds import Run
from data.runs import find_run
from data.sessions import Booking, Session
from matching.result import Group as Placed, Result
from scheduler.publish import publish
from scheduler.undo import undo
from tests.bench.publishing import made
from tests.faults.processes import Stage, killed, spread
from tests.faults.told import Told
from tests.sessions import dump
from tests.solved import done_run
from tests.terms import demo_term

MENTORS = 20
FIRST, REPAIR = "2026-spring:1.1", "2026-spring:2.1"
WAYS: Mapping[int, tuple[tuple[str, str, int], ...]] = {
    0: (("publish", FIRST, 1),),
    1: (("publish", REPAIR, 2), ("undo", FIRST, 0)),
    2: (("undo", REPAIR, 1),),
}
"""What may be done while nothing, the first run or its repair is published, and what is published then."""


def test_of_publishing_repairing_and_undoing_that_are_killed_each_is_done_whole_or_not_at_all(database: Engine, told: Told) -> None:
    kill_publishing(database, told, 3, MENTORS)


@pytest.mark.long
def test_of_many_that_are_killed_each_is_done_whole_or_not_at_all(database: Engine, told: Told) -> None:
    kill_publishing(database, told, 30, 6 * MENTORS)


def kill_publishing(database: Engine, told: Told, kills: int, mentors: int) -> None:
    """Goes to and fro between nothing, a run and its repair, and kills each step at a moment that chance chooses,
    so that the moments are spread over all the time in which steps write.

    A step of which a kill left nothing is then done in peace, so that the next kill finds things elsewhere.
    """
    runs = two_runs(database, mentors)
    wholes, takes = _wholes(database, runs)
    chance, at, stages, done, said = random.Random(7), 0, Counter[Stage](), 0, 0
    for share in spread(kills, chance):
        what, run, leads_to = chance.choice(WAYS[at])
        with reading(database) as db:
            before, were = dump(db), _sequences(db)
        stage, acknowledged = killed(database, "round", what, run, after=share * takes[what, run])
        stages[stage] += 1
        with reading(database) as db:
            after, are, found = dump(db), _sequences(db), _seen(db)
        is_done = after != before
        assert found == wholes[leads_to if is_done else at]
        assert len(after["deed"]) > len(before["deed"]) if is_done else not acknowledged
        said, done, at = said + acknowledged, done + is_done, leads_to
        assert all(are[session] >= sequence for session, sequence in were.items() if session in are)
        assert leads_to == 0 or are.keys() <= were.keys() or were.keys() <= are.keys()
        if not is_done:
            _do(database, what, run)
    counted = ", ".join(f"{stages[stage]} {stage}" for stage in Stage)
    sessions = sum(wholes[1].sessions.values())
    told.tell(
        f"{database.dialect.name}: {kills} kills of publishing, repairing and undoing: "
        f"{counted} ({sessions} sessions); {said} had said that they were done, {done} were, whole, {kills - done} left all as it was",
        kills=kills,
    )
    assert 3 * stages[Stage.WRITING] >= kills, counted


def _do(database: Engine, what: str, run: str) -> None:
    step: Callable[[DbSession, Run, dt.datetime, str], object] = publish if what == "publish" else undo
    with transaction(database) as db:
        step(db, find_run(db, run), dt.datetime.now(dt.UTC), "office")


@dataclass(frozen=True, slots=True)
class Seen:
    """What is published, without the keys that are made anew each time."""

    sessions: Counter[tuple[Any, ...]]
    members: Counter[tuple[Any, ...]]
    mails: Counter[str]
    published: tuple[bool, ...]


def _seen(db: DbSession) -> Seen:
    booked: dict[UUID, set[str]] = {}
    for session, key in db.execute(select(Booking.session_id, Person.key).join(Person, Person.id == Booking.person_id)):
        booked.setdefault(session, set()).add(key)
    sessions = select(Session.id, Group.key, Mentor.key, Session.starts_at, Session.state)
    sessions = sessions.join(Group, Group.id == Session.group_id).join(Mentor, Mentor.id == Session.mentor_id)
    members = select(Group.key, Mentee.key, Membership.from_on, Membership.until_on)
    members = members.join(Membership, Membership.group_id == Group.id).join(Mentee, Mentee.id == Membership.mentee_id)
    runs = db.scalars(select(Run).order_by(Run.id))
    return Seen(
        Counter((*row, *sorted(booked.get(session, ()))) for session, *row in db.execute(sessions)),
        Counter(tuple(row) for row in db.execute(members)),
        Counter(body["about"] for body in db.scalars(select(Message.body))),
        tuple(run.published_at is not None and run.undone_at is None for run in runs),
    )


def _sequences(db: DbSession) -> dict[UUID, int]:
    return dict(db.execute(select(Session.id, Session.sequence)).all())


def _wholes(database: Engine, runs: tuple[UUID, UUID]) -> tuple[tuple[Seen, Seen, Seen], Mapping[tuple[str, str], float]]:
    """What is published where nothing, the first run or its repair is; and the seconds that each step took."""
    first, repair = runs
    steps: list[tuple[Callable[..., object], UUID]] = [(publish, first), (publish, repair), (undo, repair), (undo, first)]
    names = (("publish", FIRST), ("publish", REPAIR), ("undo", REPAIR), ("undo", FIRST))
    with reading(database) as db:
        found = [_seen(db)]
    took = {}
    for (step, run), name in zip(steps, names, strict=True):
        began = time.monotonic()
        with transaction(database) as db:
            step(db, db.get_one(Run, run), dt.datetime.now(dt.UTC), "office")
        took[name] = time.monotonic() - began
        with reading(database) as db:
            found.append(_seen(db))
    nothing, one, other, one_again, nothing_again = found
    assert (one_again, nothing_again) == (one, nothing)
    assert nothing != one != other
    return (nothing, one, other), took


def two_runs(database: Engine, mentors: int) -> tuple[UUID, UUID]:
    """A term that begins in some weeks, and two runs of it that are done: the second repairs the first."""
    today = dt.datetime.now(dt.UTC).date()
    round, result = made(mentors)
    of = replace(round.policy.program, term_start=today + dt.timedelta(days=14), term_end=today + dt.timedelta(days=14 + 16 * 7 - 1))
    round = replace(round, policy=replace(round.policy, program=of))
    term = demo_term(database, round)
    with transaction(database) as db:
        first = done_run(db, term, result, round=round)
        repair = done_run(db, term, _repaired(result), round=round, previous=first)
        return first.id, repair.id


def _repaired(result: Result) -> Result:
    """A third of the groups meets an hour later, a seventh loses somebody, an eleventh is no more."""
    groups: list[Placed] = []
    for number, group in enumerate(result.groups):
        if number % 11 == 5:
            continue
        meetings = tuple(at + 60 for at in group.meetings) if number % 3 == 0 else group.meetings
        members = group.members[1:] if number % 7 == 1 else group.members
        groups.append(replace(group, meetings=meetings, members=members))
    return replace(result, groups=tuple(groups))
