"""How long publishing, undoing and repairing take: `python -m tests.bench.publishing`, on SQLite and PostgreSQL.

Results are made, not solved: each mentor has one or two groups of three, which meet once a week for sixteen weeks.
A repair is of a term that some mentors leave: others take over half of their groups at another time, the rest are dissolved.
Each run is a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, replace

from sqlalchemy import Engine, func, select

from data.base import new_id
from data.database import reading, transaction
from data.entries import enter
from data.people import Mentor as MentorRow
from data.programs import Organisation, Program as ProgramRow, Term
from data.rounds import Run
from data.sessions import Booking, Session
from matching.result import EndedBy, Group, Result
from matching.round import GroupPolicy, Mentee, Mentor, Policy, Program, Request, Round, Teaching
from matching.week import DAY_MINUTES, Stretch
from scheduler.leavers import leave_mentor
from scheduler.publish import publish
from scheduler.repair import Fate
from scheduler.undo import undo
from tests.bench.databases import fresh, kinds
from tests.solved import done_run

SEOUL = 1500
"""Mentors of a city's round."""
SIZES = (SEOUL // 4, SEOUL)
GOAL_SECONDS, GOAL_RATIO = 20.0, 4.4
NOW = dt.datetime(2026, 2, 20, tzinfo=dt.UTC)
TERM = Program(time_zone="Asia/Seoul", term_start=dt.date(2026, 3, 2), term_end=dt.date(2026, 6, 19), name="bench")
MONDAYS = (Stretch(18 * 60, 22 * 60),)
"""Availability is nobody's business here."""
MEMBERS = 3
MIDTERM = dt.datetime(2026, 4, 14, tzinfo=dt.UTC)
LEAVE_ON = dt.date(2026, 4, 20)
"""The Monday from which the repair holds."""
LEAVES = 20
"""One of so many mentors does."""
SATURDAY_AT_9 = 5 * DAY_MINUTES + 9 * 60
"""Nobody meets on Saturdays before the repair."""


def made(mentors: int) -> tuple[Round, Result]:
    """A round of so many mentors, and a result with five groups for three of them."""
    groups = [
        Group(
            key=f"g-{number:05d}",
            mentor=f"m-{number * 3 // 5:05d}",
            subject="math",
            meetings=(number % 5 * DAY_MINUTES + (18 + number % 4) * 60,),
            members=tuple(f"s-{number * MEMBERS + seat:05d}" for seat in range(MEMBERS)),
        )
        for number in range(mentors * 5 // 3)
    ]
    people = tuple(
        Mentor(key=f"m-{number:05d}", name="", teaches=(Teaching("math", 1, 12),), availability=MONDAYS, email=f"m-{number}@example.org")
        for number in range(mentors)
    )
    learners = tuple(
        Mentee(key=key, name="", grade=7, requests=(Request("math", 1),), availability=MONDAYS, email=f"{key}@example.org")
        for group in groups
        for key in group.members
    )
    round = Round(policy=Policy(program=TERM, group=GroupPolicy(session_minutes=60)), mentors=people, mentees=learners)
    result = Result(groups=tuple(groups), unplaced=(), score=0, bound=0, requests=len(learners), seed=0, seconds=0, ended_by=EndedBy.EFFORT)
    return round, result


def repaired(round: Round, result: Result) -> tuple[Round, Result]:
    """The round without those who leave, and a result in which the mentor after them has every other group of theirs."""
    leave = {mentor.key: after.key for mentor, after in zip(round.mentors[::LEAVES], round.mentors[1::LEAVES], strict=True)}
    taken_over = (group for group in result.groups if group.mentor in leave)
    new = [
        replace(group, mentor=leave[group.mentor], meetings=(SATURDAY_AT_9 + number % 8 * 60,))
        for number, group in enumerate(taken_over)
        if number % 2 == 0
    ]
    stay = [group for group in result.groups if group.mentor not in leave]
    mentors = tuple(mentor for mentor in round.mentors if mentor.key not in leave)
    return replace(round, mentors=mentors), replace(result, groups=(*stay, *new))


def entered(engine: Engine, mentors: int) -> tuple[Run, Run]:
    """A done run of a term with so many mentors, and one that repairs it."""
    round, result = made(mentors)
    with transaction(engine) as db:
        organisation = Organisation(id=new_id(), key="city")
        program = ProgramRow(id=new_id(), organisation_id=organisation.id, key="seoul")
        term = Term(id=new_id(), program_id=program.id, key="spring", zone=TERM.time_zone, first_on=TERM.term_start, country="KR")
        for row in (organisation, program, term):
            db.add(row)
            db.flush()
        enter(db, term, None, round, on=TERM.term_start)
        first, (asked, repair) = done_run(db, term, result, round=round), repaired(round, result)
        return first, done_run(db, term, repair, round=asked, previous=first)


@dataclass(frozen=True, slots=True)
class Measured:
    """One publishing: what it made, how long it and its undoing took, how much of that its own processor did, how long a repair of it took
    and of how many groups it did away with or changed the time, and the most memory of its process."""

    sessions: int
    bookings: int
    seconds: float
    cpu_seconds: float
    undo_seconds: float
    repair_seconds: float
    repaired_groups: int
    megabytes: int


def measured(engine: Engine, mentors: int) -> Measured:
    """Publishes and undoes once, and publishes again what is then repaired."""
    run, repair = entered(engine, mentors)
    began, cpu = time.perf_counter(), time.process_time()
    with transaction(engine) as db:
        publish(db, db.get_one(Run, run.id), NOW, "bench")
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    with reading(engine) as db:
        sessions, bookings = (db.scalar(select(func.count()).select_from(table)) or 0 for table in (Session, Booking))
    began = time.perf_counter()
    with transaction(engine) as db:
        undo(db, db.get_one(Run, run.id), NOW, "bench")
    undone = time.perf_counter() - began
    with transaction(engine) as db:
        publish(db, db.get_one(Run, run.id), NOW, "bench")
    with transaction(engine) as db:
        for mentor in db.scalars(select(MentorRow).order_by(MentorRow.key)).all()[::LEAVES]:
            leave_mentor(db, mentor, LEAVE_ON, by="bench", now=MIDTERM, reason="graduates")
    began = time.perf_counter()
    with transaction(engine) as db:
        changes = publish(db, db.get_one(Run, repair.id), MIDTERM, "bench").changes
    repairing = time.perf_counter() - began
    changed = sum(change.fate is not Fate.STAYS for change in changes)
    return Measured(
        sessions, bookings, seconds, cpu, undone, repairing, changed, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    )


def main() -> None:
    """Prints a line for each run, and what the goals say of it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--one", nargs=2, metavar=("KIND", "MENTORS"), help="run only this, in this process")
    one = asked.parse_args().one
    if one:
        with fresh(one[0]) as engine:
            found = measured(engine, int(one[1]))
        counts = f"{int(one[1]):>8,} {found.sessions:>9,} {found.bookings:>9,}"
        took = f"{found.seconds:>8.2f} {found.cpu_seconds:>8.2f} {found.undo_seconds:>8.2f} {found.repair_seconds:>8.2f}"
        sys.stdout.write(f"{one[0]:10} {counts} {took} {found.repaired_groups:>7,} {found.megabytes:>6,}\n")
        return
    titles = f"{'mentors':>8} {'sessions':>9} {'bookings':>9} {'seconds':>8} {'CPU':>8} {'undo':>8} {'repair':>8} {'groups':>7} {'MiB':>6}"
    sys.stdout.write(f"{'database':10} {titles}\n")
    for kind in kinds():
        runs = []
        for size in SIZES:
            command = [sys.executable, "-m", "tests.bench.publishing", "--one", kind, str(size)]
            line = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            sys.stdout.write(line)
            sys.stdout.flush()
            runs.append([float(cell.replace(",", "")) for cell in line.split()[1:]])
        seconds, ratio = runs[1][3], runs[1][3] / runs[0][3] * 4 * runs[0][1] / runs[1][1]
        sys.stdout.write(
            f"{kind}: {seconds:.1f} s (goal {GOAL_SECONDS:g}), four times the sessions take {ratio:.2f} times (goal {GOAL_RATIO:g}); "
            f"a repair of {runs[1][7]:.0f} of its groups {runs[1][6]:.1f} s\n"
        )


if __name__ == "__main__":
    main()
