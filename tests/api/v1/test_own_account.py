"""What is an account's own: its second factor, where it is signed in, and that no other site acts in its name."""

from __future__ import annotations

import pyotp
import pytest
from sqlalchemy import Engine

from tests.api.v1.browsers import House
from tests.sessions import taught_term

KIM = "kim@example.org"


@pytest.fixture
def house(database: Engine) -> House:
    taught_term(database)
    return House(database)


def test_a_code_of_a_device_is_asked_for_and_good_once_and_a_code_to_recover_by_too(house: House) -> None:
    browser = house.signed_in(KIM)
    device = pyotp.TOTP(browser.ask("POST", "/v1/me/totp", {}).json()["secret"])
    first = device.at(house.clock.now)
    codes = browser.ask("POST", "/v1/me/totp/confirm", {"code": first}).json()["recovery_codes"]
    answers = [house.browser().sign_in(KIM, code=code) for code in (None, first, codes[0], codes[0])]
    assert [answer.status_code for answer in answers] == [401, 401, 200, 401]
    assert answers[0].json()["type"] == "/problems/second-factor"


def test_where_a_program_asks_for_two_factors_who_runs_it_shows_them_and_who_is_taught_need_not(house: House) -> None:
    browser = house.signed_in(KIM)
    (program,) = browser.ask("GET", "/v1/programs").json()["items"]
    changed = browser.ask("PATCH", f"/v1/programs/{program['id']}", {"settings": {"two_factors": True}})
    assert changed.status_code == 200, changed.text
    paths = ("/v1/terms/ext:spring/sessions", f"/v1/programs/{program['id']}", "/v1/programs", "/v1/audit")
    told = [browser.ask("GET", path) for path in paths]
    assert [(one.status_code, one.json()["type"]) for one in told] == [(403, "/problems/one-factor-only")] * 4
    assert browser.ask("POST", "/v1/programs", {"external_id": "more"}).status_code == 403
    device = pyotp.TOTP(browser.ask("POST", "/v1/me/totp", {}).json()["secret"])
    codes = browser.ask("POST", "/v1/me/totp/confirm", {"code": device.at(house.clock.now)}).json()["recovery_codes"]
    assert browser.ask("GET", paths[0]).status_code == 403, "this browser has shown one"
    other = house.browser()
    assert other.sign_in(KIM, code=codes[0]).status_code == 200
    assert [other.ask("GET", path).status_code for path in paths] == [200] * 4
    mentor = house.browser()
    mentor.ask("POST", "/v1/auth/links", {"email": "m-1@example.org"})
    mentor.ask("POST", "/v1/auth/links/use", {"token": house.mailed("m-1@example.org")[0]})
    assert mentor.ask("GET", paths[0]).json()["items"]


def test_what_a_page_of_another_site_sends_changes_nothing(house: House) -> None:
    browser = house.signed_in(KIM)
    foreign = browser.ask("DELETE", "/v1/me/sessions", headers={"sec-fetch-site": "cross-site"})
    assert (foreign.status_code, foreign.json()["type"]) == (403, "/problems/other-site")
    assert "unsafe-inline" not in foreign.headers["content-security-policy"]
    assert browser.ask("DELETE", "/v1/me/sessions").status_code == 204
