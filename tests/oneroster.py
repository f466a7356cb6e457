"""Holds an archive against the CSV binding of OneRoster 1.2, written from the specification alone: it knows nothing of our code."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence

SPECIFICATION = """
academicSessions: sourcedId! status dateLastModified title! type!=gradingPeriod|semester|schoolYear|term startDate!:date endDate!:date
    parentSourcedId>academicSessions schoolYear!:year
orgs: sourcedId! status dateLastModified name! type!=department|school|district|local|state|national identifier parentSourcedId>orgs
courses: sourcedId! status dateLastModified schoolYearSourcedId>academicSessions title! courseCode grades orgSourcedId!>orgs subjects
    subjectCodes
classes: sourcedId! status dateLastModified title! grades courseSourcedId!>courses classCode classType!=homeroom|scheduled location
    schoolSourcedId!>orgs termSourcedIds!>academicSessions subjects subjectCodes periods
users: sourcedId! status dateLastModified enabledUser!=true|false username! userIds givenName! familyName! middleName identifier email sms
    phone agentSourcedIds>users grades password userMasterIdentifier preferredGivenName preferredMiddleName preferredFamilyName
    primaryOrgSourcedId>orgs pronouns
roles: sourcedId! status dateLastModified userSourcedId!>users roleType!=primary|secondary
    role!=aide|counselor|districtAdministrator|guardian|parent|principal|proctor|relative|siteAdministrator|student|systemAdministrator|teacher
    beginDate:date endDate:date orgSourcedId!>orgs userProfileSourcedId
enrollments: sourcedId! status dateLastModified classSourcedId!>classes schoolSourcedId!>orgs userSourcedId!>users
    role!=administrator|proctor|student|teacher primary=true|false beginDate:date endDate:date
"""
"""Each table's columns in order: `!` is to be filled, `=` one of these words, `:` a date or year, `>` a key of that table."""
OTHERS = (
    *("categories", "classResources", "courseResources", "demographics", "lineItemLearningObjectiveIds", "lineItems"),
    *("lineItemScoreScales", "resources", "resultLearningObjectiveIds", "results", "resultScoreScales", "scoreScales"),
    *("userProfiles", "userResources"),
)
"""Tables of which these tests have none."""
COLUMN = re.compile(r"(?P<name>\w+)(?P<must>!?)(?:=(?P<words>[\w|]+)|:(?P<kind>\w+)|>(?P<to>\w+))?")
Rows = Sequence[Mapping[str, str]]


def _tables() -> dict[str, list[re.Match[str]]]:
    found: dict[str, list[re.Match[str]]] = {}
    for told in re.split(r"\n(?=\w)", SPECIFICATION.strip()):
        name, _, columns = told.partition(":")
        found[name] = [match for word in columns.split() if (match := COLUMN.fullmatch(word))]
        assert len(found[name]) == len(columns.split())
    return found


TABLES = _tables()


def tables_of(archive: bytes) -> dict[str, Rows]:
    """The rows of an archive's tables, the manifest's too, by their names."""
    with zipfile.ZipFile(io.BytesIO(archive)) as held:
        texts = {name.removesuffix(".csv"): held.read(name).decode() for name in held.namelist()}
    return {name: list(csv.DictReader(io.StringIO(text, newline=""))) for name, text in texts.items()}


def wrongs_of(archive: bytes) -> list[str]:
    """What is not as the specification says, a line each."""
    return list(_wrongs(archive))


def _wrongs(archive: bytes) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(archive)) as held:
        files = {name: held.read(name) for name in held.namelist()}
    if any("/" in name for name in files):
        yield "a file lies in a folder"
    read: dict[str, list[list[str]]] = {}
    for name, text in files.items():
        lines = text.decode()
        if not lines.endswith("\r\n") or lines.replace("\r\n", "").count("\n") or "\r" in lines.replace("\r\n", ""):
            yield f"{name}: its lines do not end as RFC 4180 says"
        read[name.removesuffix(".csv")] = list(csv.reader(io.StringIO(lines, newline=""), strict=True))
    yield from _of_the_manifest(read.get("manifest", []), set(read))
    rows = {name: [dict(zip(table[0], line, strict=False)) for line in table[1:]] for name, table in read.items() if name in TABLES}
    for name in rows:
        yield from _of_a_table(name, read[name], rows)
    yield from _of_classes(rows)


