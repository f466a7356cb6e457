"""What changes an account: an invitation, a new password, a session that is ended, a role in another program; and what is forgotten."""

from __future__ import annotations

import datetime as dt

import pyotp
import pytest
from sqlalchemy import Engine, func, select

from data.access import Role
from data.accounts import close_account, find_account
from data.attempts import MOST, WITHIN, Attempt
from data.database import reading, transaction
from data.mailed import MailedLink
from data.outbox import About, Channel, Message
from data.passkeys import Challenge
from data.programs import Program
from data.roles import Given, give_role
from data.signed_in import Visit
from scheduler.account_letters import said_to_account
from scheduler.jobs import forget_sign_ins
from tests.api.v1.browsers import PASSWORD, House
from tests.sessions import taught_term

KIM, LEE = "kim@example.org", "lee@example.org"
NEW = "nine green boats at noon"


@pytest.fixture
def house(database: Engine) -> House:
    taught_term(database)
    return House(database)


def test_who_is_invited_sets_a_password_by_the_letter_once_and_is_what_they_were_made(house: House) -> None:
    owner = house.signed_in(KIM)
    invited = owner.ask("POST", "/v1/programs/ext:tutoring/roles", {"email": LEE, "role": "reviewer"})
    assert invited.status_code == 201, invited.text
    with reading(house.engine) as db:
        message = db.scalars(select(Message).where(Message.address == LEE)).one()
    assert message.channel is Channel.MAIL
    subject, lines = said_to_account(message, About.INVITED)
    assert "Invitation: tutoring" in subject
    assert lines[0] == f"http://127.0.0.1:8000/password#{house.mailed(LEE)[0]}"
    set_ = {"token": house.mailed(LEE)[0], "password": NEW}
    assert house.browser().ask("POST", "/v1/auth/password/reset", set_).status_code == 204
    assert house.browser().ask("POST", "/v1/auth/password/reset", {**set_, "password": PASSWORD}).status_code == 409
    browser = house.browser()
    assert browser.sign_in(LEE, NEW).status_code == 200
    assert [one["role"] for one in browser.ask("GET", "/v1/me").json()["standings"]] == ["reviewer"]
    assert browser.ask("POST", "/v1/programs/ext:tutoring/roles", {"email": KIM, "role": "owner"}).status_code == 403


def test_an_invitation_is_over_after_a_week_and_when_the_account_is_closed(house: House) -> None:
    owner = house.signed_in(KIM)
    for email in (LEE, "park@example.org"):
        owner.ask("POST", "/v1/programs/ext:tutoring/roles", {"email": email, "role": "reviewer"})
    with transaction(house.engine) as db:
        close_account(db, find_account(db, LEE), by="test", now=house.clock.now)
        give_role(db, None, db.scalars(select(Program)).one(), LEE, Given(Role.OWNER), by="test", now=house.clock.now)
    over = {"token": house.mailed(LEE)[0], "password": NEW}
    assert house.browser().ask("POST", "/v1/auth/password/reset", over).status_code == 409, "it was for who had the account before"
    house.clock.now += dt.timedelta(days=7)
    late = {"token": house.mailed("park@example.org")[0], "password": NEW}
    assert house.browser().ask("POST", "/v1/auth/password/reset", late).json()["type"] == "/problems/link-is-over"


def test_a_wrong_password_that_is_to_be_changed_is_a_try_to_sign_in_that_failed(house: House) -> None:
    here = house.signed_in(KIM)
    for _ in range(MOST):
        assert here.ask("PUT", "/v1/me/password", {"old": "wrong wrong wrong", "new": NEW}).status_code == 403
    last = here.ask("PUT", "/v1/me/password", {"old": PASSWORD, "new": NEW})
    assert (last.status_code, "retry-after" in last.headers) == (429, True)
    assert house.browser().sign_in(KIM).status_code == 429
    house.clock.now += WITHIN
    assert here.ask("PUT", "/v1/me/password", {"old": PASSWORD, "new": "password1234"}).status_code == 422, "right, and so no failure"
    assert here.ask("PUT", "/v1/me/password", {"old": PASSWORD, "new": NEW}).status_code == 204
    with reading(house.engine) as db:
        assert db.scalar(select(func.count()).select_from(Attempt).where(Attempt.at == house.clock.now)) == 0


