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


def test_what_a_page_of_another_site_sends_changes_nothing(house: House) -> None:
    browser = house.signed_in(KIM)
    foreign = browser.ask("DELETE", "/v1/me/sessions", headers={"sec-fetch-site": "cross-site"})
    assert (foreign.status_code, foreign.json()["type"]) == (403, "/problems/other-site")
    assert "unsafe-inline" not in foreign.headers["content-security-policy"]
    assert browser.ask("DELETE", "/v1/me/sessions").status_code == 204
