"""Reads and writes the files of a result (ROUND.md, Out)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from matching.csvfile import read_csv, write_csv
from matching.faults import BadResult, Fault, Faults
from matching.folders import closed, refuse_others, write_folder
from matching.kinds import MEETINGS, MOST, SUBJECT, TEXT, Known, choice, key, pointer, whole
from matching.result import Advice, Change, EndedBy, Group, Reason, Result, Unplaced
from matching.roster import FILE as ROSTER, Roster, write_roster
from matching.rows import Column, Columns, Rows, read_rows
from matching.sentences import FILE as SENTENCES, write_sentences
from matching.summary import read_summary, write_summary

T = TypeVar("T")

SUMMARY = "summary.json"
FILES = ("groups.csv", "members.csv", "unplaced.csv", "advice.csv", "changes.csv", SUMMARY, ROSTER, SENTENCES)


GROUPS = Columns(
    (
        Column("group_id", "key", key("g-0001"), required=True, unique=True),
        Column("mentor_id", "mentor", TEXT, required=True),
        Column("subject", "subject", SUBJECT, required=True),
        Column("meetings", "meetings", MEETINGS, required=True),
    ),
    lambda _line, fields: fields,
    exact=True,
)
UNPLACED = Columns(
    (
        Column("mentee_id", "mentee", TEXT, required=True),
        Column("subject", "subject", SUBJECT, required=True),
        Column("reason", "reason", choice(Reason), required=True),
        Column("detail", "detail", TEXT, required=True),
    ),
    lambda _line, fields: Unplaced(**fields),
    exact=True,
)
ADVICE = Columns(
    (
        Column("gain", "gain", whole(0), required=True),
        Column("placed", "placed", whole(-MOST), required=True),
        Column("file", "file", TEXT, required=True),
        Column("key", "key", TEXT),
        Column("change", "change", TEXT, required=True),
        Column("sentence", "sentence", TEXT, required=True),
    ),
    lambda _line, fields: Advice(**{"key": "", **fields}),
    exact=True,
)
CHANGES = Columns(
    (
        Column("mentee_id", "mentee", TEXT, required=True),
        Column("subject", "subject", SUBJECT, required=True),
        Column("before", "before", TEXT),
        Column("after", "after", TEXT),
        Column("why", "why", TEXT, required=True),
    ),
    lambda _line, fields: Change(**{"before": "", "after": "", **fields}),
    exact=True,
)


def members(groups: Known) -> Columns[tuple[str, str]]:
    """The columns of members.csv, which point to these groups."""
    columns = (Column("group_id", "group", pointer(groups), required=True), Column("mentee_id", "mentee", TEXT, required=True))
    return Columns(columns, lambda _line, fields: (fields["group"], fields["mentee"]), exact=True)


def read_groups(folder: Path) -> tuple[Group, ...]:
    """Reads the groups of a result folder (groups.csv and members.csv), in their order; nothing is judged.

    Raises
    ------
    BadResult
        With every fault of the two files.
    """
    _refuse_no_folder(folder)
    faults = Faults()
    groups = _groups(folder, faults)
    if faults.found:
        raise faults.error(BadResult)
    return groups


def read_result(folder: Path) -> Result:
    """Reads a whole result folder; advice.csv and changes.csv may be missing.

    Raises
    ------
    BadResult
        With every fault of its files; what summary.json says of them must be true, but its score and bound are not judged.
    """
    _refuse_no_folder(folder)
    faults = Faults()
    groups = _groups(folder, faults)
    unplaced = _table(folder, "unplaced.csv", UNPLACED, faults).values
    advice = _table(folder, "advice.csv", ADVICE, faults).values if os.path.lexists(folder / "advice.csv") else []
    changes = _table(folder, "changes.csv", CHANGES, faults).values if os.path.lexists(folder / "changes.csv") else []
    counted = {} if faults.found else {"groups": len(groups), "placed": sum(len(group.members) for group in groups)}
    summary = read_summary(folder / SUMMARY, faults, counted)
    if summary is None or faults.found:
        raise faults.error(BadResult)
    return Result(
        groups=groups,
        unplaced=tuple(unplaced),
        score=summary["objective"],
        bound=summary["bound"],
        requests=summary["requests"],
        seed=summary["seed"],
        seconds=summary["seconds"],
        ended_by=EndedBy(summary["ended_by"]),
        history=tuple((float(seconds), score, bound) for seconds, score, bound in summary["history"]),
        advice=tuple(advice),
        changes=tuple(changes),
    )


def _refuse_no_folder(folder: Path) -> None:
    """Tells in one line what is wrong with a place in which no file of a result can be."""
    why = closed(folder)
    if not why and not folder.is_dir():
        why = "is no folder" if folder.exists() else "is missing"
    if why:
        raise BadResult((Fault(folder.name or str(folder), 0, "", why, "give a result folder, with groups.csv in it"),))


def _groups(folder: Path, faults: Faults) -> tuple[Group, ...]:
    groups = _table(folder, "groups.csv", GROUPS, faults)
    seats = _table(folder, "members.csv", members(Known(groups.keys, "group_id", "groups.csv")), faults)
    seated: dict[str, list[str]] = {fields["key"]: [] for fields in groups.values}
    for group, mentee in seats.values:
        seated.setdefault(group, []).append(mentee)
    return tuple(Group(**fields, members=tuple(sorted(seated[fields["key"]]))) for fields in groups.values)


def _table(folder: Path, name: str, columns: Columns[T], faults: Faults) -> Rows[T]:
    if os.path.lexists(folder / name):
        return read_rows(name, read_csv(folder / name), columns, faults)
    faults.add(Fault(name, 0, "", "is missing", f"give a whole result folder, with {name} in it"))
    return Rows(keys=None)


def write_result(result: Result, folder: Path, *, roster: Roster | None = None, repaired: bool = False) -> None:
    """Writes a result folder, all at once, in the place of an earlier one.

    With a roster the folder can be shown without its round; with `repaired` it has a changes.csv. What its sentences were
    made from stands in sentences.json.

    The same values give the same bytes; the run's times stand only in `seconds` and `history` of summary.json.

    Raises
    ------
    BadResult
        The folder holds something else than a result.
    """
    refuse_others(folder, FILES)

    def fill(made: Path) -> None:
        _write_files(result, made)
        if roster:
            (made / ROSTER).write_text(write_roster(roster), encoding="utf-8", newline="\n")
        if repaired:
            _write(made / "changes.csv", CHANGES, sorted(result.changes, key=lambda row: (row.mentee, row.subject)))

    write_folder(folder, fill)


def _write_files(result: Result, folder: Path) -> None:
    groups = sorted(result.groups, key=lambda group: group.key)
    _write(folder / "groups.csv", GROUPS, groups)
    seats = [(group.key, mentee) for group in groups for mentee in sorted(group.members)]
    write_csv(folder / "members.csv", ("group_id", "mentee_id"), seats)
    unplaced = sorted(result.unplaced, key=lambda row: (row.mentee, row.subject))
    _write(folder / "unplaced.csv", UNPLACED, unplaced)
    _write(folder / "advice.csv", ADVICE, result.advice)
    if said := write_sentences(result):
        (folder / SENTENCES).write_text(said, encoding="utf-8", newline="\n")
    write_summary(result, folder / SUMMARY)


def _write(path: Path, columns: Columns[Any], rows: Sequence[Any]) -> None:
    write_csv(path, [column.name for column in columns.columns], ([column.written(row) for column in columns.columns] for row in rows))
