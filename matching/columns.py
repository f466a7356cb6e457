"""The tables of a round, column by column (ROUND.md, In)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from matching.kinds import DATE, GRADE, REGIONS, REQUESTS, ROW_POINTS, STRETCHES, SUBJECT, TEACHES, TEXT, Known, choice, key, pointer, whole
from matching.round import BadValue, Mentee, Mentor, Pair, PairRule, PeerRule, Peers
from matching.rows import Column, Columns

MENTORS = Columns(
    (
        Column("mentor_id", "key", key("m-0017"), required=True, unique=True),
        Column("name", "name", TEXT),
        Column("subjects", "teaches", TEACHES, required=True),
        Column("availability", "availability", STRETCHES, required=True),
        Column("preferred", "preferred", STRETCHES),
        Column("home_region", "home_region", TEXT),
        Column("regions", "regions", REGIONS),
        Column("max_groups", "max_groups", whole(0)),
        Column("max_size", "max_size", whole(1)),
        Column("max_weekly_minutes", "max_weekly_minutes", whole(0)),
        Column("available_from", "available_from", DATE),
        Column("available_until", "available_until", DATE),
        Column("gender", "gender", TEXT),
        Column("email", "email", TEXT),
        Column("language", "language", TEXT),
        Column("affiliation", "affiliation", TEXT),
    ),
    lambda _line, fields: Mentor(**fields),
)

MENTEES = Columns(
    (
        Column("mentee_id", "key", key("s-0102"), required=True, unique=True),
        Column("name", "name", TEXT),
        Column("grade", "grade", GRADE, required=True),
        Column("requests", "requests", REQUESTS, required=True),
        Column("availability", "availability", STRETCHES, required=True),
        Column("preferred", "preferred", STRETCHES),
        Column("region", "region", TEXT),
        Column("max_groups", "max_groups", whole(0)),
        Column("gender", "gender", TEXT),
        Column("school", "school", TEXT),
        Column("email", "email", TEXT),
        Column("language", "language", TEXT),
        Column("mentor_gender", "mentor_gender", TEXT),
        Column("previous_mentor", "previous_mentor", TEXT),
    ),
    lambda _line, fields: Mentee(**fields),
)


def pairs(mentors: Known, mentees: Known) -> Columns[Pair]:
    """The columns of pairs.csv, which point to these keys."""

    def make(line: int, fields: dict[str, Any]) -> Pair:
        return Pair(**_points_where_meant(fields, PairRule.POINTS), line=line)

    return Columns(
        (
            Column("mentor_id", "mentor", pointer(mentors), required=True),
            Column("mentee_id", "mentee", pointer(mentees), required=True),
            Column("subject", "subject", SUBJECT),
            Column("rule", "rule", choice(PairRule), required=True),
            Column("points", "points", ROW_POINTS),
        ),
        make,
        lambda fields: _points_are_given(fields, PairRule.POINTS),
    )


def peers(mentees: Known) -> Columns[Peers]:
    """The columns of peers.csv, which point to these keys."""

    def make(line: int, fields: dict[str, Any]) -> Peers:
        return Peers(**_points_where_meant(fields, PeerRule.POINTS), line=line)

    def check(fields: Mapping[str, Any]) -> Iterator[BadValue]:
        if "mentee" in fields and fields["mentee"] == fields.get("other"):
            yield BadValue("other_mentee_id", f"'{fields['other']}' is paired with themselves", "the other_mentee_id of somebody else")
        yield from _points_are_given(fields, PeerRule.POINTS)

    return Columns(
        (
            Column("mentee_id", "mentee", pointer(mentees), required=True),
            Column("other_mentee_id", "other", pointer(mentees), required=True),
            Column("rule", "rule", choice(PeerRule), required=True),
            Column("points", "points", ROW_POINTS),
        ),
        make,
        check,
    )


def _points_are_given(fields: Mapping[str, Any], rule: PairRule | PeerRule) -> Iterator[BadValue]:
    if fields.get("rule") is rule and "points" not in fields:
        yield BadValue("points", f"is empty where the rule is {rule}", ROW_POINTS.right)


def _points_where_meant(fields: dict[str, Any], rule: PairRule | PeerRule) -> dict[str, Any]:
    """Points beside another rule say nothing (ROUND.md, pairs.csv)."""
    return {**fields, "points": fields["points"] if fields["rule"] is rule else 0}
