"""Whoever reads minors' data by the API leaves a row that says who, when, from where, whose and what: every operation of the document that
takes a right to such data, so that a new one without it fails here."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Engine, select

from api.app import create_app
from api.v1.door import OF_MINORS
from data.audit import Deed
from data.database import reading, transaction
from data.people import Mentee, PairRow, PeerRow
from data.sessions import Session
from tests.api.v1.callers import NOW, Platform
from tests.api.v1.prepared import operations, things_of

OF_MENTORS_ALONE = {
    "/v1/terms/{term}/mentors",
    "/v1/terms/{term}/mentors/{mentor}",
    "/v1/terms/{term}/mentors/{mentor}/availability",
    "/v1/terms/{term}/mentors/{mentor}/reminders",
    "/v1/terms/{term}/mentors/{mentor}/timetable",
    "/v1/terms/{term}/timetables",
}
"""What takes the same right and tells of adults."""
OF_NOBODY = {"/v1/sessions/{session}/tasks"}
OF_WHAT_IS_PUBLISHED = {"/v1/rounds/{round}/oneroster"}
"""What the round here has not; `tests.api.v1.test_oneroster_export` publishes one, and looks for the row."""


def test_every_operation_that_reads_minors_data_leaves_a_row_of_it(database: Engine) -> None:
    things = things_of(database, "city")
    with transaction(database) as db:
        mentees = db.scalars(select(Mentee).order_by(Mentee.key)).all()
        term, mentor = mentees[0].term_id, UUID(things["mentor"])
        db.add(PairRow(term_id=term, place=0, mentor_id=mentor, mentee_id=mentees[0].id, rule="require"))
        db.add(PeerRow(term_id=term, place=0, mentee_id=mentees[0].id, other_id=mentees[1].id, rule="apart"))
        db.get_one(Session, UUID(things["session"])).recorded_at = NOW
    platform = Platform(database)
    office = platform.client()
    unnoted, read = set(), 0
    for one in operations(create_app(database, lambda: NOW).app.openapi()):
        if one.method != "GET" or one.right not in OF_MINORS or one.path in OF_WHAT_IS_PUBLISHED:
            continue
        with reading(database) as db:
            before = set(db.scalars(select(Deed.id)))
        answer = office.ask("GET", one.at(things))
        assert answer.status_code == 200, f"{one.title}: {answer.text}"
        with reading(database) as db:
            rows = [row for row in db.scalars(select(Deed)) if row.id not in before]
            keys = set(db.scalars(select(Mentee.key)))
        if not rows:
            unnoted.add(one.path)
        for row in rows:
            read += 1
            assert row.by.startswith("client "), one.title
            assert (row.at, row.source) == (NOW, "127.0.0.1"), one.title
            assert row.what.endswith(("read", "exported")), one.title
            assert set(row.details["mentees"]) & keys, one.title
            assert row.details["path"] == one.at(things).partition("?")[0], one.title
    assert read
    assert unnoted <= OF_MENTORS_ALONE | OF_NOBODY, "these read minors' data and leave no row"