def test_wrong_passwords_that_are_to_be_changed_count_for_their_network_address_whosesoever_they_are(house: House) -> None:
    kim, lee = house.signed_in(KIM), house.signed_in(LEE)
    for browser in (kim, kim, kim, lee, lee):
        assert browser.ask("PUT", "/v1/me/password", {"old": "wrong wrong wrong", "new": NEW}).status_code == 403
    assert lee.ask("PUT", "/v1/me/password", {"old": PASSWORD, "new": NEW}).status_code == 429
    assert house.browser().sign_in("park@example.org").status_code == 429


def test_a_new_password_ends_other_sessions_and_other_links_and_takes_the_old_one(house: House) -> None:
    here = house.signed_in(KIM)
    there = house.browser()
    there.sign_in(KIM)
    for _ in range(2):
        house.browser().ask("POST", "/v1/auth/password/forgot", {"email": KIM})
    wrong = here.ask("PUT", "/v1/me/password", {"old": "wrong wrong wrong", "new": NEW})
    assert (wrong.status_code, wrong.json()["type"]) == (403, "/problems/wrong-password")
    assert there.ask("GET", "/v1/me").status_code == 200
    assert here.ask("PUT", "/v1/me/password", {"old": PASSWORD, "new": NEW}).status_code == 204
    assert [browser.ask("GET", "/v1/me").status_code for browser in (here, there)] == [200, 401]
    assert [house.browser().sign_in(KIM, password).status_code for password in (PASSWORD, NEW)] == [401, 200]
    for token in house.mailed(KIM):
        answer = house.browser().ask("POST", "/v1/auth/password/reset", {"token": token, "password": PASSWORD})
        assert answer.json()["type"] == "/problems/link-is-over"


def test_of_two_links_the_first_is_over_when_the_second_is_asked_for(house: House) -> None:
    house.account(KIM)
    for _ in range(2):
        house.browser().ask("POST", "/v1/auth/password/forgot", {"email": KIM})
    first, second = house.mailed(KIM)
    answers = [house.browser().ask("POST", "/v1/auth/password/reset", {"token": one, "password": NEW}) for one in (first, second)]
    assert [answer.status_code for answer in answers] == [409, 204]


def test_sessions_are_listed_and_ended_one_by_one_or_all_others_and_nobody_elses(house: House) -> None:
    here, other = house.signed_in(KIM), house.signed_in(LEE)
    others = [house.browser() for _ in range(3)]
    for browser in others:
        browser.sign_in(KIM)
    listed = here.ask("GET", "/v1/me/sessions").json()["items"]
    assert [one["current"] for one in listed] == [True, False, False, False]
    assert other.ask("DELETE", f"/v1/me/sessions/{listed[1]['id']}").status_code == 404
    assert here.ask("DELETE", f"/v1/me/sessions/{listed[1]['id']}").status_code == 204
    assert [browser.ask("GET", "/v1/me").status_code for browser in (here, *others)] == [200, 401, 200, 200]
    assert here.ask("DELETE", "/v1/me/sessions").status_code == 204
    assert [browser.ask("GET", "/v1/me").status_code for browser in (here, *others, other)] == [200, 401, 401, 401, 200]


