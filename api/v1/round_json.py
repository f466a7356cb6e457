"""A round that is sent as JSON: people as the API knows them elsewhere, and the policy and pairs by the names of the contract's files.

What may be in each field is said in one place, `matching`; here each of its faults gets its JSON pointer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict, Field, ValidationError

from api.problems import Flaw, Problem
from api.v1.door import Wire
from api.v1.fields import Day
from api.v1.people_fields import MOST_NUMBER, Cell, MenteeLine, MentorLine, OwnKey, Taken, mentees_in, mentors_in
from data.archive import pack
from matching.columns import pairs, peers
from matching.csvfile import write_csv
from matching.faults import HEADER, ROW, BadResult, Fault, Faults
from matching.kinds import Known
from matching.policy import read_policy_rows
from matching.resultfiles import GROUPS, read_groups
from matching.round import GroupPolicy, MemberRegions, MentorPolicy, PairRule, PeerRule, Points, Round
from matching.rows import Columns, read_rows

T = TypeVar("T")

MOST_FLAWS = 200
_GROUP, _MENTOR, _POINTS = GroupPolicy(), MentorPolicy(), Points()

Whole = Annotated[int, Field(strict=True, ge=-MOST_NUMBER, le=MOST_NUMBER)]
OneLine = Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00\r\n]*$")]

EXAMPLE: dict[str, Any] = {
    "policy": {
        "program": {"time_zone": "Asia/Seoul", "term_start": "2027-03-02", "term_end": "2027-06-19"},
        "group": {"session_minutes": 60},
    },
    "mentors": [
        {
            "external_id": "m-1",
            "subjects": [{"subject": "math", "lowest_grade": 7, "highest_grade": 9}],
            "availability": "Mon 18:00-21:00",
        }
    ],
    "mentees": [{"external_id": "s-1", "grade": 8, "requests": [{"subject": "math"}], "availability": "Mon 19:00-22:00"}],
}


class ProgramPolicyIn(Wire):
    """What the round is for: days are inclusive, and times those of the zone's clock."""

    name: Cell = ""
    time_zone: Cell = Field(examples=["Asia/Seoul"])
    term_start: Day
    term_end: Day


class GroupPolicyIn(Wire):
    """What every group keeps to."""

    min_size: Whole = _GROUP.min_size
    max_size: Whole = _GROUP.max_size
    target_size: Whole = _GROUP.target_size
    meetings_per_week: Whole = _GROUP.meetings_per_week
    same_time: bool = _GROUP.same_time
    session_minutes: Whole = _GROUP.session_minutes
    start_every_minutes: Whole = _GROUP.start_every_minutes
    buffer_minutes: Whole = _GROUP.buffer_minutes
    max_grade_gap: Whole = _GROUP.max_grade_gap
    member_regions: MemberRegions = _GROUP.member_regions


class MentorPolicyIn(Wire):
    """What holds for mentors of whom nothing else is said."""

    max_groups: Whole = _MENTOR.max_groups
    min_weeks: Whole = _MENTOR.min_weeks


class PointsIn(Wire):
    """What each part of a result is worth."""

    placed: Whole = _POINTS.placed
    continuity: Whole = _POINTS.continuity
    region: Whole = _POINTS.region
    time: Whole = _POINTS.time
    missing_week: Whole = _POINTS.missing_week
    stay: Whole = _POINTS.stay
    first_group: Whole = _POINTS.first_group
    first_seat: Whole = _POINTS.first_seat
    off_target: Whole = _POINTS.off_target
    grade_gap: Whole = _POINTS.grade_gap
    region_mix: Whole = _POINTS.region_mix


class PolicyIn(Wire):
    """The rules and points of a round."""

    program: ProgramPolicyIn
    group: GroupPolicyIn = GroupPolicyIn()
    mentor: MentorPolicyIn = MentorPolicyIn()
    points: PointsIn = PointsIn()


class PairIn(Wire):
    """What is said of a mentor and a mentee; without a subject it holds for any."""

    mentor_external_id: OwnKey
    mentee_external_id: OwnKey
    subject: Cell = ""
    rule: PairRule
    points: Whole | None = Field(default=None, description="Where the rule is points.")


class PeersIn(Wire):
    """What is said of two mentees."""

    mentee_external_id: OwnKey
    other_external_id: OwnKey
    rule: PeerRule
    points: Whole | None = Field(default=None, description="Where the rule is points.")


class PreviousGroupIn(Wire):
    """A group of a result that is to be repaired, as the API tells those of a result."""

    external_id: OneLine
    mentor_external_id: OneLine
    subject: OneLine
    meetings: list[OneLine] = Field(max_length=70, examples=[["Tue 19:00"]])
    mentee_external_ids: list[OneLine] = Field(max_length=50)


