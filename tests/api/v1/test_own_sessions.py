"""Where an account is signed in: seen and ended by whose it is, and new each time; what guards it is changed only right after that."""

from __future__ import annotations

import datetime as dt

import pyotp
import pytest
from sqlalchemy import Engine, select

from data.accounts import close_account
from data.audit import Deed
from data.clients import hashed
from data.database import reading, transaction
from data.factors import ALPHABET, RecoveryCode, Totp
from data.grants import Account
from data.signed_in import FRESH, Visit
from tests.api.v1.browsers import PASSWORD, Browser, House
from tests.sessions import taught_term

KIM = "kim@example.org"
NEW = "nine green boats at noon"


@pytest.fixture
def house(database: Engine) -> House:
    taught_term(database)
    return House(database)


def with_device(house: House) -> tuple[Browser, pyotp.TOTP, list[str]]:
    """A browser of somebody with a second factor, the device and codes to recover by."""
    browser = house.signed_in(KIM)
    device = pyotp.TOTP(browser.ask("POST", "/v1/me/totp", {}).json()["secret"])
    codes = browser.ask("POST", "/v1/me/totp/confirm", {"code": device.at(house.clock.now)}).json()["recovery_codes"]
    return browser, device, codes


def test_each_sign_in_has_a_token_of_its_own_of_which_only_a_hash_is_kept(house: House) -> None:
    browser = house.signed_in(KIM)
    before = browser.cookies["__Host-dure"]
    assert browser.sign_in(KIM).status_code == 200
    after = browser.cookies["__Host-dure"]
    assert before != after
    assert len(after) * 6 >= 256
    with reading(house.engine) as db:
        assert db.scalars(select(Visit.hash)).all() == [hashed(after)]
    browser.cookies["__Host-dure"] = before
    assert browser.ask("GET", "/v1/me").status_code == 401


def test_all_browsers_are_listed_and_each_is_signed_out_from_another(house: House) -> None:
    here = house.signed_in(KIM)
    there, elsewhere = house.browser(), house.browser()
    assert {one.sign_in(KIM).status_code for one in (there, elsewhere)} == {200}
    listed = here.ask("GET", "/v1/me/sessions").json()["items"]
    assert [one["current"] for one in listed] == [True, False, False]
    assert here.ask("DELETE", f"/v1/me/sessions/{listed[1]['id']}").status_code == 204
    assert [one.ask("GET", "/v1/me").status_code for one in (here, there, elsewhere)] == [200, 401, 200]
    assert here.ask("DELETE", "/v1/me/sessions").status_code == 204
    assert [one.ask("GET", "/v1/me").status_code for one in (here, elsewhere)] == [200, 401]
    foreign = house.signed_in("lee@example.org")
    assert foreign.ask("DELETE", f"/v1/me/sessions/{listed[0]['id']}").status_code == 404
    assert here.ask("GET", "/v1/me").status_code == 200


def test_a_password_is_changed_by_who_knows_it_and_all_other_browsers_are_signed_out(house: House) -> None:
    here, there = house.signed_in(KIM), house.browser()
    there.sign_in(KIM)
    assert here.ask("PUT", "/v1/me/password", {"old": "wrong wrong wrong", "new": NEW}).status_code == 403
    assert here.ask("PUT", "/v1/me/password", {"old": PASSWORD, "new": "password1234"}).status_code == 422
    assert here.ask("PUT", "/v1/me/password", {"old": PASSWORD, "new": NEW}).status_code == 204
    assert [one.ask("GET", "/v1/me").status_code for one in (here, there)] == [200, 401]
    assert [house.browser().sign_in(KIM, one).status_code for one in (PASSWORD, NEW)] == [401, 200]


def test_what_guards_an_account_is_changed_only_right_after_signing_in(house: House) -> None:
    browser = house.signed_in(KIM)
    house.clock.now += FRESH
    for method, path in (("POST", "/totp"), ("DELETE", "/totp"), ("POST", "/recovery-codes"), ("POST", "/passkeys/begin")):
        late = browser.ask(method, f"/v1/me{path}", {} if method == "POST" else None)
        assert (late.status_code, late.json()["type"]) == (403, "/problems/not-fresh")
    browser.sign_in(KIM)
    assert browser.ask("POST", "/v1/me/totp", {}).status_code == 201


def test_who_sets_a_new_password_by_mail_still_shows_the_second_factor(house: House) -> None:
    _, _, codes = with_device(house)
    house.browser().ask("POST", "/v1/auth/password/forgot", {"email": KIM})
    (token,) = house.mailed(KIM)
    assert house.browser().ask("POST", "/v1/auth/password/reset", {"token": token, "password": NEW}).status_code == 204
    assert [house.browser().sign_in(KIM, NEW, code).status_code for code in (None, codes[0])] == [401, 200]


def test_codes_to_recover_by_are_random_enough_for_a_plain_hash_and_of_a_device_one_step_counts(house: House) -> None:
    browser, device, codes = with_device(house)
    signs = codes[0].replace("-", "")
    assert len(ALPHABET) ** len(signs) > 2**112
    with reading(house.engine) as db:
        assert hashed(codes[0]) in db.scalars(select(RecoveryCode.hash)).all()
        assert db.scalars(select(Totp.secret)).one()
    house.clock.now += dt.timedelta(minutes=2)
    old = device.at(house.clock.now - dt.timedelta(minutes=1))
    assert [house.browser().sign_in(KIM, code=code).status_code for code in (old, device.at(house.clock.now))] == [401, 200]
    assert browser.ask("DELETE", "/v1/me/totp").status_code == 204


def test_who_is_closed_out_is_signed_in_nowhere(house: House) -> None:
    browser = house.signed_in(KIM)
    with transaction(house.engine) as db:
        close_account(db, db.scalars(select(Account).where(Account.email == KIM)).one(), by="test", now=house.clock.now)
    assert browser.ask("GET", "/v1/me").status_code == 401
    assert house.browser().sign_in(KIM).status_code == 401


def test_each_sign_in_is_in_the_audit_with_its_way(house: House) -> None:
    account = house.account(KIM)
    house.browser().sign_in(KIM)
    house.browser().ask("POST", "/v1/auth/links", {"email": "m-1@example.org"})
    (token,) = house.mailed("m-1@example.org")
    house.browser().ask("POST", "/v1/auth/links/use", {"token": token})
    with reading(house.engine) as db:
        first, second = db.scalars(select(Deed).where(Deed.what == "signed in").order_by(Deed.id))
    assert (first.by, first.details, first.source) == (f"account {account.id}", {"way": "password"}, "127.0.0.1")
    assert second.details == {"way": "mailed link"}
