"""Mentors' own calendars by the API: handed in as a text or by an address that nobody is told, and what they clash with."""

from __future__ import annotations

import pytest

from data.access import Role
from tests.api.v1.callers import Platform
from tests.api.v1.roles import somebody

TERM = "/v1/terms/ext:spring"
MINE = f"{TERM}/mentors/ext:m-1/timetable"
BUSY = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART;TZID=Asia/Seoul:20260302T183000\r\nDTEND;TZID=Asia/Seoul:20260302T193000\r\nRRULE:FREQ=WEEKLY\r\n"
    "SUMMARY:a seminar\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
HANDED_IN = "https://calendars.example.com/secret-42/mine.ics"


def test_a_calendar_is_taken_in_and_its_clashes_are_listed_until_it_is_forgotten(platform: Platform) -> None:
    client = platform.client()
    assert client.ask("GET", MINE).status_code == 404
    put = client.ask("PUT", MINE, {"calendar": BUSY})
    assert put.status_code == 200, put.text
    assert {name: put.json()[name] for name in ("source", "host", "busy", "free", "fault")} == {
        "source": "file",
        "host": None,
        "busy": "Mon 18:30-19:30",
        "free": "Mon 09:00-18:30; Mon 19:30-22:00",
        "fault": "",
    }
    assert client.ask("GET", f"{TERM}/timetables").json()["items"] == [put.json()]
    clashes = client.ask("GET", f"{TERM}/timetables/clashes").json()["items"]
    assert [one["name"] for one in clashes] == [f"g-3@2026-03-{day}T19:00" for day in ("02", "09", "16", "23")]
    tag = {"if-match": put.headers["etag"]}
    assert client.ask("PUT", MINE, {"address": HANDED_IN}, tag).status_code == 200
    assert client.ask("DELETE", MINE, headers=tag).status_code == 412
    assert client.ask("DELETE", MINE).status_code == 204
    assert (client.ask("DELETE", MINE).status_code, client.ask("POST", MINE + "/fetch").status_code) == (404, 404)


def test_an_address_is_kept_to_be_read_soon_and_told_to_nobody(platform: Platform) -> None:
    client = platform.client()
    put = client.ask("PUT", MINE, {"address": HANDED_IN})
    told = put.json()
    assert (told["source"], told["host"], told["busy"], told["due_at"]) == ("address", "calendars.example.com", "", "2026-03-02T09:00:00Z")
    assert told["fault"] == "it has not been read yet"
    assert client.ask("POST", MINE + "/fetch").status_code == 202
    for seen in (put, client.ask("GET", MINE), client.ask("GET", f"{TERM}/timetables"), client.ask("GET", "/v1/audit")):
        assert "secret-42" not in seen.text


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing is said"),
        pytest.param({"calendar": BUSY, "address": HANDED_IN}, id="both are said"),
        pytest.param({"calendar": "no calendar"}, id="it is no calendar"),
        pytest.param({"address": "ftp://example.com/a.ics"}, id="it is no address of the web"),
        pytest.param({"address": "https://me:pass@example.com/a.ics"}, id="it holds a password"),
    ],
)
def test_what_is_no_calendar_is_refused(lasting: Platform, body: dict[str, str]) -> None:
    client = lasting.client()
    refused = client.ask("PUT", MINE, body)
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json"), refused.text
    assert client.ask("GET", MINE).status_code == 404


def test_a_mentor_hands_in_their_own(platform: Platform) -> None:
    mentor, mentee = somebody(platform, Role.MENTOR, "m-1"), somebody(platform, Role.MENTEE, "s-4")
    assert mentor.ask("PUT", MINE, {"calendar": BUSY}).status_code == 200
    assert mentor.ask("PUT", f"{TERM}/mentors/ext:m-2/timetable", {"calendar": BUSY}).status_code == 404
    assert (mentee.ask("PUT", MINE, {"calendar": BUSY}).status_code, mentee.ask("GET", MINE).status_code) == (404, 404)
    assert len(mentor.ask("GET", f"{TERM}/timetables").json()["items"]) == 1
    assert somebody(platform, Role.MENTOR, "m-2").ask("GET", f"{TERM}/timetables").json()["items"] == []
    assert len(mentee.ask("GET", f"{TERM}/timetables/clashes").json()["items"]) == 4