class MatchIn(Wire):
    """A whole round; how much it may hold, the size of a body says."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    policy: PolicyIn
    mentors: list[MentorLine]
    mentees: list[MenteeLine]
    pairs: list[PairIn] = Field(default=[])
    peers: list[PeersIn] = Field(default=[])
    previous: list[PreviousGroupIn] | None = Field(
        default=None, description="Groups that are to be repaired: what stays as it was earns points."
    )


def round_of_json(body: bytes) -> tuple[Round, bytes | None]:
    """The round, and the folder of the result that is to be repaired, as a ZIP, where there is one.

    Raises
    ------
    RequestValidationError
        It is no JSON, or not of this form.
    Problem
        Its fields hold what they must not: 422, with each at its place.
    """
    try:
        sent = MatchIn.model_validate_json(body)
    except ValidationError as error:
        raise RequestValidationError([{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]) from None
    mentors = mentors_in({place: (one.external_id, one) for place, one in enumerate(sent.mentors)})
    mentees = mentees_in({place: (one.external_id, one) for place, one in enumerate(sent.mentees)})
    faults = Faults()
    policy = read_policy_rows("policy", _policy_rows(sent.policy), faults)
    mentor = Known({one.external_id for one in sent.mentors}, "external_id", "mentors")
    mentee = Known({one.external_id for one in sent.mentees}, "external_id", "mentees")
    said_of_pairs = _said("pairs", sent.pairs, pairs(mentor, mentee), faults)
    said_of_peers = _said("peers", sent.peers, peers(mentee), faults)
    flaws = [*_flaws_of_lines("mentors", mentors), *_flaws_of_lines("mentees", mentees), *map(_flaw, faults.found)]
    if flaws or policy is None:
        raise _bad(flaws, "bad-round")
    of_mentors, of_mentees = tuple(mentors.good.values()), tuple(mentees.good.values())
    round = Round(policy=policy, mentors=of_mentors, mentees=of_mentees, pairs=tuple(said_of_pairs), peers=tuple(said_of_peers))
    return round, None if sent.previous is None else _previous(sent.previous)


def _policy_rows(policy: PolicyIn) -> Iterator[tuple[int, Sequence[object]]]:
    yield 0, ("part", "key", "value")
    keys = [(part, key, value) for part, values in policy for key, value in values]
    yield from enumerate(((part, key, _cell(value)) for part, key, value in keys), start=1)


def _said(table: str, rows: Sequence[PairIn] | Sequence[PeersIn], columns: Columns[T], faults: Faults) -> list[T]:
    names = [column.name for column in columns.columns]
    cells = ([_cell(getattr(row, WIRE.get(name, name))) for name in names] for row in rows)
    return read_rows(table, iter([(-1, names), *enumerate(cells)]), columns, faults).values


def _cell(value: object) -> object:
    """What stands in the cell of a table for a value of JSON."""
    return "" if value is None else str(value) if isinstance(value, str) else value


WIRE: Mapping[str, str] = {
    "group_id": "external_id",
    "mentor_id": "mentor_external_id",
    "mentee_id": "mentee_external_id",
    "other_mentee_id": "other_external_id",
}
"""How columns of the contract's files are called here, where otherwise."""


def _previous(groups: Sequence[PreviousGroupIn]) -> bytes:
    """The folder of a result, as far as a repair needs it, as a ZIP."""
    places = [(place, number) for place, one in enumerate(groups) for number in range(len(one.mentee_external_ids))]
    with TemporaryDirectory(prefix="dure-") as held:
        folder = Path(held)
        rows = ((one.external_id, one.mentor_external_id, one.subject, "; ".join(one.meetings)) for one in groups)
        write_csv(folder / "groups.csv", [column.name for column in GROUPS.columns], rows)
        seats = ((one.external_id, mentee) for one in groups for mentee in one.mentee_external_ids)
        write_csv(folder / "members.csv", ("group_id", "mentee_id"), seats)
        try:
            read_groups(folder)
        except BadResult as bad:
            raise _bad([_flaw_of_previous(fault, places) for fault in bad.faults], "bad-result") from None
        return pack(folder)


def _flaw_of_previous(fault: Fault, places: Sequence[tuple[int, int]]) -> Flaw:
    row = fault.line - 2
    if fault.file == "members.csv" and 0 <= row < len(places):
        group, member = places[row]
        return _at(f"/previous/{group}/mentee_external_ids/{member}", fault)
    return _at(f"/previous/{row}{_field(fault)}" if row >= 0 else "/previous", fault)


def _flaws_of_lines(table: str, taken: Taken[Any]) -> Iterator[Flaw]:
    for line, flaws in sorted(taken.flaws.items()):
        for flaw in flaws:
            yield flaw.model_copy(update={"pointer": f"/{table}/{line}{flaw.pointer}"})


def _flaw(fault: Fault) -> Flaw:
    """A fault of the policy, or of a row of another table."""
    if fault.file == "policy":
        return _at(f"/policy/{fault.column.replace('.', '/')}", fault)
    return _at(f"/{fault.file}/{fault.line}{_field(fault)}", fault)


def _field(fault: Fault) -> str:
    return "" if fault.column in {ROW, HEADER, ""} else f"/{WIRE.get(fault.column, fault.column)}"


def _at(pointer: str, fault: Fault) -> Flaw:
    return Flaw(pointer=pointer, detail=fault.problem, mend=fault.mend)


def _bad(flaws: Iterable[Flaw], kind: str) -> Problem:
    found = list(flaws)
    more = f" and {len(found) - MOST_FLAWS:,} more" if len(found) > MOST_FLAWS else ""
    return Problem(422, kind, "the round is not as it must be", f"see the errors{more}", errors=found[:MOST_FLAWS])
