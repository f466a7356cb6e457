"""What a run's result says is to be published, and whether it still fits its term."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.archive import unpack
from data.consents import without_consent
from data.people import Mentee, Mentor
from data.programs import Term
from data.rounds import Round, Run
from data.runs import inputs_of, name_of, result_of
from matching.faults import BadRound, Faults
from matching.policy import read_policy_file
from matching.result import Group as Placed
from matching.resultfiles import read_groups
from scheduler.refusals import Refused

TOLD = 20
"""At most so many people who do not fit are named."""


class PublishError(Refused):
    """The root of why a result is not published, or not taken back; nothing has been changed then."""


@dataclass(eq=False)
class DoesNotFit(PublishError):
    """The term's people are others than when the run was solved: one line for each who is not there, or has left."""

    lines: tuple[str, ...]

    def __str__(self) -> str:
        more = (f"and {len(self.lines) - TOLD} more",) if len(self.lines) > TOLD else ()
        return "\n".join((*self.lines[:TOLD], *more))


@dataclass(frozen=True, slots=True)
class Plan:
    """Groups that are to be, by their keys, with the term's rows of their people, and the length of their sessions."""

    groups: Sequence[Placed]
    session_minutes: int
    mentors: Mapping[str, Mentor]
    mentees: Mapping[str, Mentee]


def plan_of(db: DbSession, term: Term, run: Run, from_on: dt.date) -> Plan:
    """What a run's result says of a day and later ones.

    Raises
    ------
    NoResult
        There is none yet.
    NoLongerKept
        What its round asked is gone.
    DoesNotFit
        Somebody in it is no more in the term on that day, or needs a guardian's consent that is not in force.
    """
    with TemporaryDirectory(prefix="dure-") as held:
        folder = Path(held)
        groups = read_groups(unpack(result_of(db, run), folder / "result"))
        minutes = _session_minutes(unpack(inputs_of(db.get_one(Round, run.round_id)), folder / "inputs"))
    mentors = {one.key: one for one in db.scalars(select(Mentor).where(Mentor.term_id == term.id))}
    mentees = {one.key: one for one in db.scalars(select(Mentee).where(Mentee.term_id == term.id))}
    lines = [
        *(line for group in groups for line in _gone(group, "mentor", group.mentor, mentors, from_on)),
        *(line for group in groups for member in group.members for line in _gone(group, "mentee", member, mentees, from_on)),
    ]
    lacking = without_consent(db, term, from_on)
    lines += [
        f"group {group.key}: no guardian's consent is in force for mentee {member}; note one, or close a new round, and solve it"
        for group in groups
        for member in group.members
        if member in lacking
    ]
    if lines:
        raise DoesNotFit(tuple(lines))
    return Plan(groups, minutes, mentors, mentees)


def _gone(group: Placed, role: str, key: str, there: Mapping[str, Mentor] | Mapping[str, Mentee], on: dt.date) -> Sequence[str]:
    if key not in there:
        return [f"group {group.key}: there is no {role} {key} in the term; close a new round with --from {on}, and solve it"]
    left_on = there[key].left_on
    if left_on is None or left_on > on:
        return []
    return [f"group {group.key}: {role} {key} has left on {left_on}; close a new round with --from {on}, and solve it"]


def _session_minutes(inputs: Path) -> int:
    faults = Faults()
    policy = read_policy_file(inputs / "policy.toml", faults)
    if policy is None:
        raise faults.error(BadRound)
    return policy.group.session_minutes


def short_name(db: DbSession, run: Run) -> str:
    """What the audit of a term calls a run of it."""
    return f"run {name_of(db, run).rpartition(':')[2]}"
