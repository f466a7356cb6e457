"""Terms and their closures by the API: made, changed while they run, closed for some days, and removed."""

from __future__ import annotations

from tests.api.v1.callers import Caller, Platform

TERM = "/v1/terms/ext:spring"
AUTUMN = {"zone": "Asia/Seoul", "first_on": "2026-09-01", "last_on": "2026-12-18", "name": "가을", "country": "KR", "make_up": "end"}


def _planned(caller: Caller) -> int:
    answer = caller.ask("GET", TERM + "/sessions?limit=1000")
    assert answer.status_code == 200, answer.text
    return sum(session["state"] == "planned" for session in answer.json()["items"])


def test_a_term_is_made_listed_changed_and_removed(platform: Platform) -> None:
    client = platform.client()
    made = client.ask("POST", "/v1/programs/ext:tutoring/terms", {**AUTUMN, "external_id": "autumn"})
    assert made.status_code == 201, made.text
    term = made.json()
    assert client.ask("GET", made.headers["location"]).json() == term
    assert (term["external_id"], term["policy"]["group"]["max_size"]) == ("autumn", 4)
    assert [one["external_id"] for one in client.ask("GET", "/v1/terms?program=ext:tutoring").json()["items"]] == ["spring", "autumn"]
    assert [one["external_id"] for one in client.ask("GET", "/v1/terms?on=2026-10-01").json()["items"]] == ["autumn"]
    holidays = client.ask("GET", "/v1/terms/ext:autumn/days-off").json()["holidays"]
    assert "2026-10-09" in [one["on"] for one in holidays]
    changed = client.ask("PATCH", "/v1/terms/ext:autumn", {"last_on": None, "policy": {"group": {"max_size": 3}}})
    assert changed.status_code == 200, changed.text
    after = changed.json()["term"]
    assert (after["last_on"], after["policy"]["group"]["max_size"], after["policy"]["group"]["target_size"]) == (None, 3, 3)
    assert after["name"] == "가을"
    assert client.ask("DELETE", "/v1/terms/ext:autumn").status_code == 204
    assert client.ask("GET", "/v1/terms/ext:autumn").status_code == 404


def test_a_term_is_put_by_the_platforms_key_once_or_again(platform: Platform) -> None:
    client, path = platform.client(), "/v1/programs/ext:tutoring/terms/ext:autumn"
    made = client.ask("PUT", path, AUTUMN)
    assert made.status_code == 201, made.text
    again = client.ask("PUT", path, AUTUMN)
    assert (again.status_code, again.json()) == (200, made.json())
    other = client.ask("PUT", f"/v1/programs/ext:tutoring/terms/{made.json()['id']}", {**AUTUMN, "policy": {"mentor": {"max_groups": 5}}})
    assert (other.json()["policy"]["mentor"]["max_groups"], other.json()["id"]) == (5, made.json()["id"])
    assert client.ask("POST", "/v1/programs/ext:tutoring/terms", {**AUTUMN, "external_id": "autumn"}).status_code == 409


def test_what_cannot_be_said_of_a_term_is_told(platform: Platform) -> None:
    client, path = platform.client(), "/v1/programs/ext:tutoring/terms/ext:autumn"
    for wrong, kind in (
        ({"zone": "Mars"}, "bad-zone"),
        ({"last_on": "2026-08-01"}, "backward-days"),
        ({"country": "QQ"}, "no-such-country"),
    ):
        refused = client.ask("PUT", path, {**AUTUMN, **wrong})
        assert (refused.status_code, refused.json()["type"]) == (422, f"/problems/{kind}")
    bad = {"group": {"max_size": 0, "sise": 3}, "program": {"name": "x"}}
    refused = client.ask("PUT", path, {**AUTUMN, "policy": bad})
    assert {error["pointer"] for error in refused.json()["errors"]} == {"/policy/group/max_size", "/policy/group/sise", "/policy/program"}
    assert client.ask("GET", "/v1/terms/ext:autumn").status_code == 404
    kept = client.ask("DELETE", TERM)
    assert (kept.status_code, kept.json()["type"]) == (409, "/problems/has-groups")


