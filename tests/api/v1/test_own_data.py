"""All that is held on somebody is given to whom it concerns, and to nobody else; and an owner erases it."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session as DbSession

from data.access import Role
from data.audit import Deed
from data.base import new_id
from data.database import reading, transaction
from data.new_programs import make_program
from data.people import Mentee
from data.programs import Organisation, Program, Term
from data.rounds import Run
from scheduler.holdings import HELD
from tests.api.v1.callers import NOW, Caller, Platform
from tests.api.v1.roles import somebody
from tests.named import MENTEE, MENTOR, named_everywhere
from tests.sessions import taught_term

PUPIL = f"/v1/people/ext:{MENTEE.key}"


@pytest.fixture
def platform(database: Engine) -> Platform:
    named_everywhere(database)
    return Platform(database)


def held(caller: Caller, path: str) -> dict[str, Any]:
    answer = caller.ask("GET", f"{path}/export")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["held"]
    return found


def test_a_mentee_is_given_all_that_is_held_on_them_as_json_and_as_files(platform: Platform) -> None:
    office = platform.client()
    told = held(office, PUPIL)
    assert (told["person"]["name"], told["person"]["email"]) == (MENTEE.name, MENTEE.email)
    assert [one["term"] for one in told["in_terms"]] == ["rural/2026-spring"]
    assert told["in_terms"][0]["requests"]
    assert [one["guardian"] for one in told["consents"]] == [f"mother of {MENTEE.name}"]
    assert {"held", "cancelled"} <= {one["state"] for one in told["sessions"]}
    assert any(MENTEE.name in one["note"] for one in told["sessions"])
    assert {one["presence"] for one in told["sessions"]} == {"present", None}
    assert told["rounds"][0]["asked"]["name"] == MENTEE.name
    assert told["rounds"][0]["runs"][0]["members"]
    assert [one["group"] for one in told["groups"]] == sorted(one["group_id"] for one in told["rounds"][0]["runs"][0]["members"])
    assert {one["address"] for one in told["messages"]} == {MENTEE.email}
    assert [one["name"] for one in told["subscriptions"]] == ["my phone"]
    assert [one["email"] for one in told["accounts"]] == [MENTEE.email], "not their guardian's"
    assert told["accounts"][0]["signed_in"][0]["agent"] == f"{MENTEE.key} phone"
    assert "recorded" not in {one["what"] for one in told["audit"]}, "which names others"
    for secret in ("password", "hash", "secret", "token_hash", "rendered"):
        assert f'"{secret}"' not in json.dumps(told)
    answer = office.ask("GET", f"{PUPIL}/export/files")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        assert files.namelist() == sorted([HELD, "mentees.csv", "rural.ics"])
        assert json.loads(files.read(HELD))["person"] == told["person"]
        assert files.read("mentees.csv").decode().count(MENTEE.key) == 1
        assert Calendar.from_ical(files.read("rural.ics").decode()).walk("VEVENT")


def test_everybody_is_given_their_own_and_that_is_noted_and_nobody_anothers(platform: Platform) -> None:
    child, mother = somebody(platform, Role.MENTEE, MENTEE.key), somebody(platform, Role.GUARDIAN, MENTEE.key)
    teacher = somebody(platform, Role.MENTOR, MENTOR.key)
    for caller in (child, mother):
        own = held(caller, PUPIL)
        assert own["person"]["name"] == MENTEE.name
        alone = {one["group"] for one in own["sessions"] if "note" in one}
        assert alone < {one["group"] for one in own["sessions"]} or not alone, "what is said of several is for the office"
    taught = held(teacher, f"/v1/people/ext:{MENTOR.key}")
    assert taught["in_terms"][0]["timetable"]["address"].endswith(MENTOR.email)
    assert all("note" in one for one in taught["sessions"])
    for caller, path in ((child, f"/v1/people/ext:{MENTOR.key}"), (teacher, PUPIL), (mother, "/v1/people/ext:s-02")):
        assert caller.ask("GET", f"{path}/export").status_code == 404
    for role in (Role.REVIEWER, Role.PARTNER, Role.SUPERVISOR):
        assert platform.client(role=role).ask("GET", f"{PUPIL}/export").status_code == 403
    with reading(platform.engine) as db:
        noted = db.scalars(select(Deed).where(Deed.what == "person exported").order_by(Deed.id)).all()
        assert [(one.whom, one.details["path"]) for one in noted] == [
            *[(f"mentee {MENTEE.key}", f"{PUPIL}/export")] * 2,
            (f"mentor {MENTOR.key}", f"/v1/people/ext:{MENTOR.key}/export"),
        ]


def test_a_role_in_a_program_where_somebody_never_was_gives_nothing_that_is_held_on_them(platform: Platform) -> None:
    with transaction(platform.engine) as db:
        home = db.scalars(select(Organisation)).one()
        sister = make_program(db, home, "sister", by="test", now=NOW).key
    for role in (Role.GUARDIAN, Role.MENTEE, Role.OWNER):
        caller = somebody(platform, role, "" if role is Role.OWNER else MENTEE.key, programs=[sister])
        for path in (PUPIL, f"{PUPIL}/export", f"{PUPIL}/export/files"):
            assert caller.ask("GET", path).status_code == 404


def test_everybody_is_told_who_was_told_of_them_in_groups_and_in_results_of_runs(platform: Platform) -> None:
    office, child = platform.client(), somebody(platform, Role.MENTEE, MENTEE.key)
    with reading(platform.engine) as db:
        run = db.scalars(select(Run.id).where(Run.result.is_not(None))).first()
    paths = [f"/v1/runs/{run}/files", f"/v1/terms/ext:2026-spring/groups?mentee=ext:{MENTEE.key}"]
    for path in paths:
        assert office.ask("GET", path).status_code == 200
    told = {(one["what"], one.get("path")) for one in held(child, PUPIL)["audit"]}
    assert told >= {("read", paths[0]), ("groups read", paths[1].partition("?")[0])}


def test_only_an_owner_erases_and_a_retry_is_told_that_it_is_done_and_not_what_was_said(platform: Platform) -> None:
    for role in set(Role) - {Role.OWNER}:
        assert platform.client(role=role).ask("POST", f"{PUPIL}/erase").status_code == 403
    owner = platform.client()
    key = {"idempotency-key": "1"}
    wish = {"from_on": "2027-04-01", "reason": MENTEE.name}
    left = owner.ask("POST", "/v1/terms/ext:2026-spring/mentees/ext:s-03/leave", wish, key)
    assert left.status_code in {200, 201}, left.text
    erased = owner.ask("POST", f"{PUPIL}/erase", headers={"idempotency-key": "2"})
    assert erased.status_code == 200, erased.text
    assert erased.json()["external_id"].startswith("erased-")
    assert owner.ask("GET", f"{PUPIL}/export").status_code == 404
    again = owner.ask("POST", "/v1/terms/ext:2026-spring/mentees/ext:s-03/leave", wish, key)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/answer-erased")
    twice = owner.ask("POST", f"/v1/people/{erased.json()['id']}/erase")
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/already-erased")
    with reading(platform.engine) as db:
        done = db.scalars(select(Deed).where(Deed.what == "erased")).one()
        assert done.whom == f"mentee {erased.json()['external_id']}"


def test_who_is_in_a_program_of_others_too_is_erased_by_an_owner_of_both(database: Engine) -> None:
    taught_term(database)
    platform = Platform(database)
    with transaction(database) as db:
        _also_elsewhere(db)
    one, both = platform.client(programs=["tutoring"]), platform.client()
    refused = one.ask("POST", "/v1/people/ext:s-1/erase")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/also-elsewhere")
    assert "accounts" not in held(one, "/v1/people/ext:s-1"), "nor is all of it theirs to read"
    assert "accounts" in held(both, "/v1/people/ext:s-1")
    assert both.ask("POST", "/v1/people/ext:s-1/erase").status_code == 200


def _also_elsewhere(db: DbSession) -> None:
    """Another program of the same organisation, in which the first mentee is too."""
    mentee = db.scalars(select(Mentee).where(Mentee.key == "s-1")).one()
    first = db.get_one(Program, db.get_one(Term, mentee.term_id).program_id)
    program = Program(id=new_id(), organisation_id=first.organisation_id, key="sports")
    term = Term(id=new_id(), program_id=program.id, key="summer", zone="Asia/Seoul", first_on=dt.date(2026, 6, 1))
    for row in (program, term, Mentee(term_id=term.id, person_id=mentee.person_id, key="s-1", grade=7, availability="Mon 09:00-22:00")):
        db.add(row)
        db.flush()
