"""Who may do what, for every operation that the API's own document has: one without a rule fails here, and so does one that lets in whom
the table does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine

from api.access import COOKIE
from api.app import create_app
from data.access import MAY, Reach, Right, Role
from data.database import reading, transaction
from data.new_programs import make_program
from data.people import Mentee
from data.programs import Organisation, Program
from tests.api.v1.browsers import Browser
from tests.api.v1.callers import NOW, Caller, Platform
from tests.api.v1.prepared import OPEN, OWN, Asked, caller_in, cookie_in, nothing_stays, operations, things_of

PEOPLE = ("mentee", "mentor", "person")
MAY_OF = {role: {right: MAY[right][role] for right in Right} for role in Role}


@dataclass(frozen=True, slots=True)
class House:
    """The app, all its operations, and the things of a caller's own program and of a foreign one."""

    platform: Platform
    asked: list[Asked]
    own: Mapping[str, str]
    foreign: Mapping[str, str]


@pytest.fixture(scope="module")
def house(lasting_database: Engine) -> House:
    own, foreign = things_of(lasting_database, "city"), things_of(lasting_database, "town")
    app = create_app(lasting_database, lambda: NOW).app
    assert isinstance(app, FastAPI)
    asked = [one for one in operations(app.openapi()) if (one.method, one.path) not in OPEN]
    return House(Platform(lasting_database), asked, own, foreign)


def test_every_operation_says_which_right_it_takes(house: House) -> None:
    assert house.asked
    assert {(one.method, one.path) for one in house.asked if one.right is None} == OWN


def test_who_is_not_known_gets_into_none(house: House) -> None:
    nobody = Caller(house.platform.web, "")
    own = {**house.own, "console_session": str(uuid4()), "passkey": str(uuid4())}
    answers = {one.title: _ask(nobody, one, own).status_code for one in house.asked}
    assert {title: status for title, status in answers.items() if status != 401} == {}


@pytest.mark.parametrize("role", Role)
def test_each_role_does_what_the_table_says_and_sees_nothing_of_foreign_programs(house: House, role: Role) -> None:
    assert _wrong(house, caller_in(house.platform, role, house.own), MAY_OF[role]) == []


@pytest.mark.parametrize(
    ("role", "two_factors", "reaches"),
    [
        (Role.OWNER, True, MAY_OF[Role.OWNER]),
        (Role.SUPERVISOR, True, MAY_OF[Role.SUPERVISOR]),
        (Role.MANAGER, False, dict.fromkeys(Right, Reach.NONE)),
        (Role.GUARDIAN, False, MAY_OF[Role.GUARDIAN]),
    ],
)
def test_so_it_is_for_those_who_are_signed_in_where_a_program_asks_two_factors_of_its_office(
    house: House, role: Role, two_factors: bool, reaches: Mapping[Right, Reach]
) -> None:
    _guard(house, {"two_factors": True})
    browser = Browser(house.platform.web, {COOKIE: cookie_in(house.platform, role, house.own, two_factors=two_factors)})
    try:
        assert _wrong(house, browser, reaches) == []
    finally:
        _guard(house, {})


def _guard(house: House, settings: Mapping[str, object]) -> None:
    with transaction(house.platform.engine) as db:
        db.get_one(Program, UUID(house.own["program"])).settings = dict(settings)


def _wrong(house: House, caller: Caller | Browser, reaches: Mapping[Right, Reach]) -> list[str]:
    """What is not as it should be where somebody asks for all there is, at home and abroad."""
    wrong = []
    with nothing_stays(house.platform.engine):
        for one in house.asked:
            if one.right is None:
                continue
            wrong += _wrong_at_home(_ask(caller, one, house.own), one, reaches[one.right])
            if one.names:
                wrong += _wrong_abroad(house, caller, one, reaches[one.right])
    return wrong


