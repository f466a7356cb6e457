"""Reads and writes the policy of a round: policy.toml, or the sheet `policy` of a workbook (ROUND.md, policy.toml)."""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from matching.csvfile import CELL_CHARACTERS, Row
from matching.faults import ROW, BadCell, BadFile, Fault, Faults, short
from matching.kinds import DATE, POLICY_POINTS, TEXT, YES_NO, ZONE, Kind, choice, whole
from matching.round import GroupPolicy, MemberRegions, MentorPolicy, Points, Policy, Program
from matching.rows import Column, Columns, as_text, read_rows, rightly

Place = tuple[str, str]
"""A part of the policy and a key in it; the key is empty where the part itself is meant."""

PARTS: Mapping[str, Mapping[str, Kind[Any]]] = {
    "program": {"name": TEXT, "time_zone": ZONE, "term_start": DATE, "term_end": DATE},
    "group": {
        "min_size": whole(1, 50),
        "max_size": whole(1, 50),
        "target_size": whole(1, 50),
        "meetings_per_week": whole(1, 3),
        "same_time": YES_NO,
        "session_minutes": whole(5, 720),
        "start_every_minutes": whole(5, 720),
        "buffer_minutes": whole(0, 720),
        "max_grade_gap": whole(0, 11),
        "member_regions": choice(MemberRegions),
    },
    "mentor": {"max_groups": whole(0), "min_weeks": whole(0)},
    "points": dict.fromkeys(Points.__dataclass_fields__, POLICY_POINTS),
}
REQUIRED = ("time_zone", "term_start", "term_end")
TERM_YEARS = 3
FILE_LINES = 1_000
FILE_BYTES = 100_000
"""No policy file is longer than these: its keys fill some forty lines."""


def read_policy_file(path: Path, faults: Faults) -> Policy | None:
    """Reads a policy.toml; `None` where it has faults."""
    try:
        text = _text(path)
        given = dict(_places(_parsed(text, path.name)))
    except BadFile as bad:
        faults.add(bad.fault)
        return None
    return _policy(path.name, given, _toml_text, lambda: _toml_lines(text), faults)


def read_policy_rows(name: str, rows: Iterator[Row], faults: Faults) -> Policy | None:
    """Reads the policy from a sheet of part, key and value; `None` where it has faults."""
    anything: Kind[object] = Kind("the value of the key", lambda text: text, typed=object)
    columns = (Column("part", "part", TEXT, required=True), Column("key", "key", TEXT, required=True), Column("value", "value", anything))
    given: dict[Place, object] = {}
    lines: dict[Place, int] = {}
    before = len(faults.found)
    for line, fields in read_rows(name, rows, Columns(columns, lambda line, fields: (line, fields)), faults).values:
        place = (fields["part"], fields["key"])
        if place in lines:
            faults.add(Fault(name, line, ".".join(place), f"is given twice, first in line {lines[place]}", "keep one of them"))
        else:
            lines[place] = line
            given[place] = fields.get("value", "")
    policy = _policy(name, given, as_text, lambda: lines, faults)
    return policy if len(faults.found) == before else None


def _policy(
    name: str,
    given: Mapping[Place, object],
    text_of: Callable[[object, Kind[Any]], str],
    lines_of: Callable[[], Mapping[Place, int]],
    faults: Faults,
) -> Policy | None:
    """Makes the policy from what was given, or tells each fault at its line, which is looked up only then."""
    read: dict[Place, Any] = {}
    wrong: list[tuple[Place, str, str]] = []
    for place, value in given.items():
        part, key = place
        try:
            kind = _kind(part, key)
            text = _cell(text_of(value, kind), kind)
            read[place] = kind.read(text) if text else ""
        except BadCell as bad:
            wrong.append((place, bad.problem, bad.mend or f"write {PARTS[part][key].right}"))
    missing = [("program", key) for key in REQUIRED if ("program", key) not in given]
    wrong += [((part, key), "is missing", f"write {PARTS[part][key].right}") for part, key in missing]
    parts: dict[str, dict[str, Any]] = {part: {key: read[part, key] for key in keys if (part, key) in read} for part, keys in PARTS.items()}
    wrong += _contradictions(parts["program"], parts["group"])
    if not wrong:
        return Policy(
            program=Program(**parts["program"]),
            group=GroupPolicy(**parts["group"]),
            mentor=MentorPolicy(**parts["mentor"]),
            points=Points(**parts["points"]),
        )
    lines = lines_of()
    for (part, key), problem, mend in wrong:
        line = lines.get((part, key)) or lines.get((part, "")) or 1
        faults.add(Fault(name, line, f"{part}.{key}" if key else part, problem, mend))
    return None


def _kind(part: str, key: str) -> Kind[Any]:
    if part not in PARTS:
        raise BadCell("is no part of a policy", rightly(part, PARTS, f"the parts are {', '.join(PARTS)}"))
    if not key:
        raise BadCell("is no table", f"write [{part}], and its keys below")
    if key not in PARTS[part]:
        raise BadCell("is no key of a policy", rightly(key, PARTS[part], f"the keys of {part} are {', '.join(PARTS[part])}"))
    return PARTS[part][key]


