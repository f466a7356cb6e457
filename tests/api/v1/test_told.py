"""How people are told of things, and what was told, by the API: reminders, messages that wait, and the audit."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Engine, select

from data.access import Right, Role
from data.database import transaction
from data.groups import Group
from data.outbox import About, Notice, about_session, write
from data.programs import Program, Term
from data.sessions import Session
from tests.api.v1.callers import Platform
from tests.api.v1.prepared import things_of
from tests.api.v1.roles import somebody
from tests.sessions import taught_term

TERM = "/v1/terms/ext:spring"
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
SOON = "/v1/sessions/ext:g-3@2026-03-02"


def test_people_say_when_they_are_reminded_and_in_which_language(platform: Platform) -> None:
    client = platform.client()
    path = f"{TERM}/mentors/ext:m-1/reminders"
    usual = client.ask("GET", path)
    assert (usual.json()["reminder_minutes"], usual.json()["language"], usual.json()["has_address"]) == (None, "", True)
    tag = {"if-match": usual.headers["etag"]}
    changed = client.ask("PATCH", path, {"reminder_minutes": [60, 1440], "language": "en"}, tag)
    assert (changed.json()["reminder_minutes"], changed.json()["language"]) == ([1440, 60], "en")
    assert client.ask("PATCH", path, {"language": "ko"}, tag).status_code == 412
    assert client.ask("PATCH", path, {"reminder_minutes": [5, 5]}).status_code == 422
    client.ask("PATCH", f"{TERM}/mentees/ext:s-1/reminders", {"reminder_minutes": []})
    listed = client.ask("GET", f"{TERM}/reminders").json()["items"]
    assert {one["who"]["external_id"]: one["reminder_minutes"] for one in listed} == {"m-1": [1440, 60], "s-1": []}
    client.ask("PATCH", f"{TERM}/mentees/ext:s-1/reminders", {"reminder_minutes": None})
    assert [one["role"] for one in client.ask("GET", f"{TERM}/reminders").json()["items"]] == ["mentor"]


def test_everybody_says_it_for_themselves_or_their_child(platform: Platform) -> None:
    mentor, guardian = somebody(platform, Role.MENTOR, "m-1"), somebody(platform, Role.GUARDIAN, "s-1")
    partner = somebody(platform, Role.PARTNER, school="north")
    wish = {"reminder_minutes": [30]}
    assert mentor.ask("PATCH", f"{TERM}/mentors/ext:m-1/reminders", wish).status_code == 200
    assert guardian.ask("PATCH", f"{TERM}/mentees/ext:s-1/reminders", wish).status_code == 200
    for caller, path in (
        (mentor, "mentors/ext:m-2"),
        (mentor, "mentees/ext:s-1"),
        (guardian, "mentees/ext:s-2"),
        (partner, "mentees/ext:s-1"),
    ):
        assert caller.ask("PATCH", f"{TERM}/{path}/reminders", wish).status_code == 404
    assert [one["who"]["external_id"] for one in mentor.ask("GET", f"{TERM}/reminders").json()["items"]] == ["m-1"]


def test_what_waits_to_be_sent_is_told_by_keys_and_not_by_addresses(platform: Platform, database: Engine) -> None:
    client = platform.client()
    outbox = "/v1/programs/ext:tutoring/outbox"
    assert client.ask("GET", outbox).json()["items"] == []
    session = client.ask("POST", SOON + "/move", {"starts_at": "2026-03-02T20:00:00+09:00"}).json()
    waiting = client.ask("GET", outbox + "?state=waiting")
    assert {(one["about"], one["person"]["external_id"], one["session_id"]) for one in waiting.json()["items"]} == {
        ("moved", "m-1", session["id"]),
        ("moved", "s-4", session["id"]),
    }
    assert "@example.org" not in waiting.text
    assert client.ask("GET", outbox + "?state=given_up").json()["items"] == []
    said = client.ask("GET", f"/v1/sessions/{session['id']}/messages").json()["messages"]
    assert sorted(one["to"] for one in said) == ["m-1", "s-4"]
    term = taught_term(database, city="town")
    assert client.ask("GET", f"/v1/programs/{term.program_id}/outbox").status_code == 404
    assert somebody(platform, Role.MENTOR, "m-1").ask("GET", f"/v1/sessions/{session['id']}/messages").status_code == 403


def test_a_page_of_what_waits_is_full_and_none_of_it_is_of_others(platform: Platform, database: Engine) -> None:
    client = platform.client()
    session = client.ask("POST", SOON + "/move", {"starts_at": "2026-03-02T20:00:00+09:00"}).json()["id"]
    other = taught_term(database, city="town")
    with transaction(database) as db:
        theirs = db.scalars(select(Session.id).join(Group, Group.id == Session.group_id).where(Group.term_id == other.id)).first()
        assert theirs is not None
        own = db.scalars(select(Term.id).join(Program, Program.id == Term.program_id).where(Program.key == "tutoring")).first()
        bodies = [about_session(About.MOVED, theirs), {"about": "published", "term": str(other.id)}] * 3
        bodies += [{"about": "published", "term": str(own)}, {"about": "sign in", "link": "x"}]
        write(db, [Notice(key=f"{i}", address="a@example.org", body=body) for i, body in enumerate(bodies)], now=NOW)
    outbox: str | None = "/v1/programs/ext:tutoring/outbox?limit=1"
    found = []
    while outbox:
        page = client.ask("GET", outbox).json()
        assert len(page["items"]) == 1
        found.append((page["items"][0]["about"], page["items"][0]["session_id"]))
        outbox = page["next"]
    assert sorted(found, key=str) == [("moved", session), ("moved", session), ("published", None)]


def test_the_audit_tells_who_did_what_newest_first(platform: Platform) -> None:
    client = platform.client()
    client.ask("PATCH", "/v1/programs/ext:tutoring", {"name": "Tutoring"})
    client.ask("POST", "/v1/programs/ext:tutoring/subscriptions", {"audience": "program"})
    client.ask("POST", SOON + "/cancel", {"reason": "Snow"})
    client.ask("PUT", "/v1/groups/ext:g-1/link", {"link": "https://a.example"})
    rows = client.ask("GET", "/v1/audit").json()["items"]
    assert {one["what"] for one in rows} == {"renamed", "feed new", "cancelled", "link changed", "client made"}
    assert [one["id"] for one in rows] == sorted((one["id"] for one in rows), reverse=True)
    assert all(one["by"].startswith("client ") and one["source"] == "127.0.0.1" for one in rows if one["what"] != "client made")
    pages, path = [], "/v1/audit?limit=1"
    while path:
        page = client.ask("GET", path).json()
        pages += page["items"]
        path = (page["next"] or "").removeprefix("http://dure.example")
    assert pages == rows
    for query, count in (
        ("program=ext:tutoring", 5),
        ("term=ext:spring", 2),
        ("about=snow", 1),
        ("about=g-1", 1),
        ("since=2026-03-02T09:00:00Z", 5),
        ("since=2026-03-02T09:00:01Z", 0),
        ("about=%2500", 0),
    ):
        assert len(client.ask("GET", f"/v1/audit?{query}").json()["items"]) == count, query
    for query in ("since=0001-01-01T00:00:00%2B14:00", "about=%00", "after=nonsense"):
        assert client.ask("GET", f"/v1/audit?{query}").status_code == 422, query
    assert somebody(platform, Role.MENTOR, "m-1").ask("GET", "/v1/audit").status_code == 403


def test_a_manager_of_one_program_reads_who_gave_roles_and_secrets_in_it_and_nothing_of_others(database: Engine) -> None:
    first, second = things_of(database, "city"), things_of(database, "town")
    with transaction(database) as db:
        db.get_one(Program, UUID(second["program"])).key = "other"
    platform = Platform(database)
    office = platform.client()
    manager = platform.client(role=Role.MANAGER, programs=["tutoring"])
    program = f"/v1/programs/{first['program']}"
    given = office.ask("POST", f"{program}/roles", {"email": "new@example.org", "role": "supervisor"})
    assert given.status_code == 201, given.text
    made = office.ask("POST", f"{program}/clients", {"name": "app", "scopes": ["program:read"], "role": "reviewer"}).json()
    for method, path in (
        ("DELETE", f"{program}/roles/{given.json()['id']}"),
        ("POST", f"/v1/webhooks/{first['webhook']}/test"),
        ("POST", f"/v1/webhooks/{first['webhook']}/replay"),
        ("DELETE", f"/v1/webhooks/{first['webhook']}/secrets/{first['webhook_secret']}"),
        ("POST", f"/v1/clients/{made['id']}/secrets"),
    ):
        answer = office.ask(method, path, {} if method == "POST" and "secrets" in path else None)
        assert answer.status_code < 300, f"{path}: {answer.text}"
    seen = manager.ask("GET", f"/v1/audit?limit=200&program={first['program']}").json()["items"]
    whats = [one["what"] for one in seen]
    for what in (
        *("role given", "role taken", "client secret added", "feed new"),
        *("webhook made", "webhook secret added", "webhook tested", "webhook replayed", "webhook secret taken"),
    ):
        assert what in whats, what
    assert {one["whom"] for one in seen if one["what"] == "client made"} >= {f"client {made['id']}", f"client {first['client']}"}
    for one in seen:
        assert one["program_id"] == first["program"] or (one["program_id"] is None and one["whom"].startswith("client ")), one
    everywhere = {one["id"] for one in manager.ask("GET", "/v1/audit?limit=200").json()["items"] if one["what"] != "audit read"}
    assert everywhere == {one["id"] for one in seen}
    whole = {one["whom"] for one in office.ask("GET", "/v1/audit?limit=200").json()["items"]}
    assert {one["whom"] for one in seen} < whole, "the organisation's own clients besides"
    assert not {f"webhook {second['webhook']}", f"client {second['client']}", "program other"} & whole


def test_the_audit_of_others_is_not_told_even_where_programs_have_one_key(platform: Platform, database: Engine) -> None:
    client = platform.client()
    client.ask("PATCH", "/v1/programs/ext:tutoring", {"name": "ours"})
    client.ask("POST", SOON + "/cancel", {"reason": "ours"})
    term = taught_term(database, city="town")
    rows = client.ask("GET", "/v1/audit").json()["items"]
    assert [one["what"] for one in rows] == ["cancelled", "renamed", "client made"]
    assert {one["reason"] for one in rows} == {"ours", ""}
    assert client.ask("GET", f"/v1/audit?term={term.id}").status_code == 404
    assert client.ask("GET", f"/v1/audit?program={term.program_id}").status_code == 404
    assert platform.client([Right.GROUPS_READ]).ask("GET", "/v1/audit").status_code == 403
