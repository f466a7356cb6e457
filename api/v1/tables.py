"""A term's tables come in from files, whole or not at all, and go out as files: a ZIP of the contract's files, or a workbook."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field
from python_multipart import parse_form
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import File
from sqlalchemy import select

from api.problems import Problem, no_such
from api.v1.asked import media_of
from api.v1.door import PROBLEM, Call, Routes, Wire
from api.v1.finding import Key
from api.v1.meant import term_meant
from api.v1.noting import note_reading
from api.v1.paging import USUAL, After, Limit, Page, paged
from api.v1.people_queries import AllowReturns
from api.v1.round_zip import tables_of_zip
from data.access import Right
from data.archive import packed
from data.audit import Deed
from data.for_people import NotForAWorkbook, read_tables, write_folder, write_workbook
from data.intake import IMPORTED, Changes, IntakeProblem, changes_for, sides_of
from data.programs import Term
from data.roster import farthest, round_of, until_they_leave
from data.terms import day_in
from matching.round import Round
from matching.tables import write_round
from scheduler.imports import import_round

routes = Routes("tables")

ZIP = "application/zip"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORM = "multipart/form-data"
A_FILE: dict[str, Any] = {"type": "string", "format": "binary"}
SENT: dict[str, Any] = {
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                ZIP: {"schema": A_FILE},
                XLSX: {"schema": A_FILE},
                FORM: {"schema": {"type": "object", "properties": {"file": A_FILE}, "required": ["file"]}},
            },
        }
    },
}
GIVEN: dict[str, Any] = {
    "responses": {
        200: {"description": "The tables.", "content": {ZIP: {"schema": A_FILE}, XLSX: {"schema": A_FILE}}},
        409: {"description": "A workbook cannot hold what is in a cell.", **PROBLEM},
    }
}


class Format(StrEnum):
    """How tables are written."""

    ZIP = "zip"
    XLSX = "xlsx"


class Readers(StrEnum):
    """For whom: for people, cells that a spreadsheet would run as a formula are made harmless."""

    PROGRAMS = "programs"
    PEOPLE = "people"


class TableOut(Wire):
    """What an import changes in one table, by the keys of its rows."""

    new: list[str]
    changed: dict[str, list[str]] = Field(description="With the columns that are other.")
    unchanged: int
    gone: list[str]
    back: dict[str, dt.date] = Field(description="Who had left and is there again, with the first day without them.")


class ImportOut(Wire):
    """What an import changed, or would."""

    dry_run: bool
    tables: dict[str, TableOut]
    warnings: list[str] = Field(description="Of a dry run: for what it would be refused.")


class CountedOut(Wire):
    """So many rows of a table were other, and how."""

    new: int
    changed: int
    unchanged: int
    gone: int
    back: int = 0


class ImportDoneOut(Wire):
    """An import that changed something."""

    id: UUID
    at: dt.datetime
    by: str = Field(description="As the audit calls them.")
    reason: str
    tables: dict[str, CountedOut]


class PeopleOut(Wire):
    """The keys of those of whom an import changed something, and of what."""

    new: list[str] = Field(default=[])
    changed: dict[str, list[str]] = Field(default={}, description="With the columns that became other.")
    gone: list[str] = Field(default=[])
    back: list[str] = Field(default=[])


class ImportReadOut(ImportDoneOut):
    """The same, with whom it changed."""

    people: dict[str, PeopleOut]


@routes.post("/terms/{term}/imports", Right.PEOPLE_WRITE, 200, **SENT)
def import_tables(
    call: Call,
    term: Key,
    *,
    dry_run: Annotated[bool, Query(description="Only tell what would change.")] = False,
    allow_removals: Annotated[bool, Query(description="Also where more than a tenth of the people would be gone.")] = False,
    allow_returns: AllowReturns = False,
) -> ImportOut:
    """Takes people, wishes and the policy into a term: all of it, or nothing. Who is not in the tables has left."""
    found = term_meant(call, term)
    given = _sent(call)
    changes = changes_for(call.db, found, *sides_of(call.db, found, given, call.now))
    if changes.tables["policy"].changed:
        call.actor.sight(Right.PROGRAM_WRITE, found.program_id)
    if dry_run:
        return _out(changes, warnings=_warnings(changes), dry_run=True)
    done = import_round(call.db, found, given, allow_removals=allow_removals, allow_returns=allow_returns, by=call.by, now=call.now)
    return _out(done, warnings=[], dry_run=False)


@routes.get("/terms/{term}/imports", Right.AUDIT_READ)
def list_imports(call: Call, term: Key, after: After = None, limit: Limit = USUAL) -> Page[ImportDoneOut]:
    """What was imported into a term and changed anything, the oldest first, by how many rows of each table; the audit keeps it."""
    found = term_meant(call, term)
    asked = select(Deed).where(Deed.term_id == found.id, Deed.what == IMPORTED)
    return paged(call, asked, [Deed.at, Deed.id], lambda rows: [_done_out(row[0]) for row in rows], after, limit)


@routes.get("/terms/{term}/imports/{table_import}", Right.AUDIT_READ, noted=True)
def read_import(call: Call, term: Key, table_import: UUID) -> ImportReadOut:
    """One of them, with the keys of those of whom it changed something."""
    found = term_meant(call, term)
    deed = call.db.scalars(select(Deed).where(Deed.id == table_import, Deed.term_id == found.id, Deed.what == IMPORTED)).first()
    if deed is None:
        raise no_such("import")
    people = {table: PeopleOut(**deed.details.get("people", {}).get(table, {})) for table in ("mentors", "mentees")}
    mentees = people["mentees"]
    note_reading(call, found, {*mentees.new, *mentees.changed, *mentees.gone, *mentees.back})
    return ImportReadOut(**dict(_done_out(deed)), people=people)


@routes.get("/terms/{term}/export", Right.EXPORTS_READ, **GIVEN)
def export_tables(
    call: Call,
    term: Key,
    file_format: Annotated[Format, Query(alias="format")] = Format.ZIP,
    readers: Annotated[Readers, Query(alias="for", description="Workbooks are always for people.")] = Readers.PROGRAMS,
) -> Response:
    """The tables of a term as they are today: an import takes them in again, and a match solves them."""
    found = term_meant(call, term)
    today = day_in(found, call.now)
    round = until_they_leave(call.db, found, round_of(call.db, found, farthest(found), on=today), on=today)
    note_reading(call, found, [mentee.key for mentee in round.mentees], "tables exported")
    if file_format is Format.XLSX:
        return _file(found, _workbook(round), XLSX, "xlsx")
    write = write_folder if readers is Readers.PEOPLE else write_round
    return _file(found, packed(lambda folder: write(round, folder)), ZIP, "zip")


def _done_out(deed: Deed) -> ImportDoneOut:
    tables = {table: CountedOut(**counts) for table, counts in deed.details.items() if table != "people"}
    return ImportDoneOut(id=deed.id, at=deed.at, by=deed.by, reason=deed.reason, tables=tables)


def _sent(call: Call) -> Round:
    """The tables that a request brings.

    Raises
    ------
    BadRound
        With every fault of them.
    """
    content_type = call.request.headers.get("content-type", "")
    media = media_of(call.request)
    body = _file_of_a_form(content_type, call.body) if media == FORM else call.body
    if media == XLSX or (media == FORM and b"[Content_Types].xml" in body[:4096]):
        with TemporaryDirectory(prefix="dure-") as folder:
            book = Path(folder) / "book.xlsx"
            book.write_bytes(body)
            return read_tables(book)
    return tables_of_zip(body)


def _file_of_a_form(content_type: str, body: bytes) -> bytes:
    """The file that a form holds."""
    files: list[bytes] = []

    def keep(file: File) -> None:
        file.file_object.seek(0)
        files.append(file.file_object.read())
        file.close()

    try:
        headers: Mapping[str, bytes] = {"Content-Type": content_type.encode(), "Content-Length": str(len(body)).encode()}
        parse_form(dict(headers), io.BytesIO(body), None, keep)
    except (FormParserError, ValueError):
        files.clear()
    if len(files) != 1:
        raise Problem(422, "bad-form", "the form holds no file, or several", "send one, in the field `file`")
    return files[0]


def _warnings(changes: Changes) -> list[str]:
    warnings = []
    for refuse in (changes.refuse_too_many_gone, changes.refuse_returns):
        try:
            refuse()
        except IntakeProblem as problem:
            warnings.append(str(problem).partition("; ")[0])
    return warnings


def _out(changes: Changes, warnings: list[str], *, dry_run: bool) -> ImportOut:
    tables = {
        table: TableOut(
            new=list(found.new),
            changed={key: list(names) for key, names in found.changed.items()},
            unchanged=len(found.unchanged),
            gone=list(found.gone),
            back=dict(found.back),
        )
        for table, found in changes.tables.items()
    }
    return ImportOut(dry_run=dry_run, tables=tables, warnings=warnings)


def _workbook(round: Round) -> bytes:
    with TemporaryDirectory(prefix="dure-") as folder:
        book = Path(folder) / "book.xlsx"
        try:
            write_workbook(round, book)
        except NotForAWorkbook as bad:
            raise Problem(409, "not-for-a-workbook", str(bad), "export a ZIP") from None
        return book.read_bytes()


def _file(term: Term, content: bytes, media: str, suffix: str) -> Response:
    return Response(content, media_type=media, headers={"Content-Disposition": f'attachment; filename="term-{term.first_on}.{suffix}"'})
