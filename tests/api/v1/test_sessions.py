"""Sessions by the API: found, read, changed one by one, planned, and seen only by whom they concern."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from data.access import Role
from data.database import reading
from data.groups import Group
from data.sessions import Session
from tests.api.v1.callers import Caller, Platform
from tests.api.v1.roles import somebody
from tests.sessions import taught_term

LIST = "/v1/terms/ext:spring/sessions"
FIRST = "/v1/sessions/ext:g-1@2026-03-03"


def _names(caller: Caller, query: str = "") -> list[str]:
    answer = caller.ask("GET", LIST + query)
    assert answer.status_code == 200, answer.text
    return [session["name"] for session in answer.json()["items"]]


def test_sessions_are_found_by_group_people_days_and_state_in_order_of_time(platform: Platform) -> None:
    client = platform.client()
    every = _names(client)
    assert (len(every), every[:3]) == (16, ["g-3@2026-03-02T19:00", "g-1@2026-03-03T19:00", "g-2@2026-03-04T19:00"])
    assert _names(client, "?group=ext:g-3&to_on=2026-03-09") == ["g-3@2026-03-02T19:00", "g-3@2026-03-09T19:00"]
    assert len(_names(client, "?mentor=ext:m-1")) == 12
    assert _names(client, "?mentee=ext:s-3&from_on=2026-03-25") == ["g-2@2026-03-25T19:00"]
    assert _names(client, "?state=cancelled") == []
    assert client.ask("POST", FIRST + "/cancel", {"reason": "ill"}).status_code == 200
    assert _names(client, "?state=cancelled") == ["g-1@2026-03-03T19:00"]
    assert client.ask("GET", LIST + "?from_on=2026-03-09&to_on=2026-03-08").status_code == 422
    pages, path = [], LIST + "?limit=7"
    while path:
        page = client.ask("GET", path).json()
        pages += [session["name"] for session in page["items"]]
        path = (page["next"] or "").removeprefix("http://dure.example")
    assert pages == every


def test_a_session_is_read_by_any_of_its_keys(platform: Platform) -> None:
    client = platform.client()
    session = client.ask("GET", FIRST).json()
    assert (session["starts_at"], session["original_start"]) == ("2026-03-03T10:00:00Z", "2026-03-03T10:00:00Z")
    assert (session["state"], session["kind"], session["sequence"], session["uid"]) == ("planned", "tutoring", 0, f"{session['id']}@dure")
    assert [one["external_id"] for one in (session["group"], session["mentor"], *session["members"])] == ["g-1", "m-1", "s-1", "s-2"]
    for same in (session["id"], "ext:g-1@2026-03-03T19:00", "ext:g-1@2026-03-03?term=ext:spring"):
        assert client.ask("GET", f"/v1/sessions/{same}").json() == session
    for none in ("ext:g-1@2026-03-04", "ext:g-1", "ext:g-9@2026-03-03", "nonsense", session["group"]["id"]):
        assert client.ask("GET", f"/v1/sessions/{none}").status_code == 404


def test_a_session_is_moved_and_found_by_its_first_day_still(platform: Platform) -> None:
    client = platform.client()
    moved = client.ask("POST", FIRST + "/move", {"starts_at": "2026-03-06T18:30:00+09:00", "reason": "a trip"})
    assert moved.status_code == 200, moved.text
    session = moved.json()
    assert (session["name"], session["sequence"]) == ("g-1@2026-03-06T18:30", 1)
    assert (session["starts_at"], session["original_start"]) == ("2026-03-06T09:30:00Z", "2026-03-03T10:00:00Z")
    assert client.ask("GET", FIRST).json() == session


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        pytest.param({"starts_at": "2026-03-04T19:30:00+09:00"}, 409, "clash", id="somebody is in another session"),
        pytest.param({"starts_at": "2026-03-01T19:00:00+09:00"}, 409, "in-the-past", id="the time is past"),
        pytest.param({"starts_at": "2026-03-03T19:00:00+09:00"}, 409, "already-so", id="it is then already"),
        pytest.param({"starts_at": "2026-03-05T19:00:00"}, 422, "bad-request", id="the time has no offset"),
        pytest.param({"starts_at": "2026-03-05T19:00:30Z"}, 422, "bad-request", id="the time is no whole minute"),
        pytest.param({"starts_at": "9999-12-31T23:59:00Z"}, 422, "bad-request", id="the time is too far away"),
    ],
)
def test_a_move_that_cannot_be_is_refused_with_its_cause(lasting: Platform, body: dict[str, str], status: int, kind: str) -> None:
    client = lasting.client()
    refused = client.ask("POST", FIRST + "/move", body)
    assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{kind}"), refused.text
    assert client.ask("GET", FIRST).json()["sequence"] == 0


def test_a_session_is_cancelled_made_up_restored_and_held_by_another(platform: Platform) -> None:
    client = platform.client()
    cancelled = client.ask("POST", FIRST + "/cancel", {"reason": "ill"}).json()
    assert (cancelled["state"], cancelled["cancelled_reason"], cancelled["sequence"]) == ("cancelled", "ill", 1)
    again = client.ask("POST", FIRST + "/cancel", {"reason": "ill"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/wrong-state")
    made = client.ask("POST", FIRST + "/make-up", {"starts_at": "2026-03-07T10:00:00+09:00"})
    assert (made.status_code, made.json()["makes_up_id"]) == (201, cancelled["id"]), made.text
    assert client.ask("GET", made.headers["location"]).json() == made.json()
    assert client.ask("GET", FIRST).json()["made_up_by_id"] == made.json()["id"]
    assert client.ask("POST", FIRST + "/restore", {}).status_code == 409  # it is made up
    assert client.ask("POST", f"/v1/sessions/{made.json()['id']}/cancel", {"reason": "no"}).status_code == 200
    assert client.ask("POST", FIRST + "/restore", {}).json()["state"] == "planned"
    held = client.ask("POST", FIRST + "/substitute", {"mentor": "ext:m-3"}).json()
    assert (held["session"]["mentor"]["external_id"], held["session"]["usual_mentor"]["external_id"]) == ("m-3", "m-1")
    assert held["warning"] is None
    assert client.ask("POST", FIRST + "/substitute", {"mentor": "ext:m-9"}).json()["errors"][0]["pointer"] == "/mentor"


def test_sessions_that_are_no_tutoring_are_planned_for_groups_and_people(platform: Platform) -> None:
    client = platform.client()
    body = {"kind": "counselling", "starts_at": "2026-03-07T10:00:00+09:00", "session_minutes": 30}
    of_group = client.ask("POST", "/v1/groups/ext:g-1/sessions", body)
    assert (of_group.status_code, of_group.json()["kind"], of_group.json()["ends_at"]) == (201, "counselling", "2026-03-07T01:30:00Z")
    people = {**body, "kind": "orientation", "mentor": "ext:m-3", "mentees": ["ext:s-5", "ext:s-4"]}
    of_people = client.ask("POST", LIST, people).json()
    assert [one["external_id"] for one in of_people["members"]] == ["s-4", "s-5"]
    busy = client.ask("POST", LIST, people)
    assert (busy.status_code, busy.json()["type"]) == (409, "/problems/clash")
    assert client.ask("POST", LIST, {**people, "kind": "tutoring"}).status_code == 422


def test_a_lost_update_of_a_session_is_refused_and_a_retry_moves_once(platform: Platform) -> None:
    client = platform.client()
    tag = client.ask("GET", FIRST).headers["etag"]
    sent = {"if-match": tag, "idempotency-key": "once"}
    first = client.ask("POST", FIRST + "/move", {"starts_at": "2026-03-06T18:30:00+09:00"}, sent)
    again = client.ask("POST", FIRST + "/move", {"starts_at": "2026-03-06T18:30:00+09:00"}, sent)
    assert (first.status_code, again.content, again.headers["etag"]) == (200, first.content, first.headers["etag"])
    assert client.ask("POST", FIRST + "/cancel", {"reason": "x"}, {"if-match": tag}).status_code == 412
    assert client.ask("POST", FIRST + "/cancel", {"reason": "x"}, {"if-match": first.headers["etag"]}).status_code == 200


@pytest.mark.parametrize(
    ("role", "person", "school", "count", "members"),
    [
        pytest.param(Role.MENTOR, "m-2", "", 4, ["s-2", "s-3"], id="a mentor"),
        pytest.param(Role.MENTEE, "s-3", "", 4, ["s-3"], id="a mentee"),
        pytest.param(Role.GUARDIAN, "s-2", "", 12, ["s-2"], id="a guardian"),
        pytest.param(Role.PARTNER, "", "north", 12, ["s-3"], id="a school"),
    ],
)
def test_everybody_sees_their_own_sessions(lasting: Platform, role: Role, person: str, school: str, count: int, members: list[str]) -> None:
    caller = somebody(lasting, role, person, school)
    assert len(_names(caller)) == count
    seen = caller.ask("GET", "/v1/sessions/ext:g-2@2026-03-04").json()
    assert [one["external_id"] for one in seen["members"]] == members
    assert caller.ask("GET", "/v1/sessions/ext:g-3@2026-03-02").status_code == 404
    assert caller.ask("POST", "/v1/sessions/ext:g-2@2026-03-04/cancel", {"reason": "x"}).status_code == 403


def test_who_holds_a_session_once_sees_that_one(platform: Platform) -> None:
    client = platform.client()
    substitute = somebody(platform, Role.MENTOR, "m-3")
    assert _names(substitute) == []
    client.ask("POST", FIRST + "/substitute", {"mentor": "ext:m-3"})
    assert _names(substitute) == ["g-1@2026-03-03T19:00"]
    assert substitute.ask("GET", FIRST).status_code == 200
    assert substitute.ask("GET", "/v1/sessions/ext:g-1@2026-03-05").status_code == 404
    usual = somebody(platform, Role.MENTOR, "m-1")
    assert len(_names(usual)) == 12
    assert len(_names(usual, "?mentor=ext:m-1")) == 11


def test_another_organisations_sessions_are_not_there(platform: Platform, database: Engine) -> None:
    client = platform.client()
    term = taught_term(database, city="town")
    with reading(database) as db:
        foreign = db.scalars(select(Session.id).join(Group).where(Group.term_id == term.id)).first()
    for path, body in (("", None), ("/cancel", {"reason": "x"}), ("/move", {"starts_at": "2026-03-06T18:30:00Z"})):
        assert client.ask("POST" if body else "GET", f"/v1/sessions/{foreign}{path}", body).status_code == 404
    assert client.ask("GET", f"/v1/terms/{term.id}/sessions").status_code == 404
    assert client.ask("GET", FIRST).json()["term_id"] != str(term.id)
