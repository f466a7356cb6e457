"""Records of sessions by the API: written by who held one, read by who may, and what is to be done by all who were there."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Engine, select

from data.access import Role
from data.audit import Deed
from data.database import reading
from tests.api.v1.callers import Platform
from tests.api.v1.roles import somebody
from tests.sessions import taught_term

HELD = "/v1/sessions/ext:g-1@2026-02-17"
RECORD = {
    "attendance": [{"mentee": "ext:s-1", "presence": "present"}, {"mentee": "ext:s-2", "presence": "absent"}],
    "minutes_held": 55,
    "topic": "fractions",
    "note": "s-2 is often tired",
    "tasks": ["page 12", "page 14"],
}


@pytest.fixture
def platform(database: Engine) -> Platform:
    """The term began two weeks ago."""
    taught_term(database, first_on=dt.date(2026, 2, 16))
    return Platform(database)


def test_what_was_held_is_recorded_read_and_corrected(platform: Platform) -> None:
    client = platform.client()
    empty = client.ask("GET", HELD + "/record")
    assert [one["presence"] for one in empty.json()["attendance"]] == [None, None]
    assert (empty.json()["recorded_at"], empty.json()["minutes_held"]) == (None, None)
    lacking = "/v1/terms/ext:spring/sessions?lacks=record&group=ext:g-1"
    assert len(client.ask("GET", lacking).json()["items"]) == 4
    assert client.ask("PATCH", "/v1/programs/ext:tutoring", {"settings": {"ask_after_hours": [1, 96]}}).status_code == 200
    unanswered = client.ask("GET", lacking.replace("record", "answer")).json()["items"]
    assert [one["name"][4:14] for one in unanswered] == ["2026-02-17", "2026-02-19", "2026-02-24"]
    tag = {"if-match": empty.headers["etag"]}
    written = client.ask("PUT", HELD + "/record", RECORD, tag)
    assert written.status_code == 200, written.text
    said = written.json()
    assert [(one["mentee"]["external_id"], one["presence"]) for one in said["attendance"]] == [("s-1", "present"), ("s-2", "absent")]
    assert {name: said[name] for name in ("minutes_held", "topic", "note", "tasks")} == {
        name: RECORD[name] for name in ("minutes_held", "topic", "note", "tasks")
    }
    assert client.ask("GET", HELD + "/record").json() == said
    assert client.ask("PUT", HELD + "/record", RECORD, tag).status_code == 412
    session = client.ask("GET", HELD).json()
    assert (session["state"], session["sequence"]) == ("held", 1)
    assert len(client.ask("GET", lacking).json()["items"]) == 3
    by_id = [{"mentee": one["mentee"]["id"], "presence": "late"} for one in said["attendance"]]
    corrected = client.ask("PUT", HELD + "/record", {"attendance": by_id, "minutes_held": 60})
    assert ([one["presence"] for one in corrected.json()["attendance"]], corrected.json()["tasks"]) == (["late", "late"], [])
    with reading(platform.engine) as db:
        what = list(db.scalars(select(Deed.what).where(Deed.what.contains("record")).order_by(Deed.id)))
        read = db.scalars(select(Deed).where(Deed.what == "record read")).one()
    assert what == ["recorded", "record read", "record corrected"]
    assert (read.details["mentees"], read.source) == (["s-1", "s-2"], "127.0.0.1")


@pytest.fixture(scope="module")
def lasting(lasting_database: Engine) -> Platform:
    """The same, in which nothing changes."""
    taught_term(lasting_database, first_on=dt.date(2026, 2, 16))
    return Platform(lasting_database)


@pytest.mark.parametrize(
    ("session", "change", "status", "kind"),
    [
        pytest.param(HELD, {"attendance": RECORD["attendance"][:1]}, 422, "wrong-members", id="nothing is said of somebody"),  # type: ignore[index]
        pytest.param(HELD, {"minutes_held": 0}, 422, "bad-minutes", id="somebody came and it lasted no time"),
        pytest.param("/v1/sessions/ext:g-1@2026-03-05", {}, 409, "nothing-to-record", id="it has not begun"),
        pytest.param(HELD, {"minutes_held": 10_000}, 422, "bad-request", id="it lasted for days"),
        pytest.param(HELD, {"attendance": [{"mentee": "ext:s-9", "presence": "late"}]}, 422, "bad-request", id="nobody is called so"),
    ],
)
def test_a_record_that_cannot_be_is_refused(lasting: Platform, session: str, change: dict[str, object], status: int, kind: str) -> None:
    refused = lasting.client().ask("PUT", session + "/record", {**RECORD, **change})
    assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{kind}"), refused.text


def test_a_record_is_its_mentors_and_tasks_are_everybodys(platform: Platform) -> None:
    mentor, other = somebody(platform, Role.MENTOR, "m-1"), somebody(platform, Role.MENTOR, "m-2")
    mentee, guardian = somebody(platform, Role.MENTEE, "s-1"), somebody(platform, Role.GUARDIAN, "s-2")
    assert mentor.ask("PUT", HELD + "/record", RECORD).status_code == 200
    assert mentor.ask("GET", HELD + "/record").json()["note"] == RECORD["note"]
    assert mentor.ask("PUT", "/v1/sessions/ext:g-2@2026-02-18/record", RECORD).status_code == 404
    assert (other.ask("GET", HELD + "/record").status_code, other.ask("GET", HELD + "/tasks").status_code) == (404, 404)
    for reader in (mentee, guardian):
        assert reader.ask("GET", HELD + "/tasks").json()["tasks"] == RECORD["tasks"]
        assert reader.ask("GET", HELD + "/record").status_code == 403
        assert "tired" not in reader.ask("GET", HELD).text


def test_who_held_a_session_once_records_it_and_the_groups_mentor_reads_it(platform: Platform) -> None:
    client, usual, substitute = platform.client(), somebody(platform, Role.MENTOR, "m-2"), somebody(platform, Role.MENTOR, "m-3")
    coming = "/v1/sessions/ext:g-2@2026-03-04"
    assert client.ask("POST", coming + "/substitute", {"mentor": "ext:m-3"}).status_code == 200
    for mentor, read, written in ((usual, 200, 404), (substitute, 200, 409)):  # it has not begun
        assert mentor.ask("GET", coming + "/record").status_code == read
        assert mentor.ask("PUT", coming + "/record", {"attendance": [], "minutes_held": 0}).status_code == written