def test_codes_to_recover_by_are_good_once_each_and_not_after_new_ones_were_made(house: House) -> None:
    inside = house.signed_in(KIM)
    device = pyotp.TOTP(inside.ask("POST", "/v1/me/totp", {}).json()["secret"])
    codes = inside.ask("POST", "/v1/me/totp/confirm", {"code": device.at(house.clock.now)}).json()["recovery_codes"]
    assert len(set(codes)) == 10
    assert [house.browser().sign_in(KIM, code=codes[0]).status_code for _ in range(2)] == [200, 401]
    assert inside.ask("GET", "/v1/me").json()["recovery_codes"] == 9
    fresh = inside.ask("POST", "/v1/me/recovery-codes", {}).json()["recovery_codes"]
    assert [house.browser().sign_in(KIM, code=code).status_code for code in (codes[1], fresh[1])] == [401, 200]


def test_a_code_of_a_device_is_taken_once_and_none_of_an_earlier_step_after_it(house: House) -> None:
    inside = house.signed_in(KIM)
    device = pyotp.TOTP(inside.ask("POST", "/v1/me/totp", {}).json()["secret"])
    inside.ask("POST", "/v1/me/totp/confirm", {"code": device.at(house.clock.now)})
    house.clock.now += dt.timedelta(minutes=5)
    now, earlier = device.at(house.clock.now), device.at(house.clock.now - dt.timedelta(seconds=30))
    assert [house.browser().sign_in(KIM, code=code).status_code for code in (now, now, earlier)] == [200, 401, 401]
    house.clock.now += dt.timedelta(seconds=30)
    old = device.at(house.clock.now - dt.timedelta(seconds=90))
    assert house.browser().sign_in(KIM, code=old).status_code == 401
    assert house.browser().sign_in(KIM, code=device.at(house.clock.now)).status_code == 200


def test_somebody_in_two_programs_is_in_each_what_they_are_there(house: House) -> None:
    taught_term(house.engine, city="town")
    browser = house.signed_in(KIM, None)
    with transaction(house.engine) as db:
        first, second = db.scalars(select(Program).order_by(Program.id)).all()
        give_role(db, None, first, KIM, Given(Role.OWNER), by="test", now=house.clock.now)
        give_role(db, None, second, KIM, Given(Role.REVIEWER), by="test", now=house.clock.now)
    held = {one["program"]["id"]: one["role"] for one in browser.ask("GET", "/v1/me").json()["standings"]}
    assert held == {str(first.id): "owner", str(second.id): "reviewer"}
    assert [browser.ask("GET", f"/v1/programs/{one.id}").status_code for one in (first, second)] == [200, 200]
    assert [browser.ask("GET", f"/v1/programs/{one.id}/roles").status_code for one in (first, second)] == [200, 403]
    assert [browser.ask("PATCH", f"/v1/programs/{one.id}", {"name": "new"}).status_code for one in (first, second)] == [200, 403]


def test_what_let_somebody_in_is_forgotten_when_it_is_over_and_not_before(house: House) -> None:
    browser = house.signed_in(KIM)
    browser.ask("POST", "/v1/auth/password/forgot", {"email": KIM})
    browser.ask("POST", "/v1/auth/passkeys/begin")
    browser.sign_in(KIM, "wrong wrong wrong")

    def kept() -> list[int | None]:
        with reading(house.engine) as db:
            return [db.scalar(select(func.count()).select_from(table)) for table in (Visit, MailedLink, Challenge, Attempt)]

    assert (forget_sign_ins(house.engine, house.clock), kept()) == (0, [1, 1, 1, 2])
    house.clock.now += dt.timedelta(minutes=5)
    assert (forget_sign_ins(house.engine, house.clock), kept()) == (1, [1, 1, 0, 2])
    house.clock.now += dt.timedelta(minutes=10)
    assert (forget_sign_ins(house.engine, house.clock), kept()) == (2, [1, 1, 0, 0])
    house.clock.now += dt.timedelta(hours=12)
    assert (forget_sign_ins(house.engine, house.clock), kept()) == (1, [0, 1, 0, 0])
    house.clock.now += dt.timedelta(days=1)
    assert (forget_sign_ins(house.engine, house.clock), kept()) == (1, [0, 0, 0, 0])
