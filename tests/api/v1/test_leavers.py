"""People who leave a term, or stay after all, by the API."""

from __future__ import annotations

from sqlalchemy import Engine

from data.access import Right
from tests.api.v1.callers import Platform
from tests.sessions import taught_term

TERM = "/v1/terms/ext:spring"


def test_a_mentor_leaves_and_stays_and_the_sessions_between_need_another(database: Engine) -> None:
    taught_term(database)
    client = Platform(database).client()
    left = client.ask("POST", f"{TERM}/mentors/ext:m-2/leave", {"from_on": "2026-03-16", "reason": "moves"})
    assert left.status_code == 200, left.text
    names = ["g-2@2026-03-18T19:00", "g-2@2026-03-25T19:00"]
    assert [one["name"] for one in left.json()["sessions"]] == names
    lacking = client.ask("GET", f"{TERM}/sessions?lacks=mentor").json()["items"]
    assert [one["name"] for one in lacking] == names
    again = client.ask("POST", f"{TERM}/mentors/ext:m-2/leave", {"from_on": "2026-03-16"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-so")
    assert client.ask("POST", f"{TERM}/mentors/ext:m-2/leave", {"from_on": "2026-02-16"}).status_code == 409
    stays = client.ask("POST", f"{TERM}/mentors/ext:m-2/stay", {})
    assert (stays.status_code, stays.json()["not_back"]) == (200, [])
    assert client.ask("GET", f"{TERM}/sessions?lacks=mentor").json()["items"] == []
    assert client.ask("POST", f"{TERM}/mentors/ext:m-2/stay", {}).status_code == 409


def test_a_mentee_leaves_and_stays_in_the_groups_that_they_were_in(database: Engine) -> None:
    taught_term(database)
    platform = Platform(database)
    client = platform.client()
    left = client.ask("POST", f"{TERM}/mentees/ext:s-4/leave", {"from_on": "2026-03-16"})
    assert (left.status_code, left.json()["left_on"]) == (200, "2026-03-16"), left.text
    assert client.ask("GET", "/v1/groups/ext:g-3").json()["until_on"] == "2026-03-16"  # nobody is left in it
    stays = client.ask("POST", f"{TERM}/mentees/ext:s-4/stay", {}).json()
    assert [one["name"] for one in stays["sessions"]] == ["g-3@2026-03-16T19:00", "g-3@2026-03-23T19:00"]
    assert client.ask("GET", "/v1/groups/ext:g-3").json()["until_on"] is None
    assert client.ask("POST", f"{TERM}/mentees/ext:s-9/leave", {"from_on": "2026-03-16"}).status_code == 404
    reader = platform.client([Right.PEOPLE_READ, Right.GROUPS_WRITE])
    assert reader.ask("POST", f"{TERM}/mentees/ext:s-4/leave", {"from_on": "2026-03-16"}).status_code == 403


def test_another_organisations_people_do_not_leave(database: Engine) -> None:
    taught_term(database)
    client = Platform(database).client()
    term = taught_term(database, city="town")
    for kind in ("mentors/ext:m-1", "mentees/ext:s-1"):
        assert client.ask("POST", f"/v1/terms/{term.id}/{kind}/leave", {"from_on": "2026-03-16"}).status_code == 404
        assert client.ask("POST", f"/v1/terms/{term.id}/{kind}/stay", {}).status_code == 404