def _wrong_at_home(answer: httpx.Response, asked: Asked, reach: Reach) -> list[str]:
    """What is not as the table says where somebody asks in their own program."""
    status = answer.status_code
    fine = {
        Reach.NONE: status == 403,
        Reach.OWN: status != 401 and status < 500,  # a thing need not be theirs
        Reach.ALL: status not in {401, 403, 404} and status < 500,
    }[reach]
    return [] if fine else [f"{asked.title} with reach {reach.name} at home: {status} {answer.text[:200]}"]


def _wrong_abroad(house: House, caller: Caller | Browser, asked: Asked, reach: Reach) -> list[str]:
    """What is not as it should be where they ask for what is foreign: whatever their role, it is answered as what there is nowhere."""
    answer, nothing = _ask(caller, asked, house.foreign), _ask(caller, asked, asked.amid_nothing())
    expected = {404} if reach is Reach.NONE else {404, 422}  # the least body may not be enough, wherever it is sent
    fine = answer.status_code in expected and (nothing.status_code, nothing.text) == (answer.status_code, answer.text)
    return [] if fine else [f"{asked.title} with reach {reach.name} abroad: {answer.status_code} {answer.text[:200]}"]


def _ask(caller: Caller | Browser, asked: Asked, things: Mapping[str, str]) -> httpx.Response:
    return caller.ask(asked.method, asked.at(things), asked.body)


@pytest.mark.parametrize("role", [Role.MENTOR, Role.MENTEE, Role.GUARDIAN, Role.PARTNER])
def test_who_sees_their_own_is_told_nothing_of_others_in_the_same_program(house: House, role: Role) -> None:
    """Somebody of another school, whom they neither teach nor are there for, is as nobody is."""
    office, term = caller_in(house.platform, Role.OWNER, house.own), house.own["term"]
    mentee = {"grade": 7, "requests": [{"subject": "math"}], "availability": "Mon 18:00-21:00", "school": "far"}
    mentor = {"subjects": [{"subject": "math", "lowest_grade": 1, "highest_grade": 12}], "availability": "Mon 18:00-21:00"}
    others = dict(house.own)
    for kind, body in (("mentee", mentee), ("mentor", mentor)):
        made = office.ask("PUT", f"/v1/terms/{term}/{kind}s/ext:other-{kind}", body)
        assert made.status_code in {200, 201}, made.text
        others |= {kind: made.json()["id"], **({"person": made.json()["person_id"]} if kind == "mentee" else {})}
    caller, wrong, looked = caller_in(house.platform, role, house.own), [], 0
    with nothing_stays(house.platform.engine):
        for one in house.asked:
            if one.right is None or MAY[one.right][role] is not Reach.OWN or not {"mentee", "mentor", "person"} & {*one.names}:
                continue
            looked += 1
            answer, nothing = _ask(caller, one, others), _ask(caller, one, {**others, **dict.fromkeys(PEOPLE, str(uuid4()))})
            if answer.status_code not in {403, 404, 422} or answer.status_code != nothing.status_code:
                wrong.append(f"{one.title}: {answer.status_code}, and of nobody {nothing.status_code}")
    assert not wrong, "\n".join(wrong)
    assert looked >= (5 if role is Role.PARTNER else 8)


def test_a_role_cannot_be_about_somebody_of_a_foreign_program_not_even_of_the_same_organisation(house: House) -> None:
    """Who is named so is answered as nobody, or a role would show them to who gives it."""
    engine = house.platform.engine
    with transaction(engine) as db:
        home = db.get_one(Program, UUID(house.own["program"]))
        sister = make_program(db, db.get_one(Organisation, home.organisation_id), f"sister-{uuid4().hex[:8]}", by="test", now=NOW)
        key = sister.key
    manager = house.platform.client(role=Role.MANAGER, programs=[key])
    with reading(engine) as db:
        people = [str(db.get_one(Mentee, UUID(things["mentee"])).person_id) for things in (house.own, house.foreign)]
    with nothing_stays(engine):
        answers = []
        for person in (*people, str(uuid4()), "ext:nobody"):
            body = {"email": "guardian@example.org", "role": "guardian", "person": person}
            answers.append(manager.ask("POST", f"/v1/programs/ext:{key}/roles", body))
    assert {(one.status_code, one.text) for one in answers} == {(422, answers[-1].text)}