def _of_the_manifest(lines: list[list[str]], names: set[str]) -> Iterator[str]:
    if lines[:1] != [["propertyName", "value"]]:
        yield "manifest: its header is not propertyName,value"
        return
    said = {line[0]: line[1] for line in lines[1:]}
    if len(said) != len(lines) - 1:
        yield "manifest: says something twice"
    known = {f"file.{name}" for name in (*TABLES, *OTHERS)}
    yield from (f"manifest: does not say {name}" for name in sorted(known - said.keys()))
    wanted = {*known, "manifest.version", "oneroster.version", "source.systemName", "source.systemCode"}
    yield from (f"manifest: says {name}" for name in sorted(said.keys() - wanted))
    if (said.get("manifest.version"), said.get("oneroster.version")) != ("1.0", "1.2"):
        yield "manifest: is of another version"
    for name in sorted(known & said.keys()):
        wanted_mode = "bulk" if name.removeprefix("file.") in names else "absent"
        if said[name] != wanted_mode:
            yield f"manifest: {name} is {said[name]}"


def _of_a_table(name: str, lines: list[list[str]], rows: Mapping[str, Rows]) -> Iterator[str]:
    columns = TABLES[name]
    header, wanted = lines[0], [column["name"] for column in columns]
    own = header[len(wanted) :]
    if header[: len(wanted)] != wanted or not all(one.startswith("metadata.") for one in own) or len(set(header)) != len(header):
        yield f"{name}: its header is {header}"
        return
    if not rows[name]:
        yield f"{name}: has no rows"
    if len({row["sourcedId"] for row in rows[name]}) != len(rows[name]):
        yield f"{name}: has a sourcedId twice"
    for place, (line, row) in enumerate(zip(lines[1:], rows[name], strict=True), start=2):
        if len(line) != len(header):
            yield f"{name} {place}: has {len(line)} cells"
        if any(mark in cell for cell in line for mark in "\r\n"):
            yield f"{name} {place}: has a line break in a cell"
        if row["status"] or row["dateLastModified"]:
            yield f"{name} {place}: tells of a change in a bulk file"
        if len(row["sourcedId"]) > 255:
            yield f"{name} {place}: has too long a sourcedId"
        for column in columns:
            if wrong := _wrong_cell(row[column["name"]], column, rows):
                yield f"{name} {place}: {column['name']} {wrong}"


def _wrong_cell(cell: str, column: re.Match[str], rows: Mapping[str, Rows]) -> str:
    if not cell:
        return "is empty" if column["must"] else ""
    if column["words"] and cell not in column["words"].split("|"):
        return f"is {cell!r}"
    if column["kind"] and not _is_a(column["kind"], cell):
        return f"is no {column['kind']}"
    keys = cell.split(",") if column["name"].endswith("Ids") else [cell]
    return next(filter(None, (_wrong_key(key, column, rows) for key in keys if column["to"])), "")


def _wrong_key(key: str, column: re.Match[str], rows: Mapping[str, Rows]) -> str:
    there = {row["sourcedId"]: row for row in rows.get(column["to"], ())}
    if key not in there:
        return f"points to nothing: {key!r}"
    if column["name"] == "schoolSourcedId" and there[key]["type"] != "school":
        return "points to no school"
    if column["name"] == "termSourcedIds" and there[key]["type"] not in {"term", "semester"}:
        return "points to no term"
    return ""


def _is_a(kind: str, cell: str) -> bool:
    if kind == "year":
        return re.fullmatch("[0-9]{4}", cell) is not None
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", cell):
        return False
    try:
        dt.date.fromisoformat(cell)
    except ValueError:
        return False
    return True


def _of_classes(rows: Mapping[str, Rows]) -> Iterator[str]:
    """Days of an enrollment lie within its class's terms; a class has one primary teacher at most, a user one primary role at an org."""
    sessions = {row["sourcedId"]: row for row in rows.get("academicSessions", ())}
    yield from (f"academicSessions: {key} ends before it begins" for key, row in sessions.items() if row["startDate"] >= row["endDate"])
    terms = {
        row["sourcedId"]: [sessions[key] for key in row["termSourcedIds"].split(",") if key in sessions] for row in rows.get("classes", ())
    }
    primaries: dict[tuple[str, ...], int] = {}
    for row in rows.get("enrollments", ()):
        within = terms.get(row["classSourcedId"], [])
        first, last = min((one["startDate"] for one in within), default=""), max((one["endDate"] for one in within), default="9999")
        begin, end = row["beginDate"] or first, row["endDate"] or last
        if not first <= begin < end <= last:
            yield f"enrollments: {row['sourcedId']} is not within its term"
        if row["primary"] == "true":
            if row["role"] != "teacher":
                yield f"enrollments: {row['sourcedId']} is primary and no teacher"
            primaries[row["classSourcedId"],] = primaries.get((row["classSourcedId"],), 0) + 1
    for row in rows.get("roles", ()):
        if row["roleType"] == "primary":
            key = row["userSourcedId"], row["orgSourcedId"]
            primaries[key] = primaries.get(key, 0) + 1
    yield from (f"{' at '.join(key)}: several are primary" for key, count in primaries.items() if count > 1)