def _cell(text: str, kind: Kind[Any]) -> str:
    """The text of a value, of which the same is asked as of a cell; only free text may be empty."""
    text = unicodedata.normalize("NFC", text).strip()
    if not text and kind is not TEXT:
        raise BadCell("is empty")
    if len(text) > CELL_CHARACTERS:
        raise BadCell(f"holds {len(text):,} characters", f"write at most {CELL_CHARACTERS:,}")
    return text


def _contradictions(program: Mapping[str, Any], group: Mapping[str, Any]) -> Iterator[tuple[Place, str, str]]:
    """What is wrong with values that are good alone."""
    least, most = (group.get(key, getattr(GroupPolicy(), key)) for key in ("min_size", "max_size"))
    if least > most:
        at = "max_size" if "max_size" in group else "min_size"
        yield ("group", at), f"min_size {least} is above max_size {most}", "write a min_size of at most max_size"
    if "term_start" in program and "term_end" in program:
        start, end = program["term_start"], program["term_end"]
        if end < start:
            yield ("program", "term_end"), f"{end} is before term_start {start}", "write a date from term_start on"
        elif end > _years_later(start):
            last = _years_later(start)
            yield ("program", "term_end"), f"{end} is over {TERM_YEARS} years after term_start {start}", f"write {last} or before"


def _years_later(day: dt.date) -> dt.date:
    if day.year + TERM_YEARS > dt.MAXYEAR:
        return dt.date.max
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + TERM_YEARS, day=28 if leap else day.day)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            held = file.read(FILE_BYTES + 1)
    except OSError as error:
        raise BadFile(path.name, f"cannot be read ({error.strerror})", "give a file that can be read") from None
    if len(held) > FILE_BYTES or held.count(b"\n") > FILE_LINES:
        raise BadFile(path.name, f"is over {FILE_BYTES:,} bytes or {FILE_LINES:,} lines long", "leave only the keys of a policy")
    try:
        return held.decode("utf-8-sig")
    except UnicodeDecodeError as bad:
        line = held.count(b"\n", 0, bad.start) + 1
        problem = f"holds the byte {held[bad.start]:02X}, which is no UTF-8"
        raise BadFile(path.name, problem, "save the file in UTF-8", line=line, column=ROW) from None


_TOLD_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)")


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise BadFile(name, "holds lists in lists without end", "leave only the keys of a policy") from None
    except ValueError as bad:
        told = _TOLD_PLACE.fullmatch(str(bad))
        if not told:
            raise BadFile(name, "holds a number of too many digits", "leave only the keys of a policy") from None
        lines = text.rstrip("\n").split("\n")
        line = int(told[2]) if told[2] else len(lines)
        key = lines[line - 1].partition("=")[0].strip()[:40]
        reason = told[1]
        if reason.startswith("Cannot"):
            raise BadFile(name, "is given twice", "keep one of them", line=line, column=key) from None
        raise BadFile(name, f"is no TOML ({reason})", "write it as key = value", line=line, column=key or ROW) from None


def _places(parsed: Mapping[str, Any]) -> Iterator[tuple[Place, object]]:
    """The values by part and key; of an unknown part, or one that is no table, only the part itself."""
    for part, keys in parsed.items():
        if part in PARTS and isinstance(keys, dict):
            yield from (((part, key), value) for key, value in keys.items())
        else:
            yield (part, ""), keys


def _toml_text(value: object, kind: Kind[Any]) -> str:
    """The text of a value of the type that its kind must have in TOML; `true` is no number."""
    if isinstance(value, int) and value.bit_length() > 63:
        raise BadCell("holds a number of too many digits")
    if type(value) is not kind.typed:
        raise BadCell(f"holds {_described(value)}")
    return str(value).lower() if isinstance(value, bool) else str(value)


_CALLED = {int: "the number", float: "the number", dt.datetime: "the moment", dt.date: "the date", dt.time: "the time"}


def _described(value: object) -> str:
    if isinstance(value, str):
        return f"the text {short(value)}"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a table"
    return str(value).lower() if isinstance(value, bool) else f"{_CALLED[type(value)]} {value}"


def _toml_lines(text: str) -> dict[Place, int]:
    """The line of each part and key of a sound TOML file: each of its statements is sound alone, once it is whole."""
    found: dict[Place, int] = {}
    table: tuple[str, ...] = ()
    statement, start = "", 1
    for number, line in enumerate(text.split("\n"), start=1):
        statement += line + "\n"
        try:
            parsed = tomllib.loads(statement)
        except ValueError:
            continue
        paths = list(_paths(parsed))
        if statement.lstrip().startswith("["):
            table = paths[-1]
            paths = [()]
        for path in paths:
            part, key, *_ = (*table, *path, "", "")
            found.setdefault((part, ""), start)
            found.setdefault((part, key), start)
        statement, start = "", number + 1
    return found


def _paths(parsed: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The keys on the way to every value, and to every empty table."""
    for key, value in parsed.items():
        if isinstance(value, dict) and value:
            yield from ((key, *rest) for rest in _paths(value))
        else:
            yield (key,)


def write_policy(policy: Policy) -> str:
    """The text of a policy.toml with every key."""
    lines: list[str] = []
    for part, keys in PARTS.items():
        values = getattr(policy, part)
        lines += [f"[{part}]", *(f"{key} = {_toml(getattr(values, key))}" for key in keys if getattr(values, key) != ""), ""]
    return "\n".join(lines)


def _toml(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else str(value)
