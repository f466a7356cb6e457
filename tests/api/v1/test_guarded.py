"""Programs that ask two factors of whoever runs them, and accounts that are told when what guards them has changed."""

from __future__ import annotations

import pyotp
import pytest
from sqlalchemy import Engine, select

from data.access import Role
from data.database import reading, transaction
from data.new_programs import make_program
from data.outbox import Message
from data.programs import Organisation
from data.roles import Given, give_role
from scheduler.letters import letter_of
from tests.api.v1.browsers import PASSWORD, Browser, House
from tests.api.v1.callers import Platform
from tests.sessions import taught_term

KIM, LEE = "kim@example.org", "lee@example.org"
ON, OFF = {"settings": {"two_factors": True}}, {"settings": {"two_factors": False}}


@pytest.fixture
def house(database: Engine) -> House:
    taught_term(database)
    return House(database)


def with_two_factors(house: House, email: str, role: Role = Role.OWNER) -> Browser:
    """A browser in which somebody has shown two."""
    first = house.signed_in(email, role)
    device = pyotp.TOTP(first.ask("POST", "/v1/me/totp", {}).json()["secret"])
    codes = first.ask("POST", "/v1/me/totp/confirm", {"code": device.at(house.clock.now)}).json()["recovery_codes"]
    browser = house.browser()
    assert browser.sign_in(email, code=codes[0]).status_code == 200
    return browser


def kind(answer: object) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")  # type: ignore[attr-defined]


def test_only_an_owner_who_has_shown_two_has_a_program_ask_for_them_no_more(house: House) -> None:
    owner, manager = with_two_factors(house, KIM), with_two_factors(house, LEE, Role.MANAGER)
    (program,) = owner.ask("GET", "/v1/programs").json()["items"]
    path = f"/v1/programs/{program['id']}"
    assert owner.ask("PATCH", path, ON).status_code == 200
    machine = owner.ask("POST", f"{path}/clients", {"name": "machine", "role": "owner", "scopes": ["program:read", "program:write"]}).json()
    token = Platform(house.engine).token(machine["id"], machine["secret"])
    told = [
        manager.ask("PATCH", path, OFF),
        manager.ask("PUT", path, {"name": program["name"], "settings": {}}),
        manager.ask("PATCH", path, {"settings": {"two_factors": None}}),
        house.browser().ask("PATCH", path, OFF, {"authorization": f"Bearer {token}"}),
    ]
    assert [kind(one) for one in told] == [(403, "stays-guarded")] * 4
    assert manager.ask("PATCH", path, {"settings": {"cancelled_days": 7}}).status_code == 200
    assert owner.ask("GET", path).json()["settings"]["two_factors"] is True
    assert owner.ask("PATCH", path, OFF).status_code == 200


def test_rights_in_all_of_an_organisation_take_two_where_any_of_its_programs_asks_for_them(house: House) -> None:
    owner, lee = with_two_factors(house, KIM), house.signed_in(LEE)
    assert lee.ask("POST", "/v1/programs", {"external_id": "first"}).status_code == 201
    made = owner.ask("POST", "/v1/programs", {"external_id": "sister", **ON})
    assert made.status_code == 201, made.text
    assert lee.ask("GET", "/v1/programs").json()["items"], "their own program asks for one"
    assert kind(lee.ask("POST", "/v1/programs", {"external_id": "second"})) == (403, "one-factor-only")
    assert owner.ask("POST", "/v1/programs", {"external_id": "second"}).status_code == 201


def test_a_program_of_another_organisation_that_asks_for_two_takes_nothing_away_here(house: House) -> None:
    lee = house.signed_in(LEE)
    with transaction(house.engine) as db:
        far = Organisation(key="far", name="Far")
        db.add(far)
        db.flush()
        asks = make_program(db, far, "guarded", settings={"two_factors": True}, by="test", now=house.clock.now)
        give_role(db, None, asks, LEE, Given(Role.REVIEWER), by="test", now=house.clock.now)
    assert kind(lee.ask("GET", "/v1/programs/ext:guarded")) == (403, "one-factor-only")
    assert lee.ask("POST", "/v1/programs", {"external_id": "second"}).status_code == 201


def test_who_would_not_have_a_right_with_two_factors_either_is_not_told_to_show_them(house: House) -> None:
    owner, reviewer = with_two_factors(house, KIM), house.signed_in(LEE, Role.REVIEWER)
    (program,) = owner.ask("GET", "/v1/programs").json()["items"]
    assert owner.ask("PATCH", f"/v1/programs/{program['id']}", ON).status_code == 200
    assert kind(reviewer.ask("GET", f"/v1/programs/{program['id']}")) == (403, "one-factor-only")
    assert kind(reviewer.ask("GET", "/v1/terms/ext:spring/rounds")) == (403, "not-allowed")


def test_an_account_is_told_by_mail_of_each_change_of_what_guards_it(house: House) -> None:
    browser = with_two_factors(house, KIM)
    assert browser.ask("PUT", "/v1/me/password", {"old": PASSWORD, "new": "another stone in a slow river"}).status_code == 204
    assert browser.ask("DELETE", "/v1/me/totp").status_code == 204
    with reading(house.engine) as db:
        written = db.scalars(select(Message).where(Message.address == KIM).order_by(Message.id)).all()
        said = [letter_of(db, one, sender="dure@example.org", now=house.clock.now).get_content() for one in written]
    assert [one.body["about"] for one in written] == ["factor added", "password set", "factor taken"]
    assert ["passkey was added" in one for one in said] == [True, False, False]
    assert all("If that was not you" in one and "직접 하신 일이 아니라면" in one and "若非您本人操作" in one for one in said)
