"""Strikes a person out of the folders that rounds and runs keep as ZIPs: what a round asked, and what came of it.

What is counted stays as it was: a mentee's grade, region, school and gender, and by what a mentor could be placed; their result still is
a result of their round.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from data.archive import pack, unpack
from data.people import CameAs
from data.striking import Struck
from matching.csvfile import read_csv, write_csv
from matching.roster import FILE as ROSTER, MenteeEntry, MentorEntry, read_roster, write_roster
from matching.sentences import FILE as SENTENCES

PERSONAL = {"name", "email", "language", "affiliation"}
"""Cells of a person's row that are emptied."""
OWNERS = {
    "mentor_id": CameAs.MENTOR,
    "previous_mentor": CameAs.MENTOR,
    "mentee_id": CameAs.MENTEE,
    "other_mentee_id": CameAs.MENTEE,
}
"""Columns that hold keys, and of whom."""
SENTENCES_IN = {"before", "after", "change", "detail", "sentence", "why"}
"""Columns that hold words."""
TABLES = {CameAs.MENTOR: "mentors.csv", CameAs.MENTEE: "mentees.csv"}

Entry = TypeVar("Entry", MentorEntry, MenteeEntry)


def names_in(archive: bytes, who: Struck) -> Iterator[str]:
    """What a round's own files call somebody, which may be another name than today's."""
    with TemporaryDirectory(prefix="dure-") as made:
        table = unpack(archive, Path(made)) / TABLES[who.role]
        header, *rows = [list(map(str, cells)) for _, cells in read_csv(table)] if table.exists() else [[]]
        for row in rows:
            cells = dict(zip(header, row, strict=False))
            if cells.get(f"{who.role}_id") == who.key:
                yield from (cells.get(name, "") for name in ("name", "email"))


def struck_archive(archive: bytes, who: Struck) -> bytes:
    """The same folder without somebody; the very same bytes where they were not in it."""
    with TemporaryDirectory(prefix="dure-") as made:
        folder = unpack(archive, Path(made))
        before = {path: path.read_bytes() for path in sorted(folder.iterdir())}
        for path in before:
            if strike := _STRIKERS.get(path.name, _strike_table if path.suffix == ".csv" else None):
                strike(path, who)
        return archive if all(path.read_bytes() == held for path, held in before.items()) else pack(folder)


def _strike_table(path: Path, who: Struck) -> None:
    header, *rows = [list(map(str, cells)) for _, cells in read_csv(path)]
    struck = [_row(header, row, who, own=path.name == TABLES[who.role]) for row in rows]
    if struck != rows:
        write_csv(path, header, struck)


def _row(header: Sequence[str], row: Sequence[str], who: Struck, *, own: bool) -> list[str]:
    cells = dict(zip(header, row, strict=False))
    theirs = own and cells.get(f"{who.role}_id") == who.key
    advised = CameAs.MENTOR if cells.get("file") == TABLES[CameAs.MENTOR] else CameAs.MENTEE
    owners = {**OWNERS, "key": advised}
    found = []
    for name, cell in cells.items():
        if theirs and name in PERSONAL:
            found.append("")
        elif name in owners:
            found.append(who.alias if owners[name] is who.role and cell == who.key else cell)
        else:
            found.append(who.text(cell) if name in SENTENCES_IN else cell)
    return found


def _strike_roster(path: Path, who: Struck) -> None:
    roster = read_roster(path.read_text(encoding="utf-8"))
    if who.role is CameAs.MENTOR:
        roster = replace(roster, mentors=tuple(_entry(one, who) for one in roster.mentors))
    else:
        roster = replace(roster, mentees=tuple(_entry(one, who) for one in roster.mentees))
    path.write_text(write_roster(roster), encoding="utf-8", newline="\n")


def _entry(entry: Entry, who: Struck) -> Entry:
    return replace(entry, key=who.alias, name="") if entry.key == who.key else entry


def _strike_sentences(path: Path, who: Struck) -> None:
    told = (json.dumps(who.value(one), ensure_ascii=False) for one in json.loads(path.read_text(encoding="utf-8")))
    path.write_text("[\n  {}\n]\n".format(",\n  ".join(told)), encoding="utf-8", newline="\n")


_STRIKERS: dict[str, Callable[[Path, Struck], None]] = {ROSTER: _strike_roster, SENTENCES: _strike_sentences}
"""Of files that are no tables; the others name nobody."""