def test_what_is_planned_follows_a_term_that_ends_sooner(platform: Platform) -> None:
    client = platform.client()
    before = _planned(client)
    changed = client.ask("PATCH", TERM, {"last_on": "2026-03-22"}).json()
    assert (len(changed["cancelled"]), changed["new"]) == (4, [])
    assert _planned(client) == before - 4
    assert len(client.ask("PATCH", TERM, {"last_on": "2026-03-29"}).json()["restored"]) == 4


def test_closed_days_cancel_sessions_until_they_are_open_again(platform: Platform) -> None:
    client = platform.client()
    before = _planned(client)
    made = client.ask("POST", TERM + "/closures", {"first_on": "2026-03-10", "last_on": "2026-03-12", "name": "Exams"})
    assert made.status_code == 201, made.text
    closure = made.json()["closure"]
    assert (len(made.json()["cancelled"]), _planned(client)) == (3, before - 3)
    assert client.ask("GET", TERM + "/closures").json()["items"] == [closure]
    assert client.ask("GET", made.headers["location"]).json() == closure
    again = client.ask("POST", TERM + "/closures", {"first_on": "2026-03-10", "last_on": "2026-03-12"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/closed-already")
    assert client.ask("DELETE", made.headers["location"]).status_code == 204
    assert (_planned(client), client.ask("GET", TERM + "/closures").json()["items"]) == (before, [])
    strange = client.ask("POST", TERM + "/closures", {"first_on": "2026-03-10", "school": "nowhere"})
    assert (strange.status_code, strange.json()["type"]) == (422, "/problems/no-such-school")


def test_a_closure_is_put_under_a_key_of_the_platforms_own_and_moved_by_it(platform: Platform) -> None:
    client, one = platform.client(), TERM + "/closures/ext:exams"
    before = _planned(client)
    made = client.ask("PUT", one, {"first_on": "2026-03-10", "last_on": "2026-03-12", "name": "Exams"})
    assert (made.status_code, made.json()["closure"]["external_id"], made.json()["restored"]) == (201, "exams", [])
    gone = set(made.json()["cancelled"])
    assert gone
    assert _planned(client) == before - len(gone)
    shown = client.ask("GET", one)
    assert shown.json() == made.json()["closure"]
    later, state = {"first_on": "2026-03-17", "last_on": "2026-03-19", "name": "Exams"}, {"if-match": shown.headers["etag"]}
    moved = client.ask("PUT", one, later, state)
    assert (moved.status_code, moved.json()["closure"]["id"], set(moved.json()["restored"])) == (200, shown.json()["id"], gone)
    assert len(moved.json()["cancelled"]) == before - _planned(client) > 0
    assert client.ask("PUT", one, {"first_on": "2026-03-10"}, state).status_code == 412
    same = client.ask("PUT", one, later)
    assert (same.json()["cancelled"], same.json()["restored"]) == ([], [])
    assert client.ask("DELETE", one).status_code == 204
    assert (_planned(client), client.ask("GET", one).status_code) == (before, 404)


def test_a_closure_that_is_put_longer_leaves_what_it_cancelled(platform: Platform) -> None:
    client, one = platform.client(), TERM + "/closures/ext:exams"
    first = client.ask("PUT", one, {"first_on": "2026-03-10", "name": "Exams"}).json()
    longer = client.ask("PUT", one, {"first_on": "2026-03-09", "last_on": "2026-03-12", "name": "Exams"}).json()
    assert (longer["restored"], set(longer["cancelled"]) & set(first["cancelled"])) == ([], set())
    assert client.ask("POST", TERM + "/closures", {"first_on": "2026-03-20", "name": "Trip"}).status_code == 201
    crossed = client.ask("PUT", one, {"first_on": "2026-03-20"})
    assert (crossed.status_code, crossed.json()["type"]) == (409, "/problems/closed-already")
