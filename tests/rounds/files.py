"""Writes a round as the files of the contract, so that programs that know nothing of the project can read it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path

from matching.round import Mentee, Mentor, Policy, Round
from matching.week import Stretch


def write_round(round: Round, folder: Path) -> None:
    """Writes mentors.csv, mentees.csv, policy.toml, pairs.csv and peers.csv into the folder, made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "policy.toml").write_text(_toml(round.policy), encoding="utf-8")
    _write(folder / "mentors.csv", [_mentor(mentor) for mentor in round.mentors])
    _write(folder / "mentees.csv", [_mentee(mentee) for mentee in round.mentees])
    pairs = [
        {"mentor_id": row.mentor, "mentee_id": row.mentee, "subject": row.subject, "rule": row.rule, "points": row.points or ""}
        for row in round.pairs
    ]
    peers = [{"mentee_id": row.mentee, "other_mentee_id": row.other, "rule": row.rule, "points": row.points or ""} for row in round.peers]
    _write(folder / "pairs.csv", pairs)
    _write(folder / "peers.csv", peers)


def _write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    path.unlink(missing_ok=True)
    if rows:
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, list(rows[0]))
            table.writeheader()
            table.writerows(rows)


def _stretches(stretches: Iterable[Stretch]) -> str:
    return "; ".join(str(stretch) for stretch in stretches)


def _mentor(mentor: Mentor) -> dict[str, object]:
    return {
        "mentor_id": mentor.key,
        "name": mentor.name,
        "subjects": "; ".join(f"{taught.subject}:{taught.lowest}-{taught.highest}" for taught in mentor.teaches),
        "availability": _stretches(mentor.availability),
        "preferred": _stretches(mentor.preferred),
        "home_region": mentor.home_region,
        "regions": "; ".join(mentor.regions),
        "max_groups": mentor.max_groups,
        "max_size": mentor.max_size,
        "max_weekly_minutes": mentor.max_weekly_minutes,
        "available_from": mentor.available_from,
        "available_until": mentor.available_until,
        "gender": mentor.gender,
    }


def _mentee(mentee: Mentee) -> dict[str, object]:
    return {
        "mentee_id": mentee.key,
        "name": mentee.name,
        "grade": mentee.grade,
        "requests": "; ".join(f"{request.subject}:{request.priority}" for request in mentee.requests),
        "availability": _stretches(mentee.availability),
        "preferred": _stretches(mentee.preferred),
        "region": mentee.region,
        "max_groups": mentee.max_groups,
        "mentor_gender": mentee.mentor_gender,
        "previous_mentor": mentee.previous_mentor,
    }


def _toml(policy: Policy) -> str:
    lines = []
    for part, values in asdict(policy).items():
        lines.append(f"[{part}]")
        for key, value in values.items():
            match value:
                case bool():
                    lines.append(f"{key} = {str(value).lower()}")
                case StrEnum() | str():
                    lines.append(f'{key} = "{value}"')
                case _:
                    lines.append(f"{key} = {value}")
    return "\n".join(lines) + "\n"
