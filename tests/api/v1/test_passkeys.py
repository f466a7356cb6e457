"""Passkeys: a device is made one and signs in, and nothing else does in its place."""

from __future__ import annotations

import base64
import datetime as dt
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine, func, select

from data.base import new_id
from data.database import transaction
from data.grants import Account
from data.passkeys import LIVES, BadPasskey, Challenge, Occasion, Site, account_by_passkey, add_passkey
from tests.api.v1.authenticator import PRESENT, Device
from tests.api.v1.browsers import Browser, House
from tests.api.v1.callers import NOW
from tests.sessions import taught_term

KIM, LEE = "kim@example.org", "lee@example.org"


@pytest.fixture
def house(database: Engine) -> House:
    taught_term(database)
    return House(database)


def broken(credential: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a device says, with each part of it in turn gone, of another kind, cut off, or wrong in some bits; and which part."""
    chance = random.Random(3)
    for place in [*((name,) for name in credential), *(("response", name) for name in credential["response"])]:
        told: Any = credential
        for name in place:
            told = told[name]
        others: list[object] = [None, 1, True, [], {}, "", "!", "AA", "주소", "\0", ["AA"], {"AA": "AA"}]
        if place[0] == "response" and isinstance(told, str):
            whole = base64.urlsafe_b64decode(told + "==")
            cut = [whole[:at] for at in range(0, len(whole), max(1, len(whole) // 20))]
            bits = [bytes(byte ^ (chance.random() < 0.02) * chance.randrange(256) for byte in whole) for _ in range(60)]
            others += [base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in cut + bits if one != whole]
        for other in others:
            if other != told:
                yield place[-1], _with(credential, place, other)
        yield place[-1], _with(credential, place, LEFT_OUT)


LEFT_OUT = object()
NOT_LOOKED_AT = {"clientExtensionResults", "userHandle", "attestationObject"}
"""Parts of which nothing hangs on all that they say; the last is signed by nobody."""


def _with(thing: dict[str, Any], place: tuple[str, ...], value: object) -> dict[str, Any]:
    name, *rest = place
    if rest:
        return {**thing, name: _with(thing[name], tuple(rest), value)}
    return {key: (value if key == name else one) for key, one in thing.items() if key != name or value is not LEFT_OUT}


def add(browser: Browser, device: Device, options: dict[str, object] | None = None) -> httpx.Response:
    """Has a device become a passkey of whoever is signed in, by other options where these are given."""
    begun = browser.ask("POST", "/v1/me/passkeys/begin", {}).json()
    said = device.make({**begun["options"], **(options or {})})
    return browser.ask("POST", "/v1/me/passkeys", {"challenge": begun["challenge"], "credential": said, "name": "phone"})


def sign_in(browser: Browser, device: Device, options: dict[str, object] | None = None) -> httpx.Response:
    """Signs in by one."""
    begun = browser.ask("POST", "/v1/auth/passkeys/begin").json()
    said = device.sign({**begun["options"], **(options or {})})
    return browser.ask("POST", "/v1/auth/passkeys", {"challenge": begun["challenge"], "credential": said})


def refused(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json()["type"]) == (409, "/problems/bad-passkey")


def test_a_device_is_made_a_passkey_and_signs_in_without_a_password_which_is_enough_no_more(house: House) -> None:
    inside, device = house.signed_in(KIM), Device()
    made = add(inside, device)
    assert made.status_code == 201, made.text
    browser = house.browser()
    entered = sign_in(browser, device)
    assert entered.status_code == 200, entered.text
    assert browser.ask("GET", "/v1/me").json()["email"] == KIM
    assert house.browser().sign_in(KIM).json()["type"] == "/problems/second-factor"
    (listed,) = inside.ask("GET", "/v1/me/passkeys").json()["items"]
    assert (listed["name"], listed["last_used_at"] is not None) == ("phone", True)
    assert inside.ask("DELETE", f"/v1/me/passkeys/{listed['id']}").status_code == 204
    assert refused(sign_in(house.browser(), device))
    assert house.browser().sign_in(KIM).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda device: setattr(device, "origin", "http://evil.example"), id="at another site"),
        pytest.param(lambda device: setattr(device, "host", "evil.example"), id="for another site"),
        pytest.param(lambda device: setattr(device, "flags", PRESENT), id="of somebody who was not looked at"),
    ],
)
def test_what_a_device_says_elsewhere_or_of_nobody_counts_neither_to_make_it_one_nor_to_sign_in(
    house: House, change: Callable[[Device], None]
) -> None:
    inside, device, other = house.signed_in(KIM), Device(), Device()
    assert add(inside, device).status_code == 201
    change(device)
    change(other)
    assert refused(sign_in(house.browser(), device))
    assert refused(add(inside, other))


def test_another_challenge_and_one_that_was_used_or_is_over_sign_nobody_in(house: House) -> None:
    inside, device, browser = house.signed_in(KIM), Device(), house.browser()
    assert refused(add(inside, Device(), {"challenge": "b3RoZXI"}))
    assert add(inside, device).status_code == 201
    assert refused(sign_in(browser, device, {"challenge": "b3RoZXI"}))
    begun = browser.ask("POST", "/v1/auth/passkeys/begin").json()
    shown = {"challenge": begun["challenge"], "credential": device.sign(begun["options"])}
    assert browser.ask("POST", "/v1/auth/passkeys", shown).status_code == 200
    assert refused(house.browser().ask("POST", "/v1/auth/passkeys", shown)), "replayed"
    begun = browser.ask("POST", "/v1/auth/passkeys/begin").json()
    assert refused(browser.ask("POST", "/v1/auth/passkeys", {**shown, "challenge": begun["challenge"]}))
    right = {"challenge": begun["challenge"], "credential": device.sign(begun["options"])}
    assert refused(browser.ask("POST", "/v1/auth/passkeys", right)), "after a wrong answer there is no other"
    begun = browser.ask("POST", "/v1/auth/passkeys/begin").json()
    house.clock.now += dt.timedelta(minutes=5)
    assert refused(browser.ask("POST", "/v1/auth/passkeys", {**shown, "challenge": begun["challenge"]}))


def test_a_counter_that_goes_back_is_that_of_a_copy(house: House) -> None:
    inside, device = house.signed_in(KIM), Device(count=5)
    assert add(inside, device).status_code == 201
    assert sign_in(house.browser(), device).status_code == 200
    device.count = 5
    assert refused(sign_in(house.browser(), device)), "6 again"
    device.count = 2
    assert refused(sign_in(house.browser(), device))
    device.count = 6
    assert sign_in(house.browser(), device).status_code == 200


def test_a_device_signs_in_as_its_own_account_alone_and_is_of_one(house: House) -> None:
    kim, lee = house.signed_in(KIM), house.signed_in(LEE)
    mine, theirs = Device(), Device()
    assert (add(kim, mine).status_code, add(lee, theirs).status_code) == (201, 201)
    assert refused(add(lee, mine)), "it is another's"
    forged = Device(id=mine.id, user=mine.user, key=theirs.key, count=9)
    assert refused(sign_in(house.browser(), forged)), "another's key under this id"
    assert refused(sign_in(house.browser(), Device(key=ec.generate_private_key(ec.SECP256R1())))), "nobody's"
    begun = kim.ask("POST", "/v1/me/passkeys/begin", {}).json()
    taken = {"challenge": begun["challenge"], "credential": Device().make(begun["options"]), "name": "phone"}
    assert refused(lee.ask("POST", "/v1/me/passkeys", taken)), "another's challenge"
    (listed,) = kim.ask("GET", "/v1/me/passkeys").json()["items"]
    assert lee.ask("DELETE", f"/v1/me/passkeys/{listed['id']}").status_code == 404
    browser = house.browser()
    assert sign_in(browser, theirs).status_code == 200
    assert browser.ask("GET", "/v1/me").json()["email"] == LEE


def test_whatever_is_broken_of_what_a_device_says_is_refused_and_takes_its_challenge(house: House) -> None:
    inside, device, other = house.signed_in(KIM), Device(), Device()
    assert add(inside, device).status_code == 201
    site, asked = Site("dure.example", "http://dure.example"), {"challenge": "b3RoZXI", "user": {"id": "a2lt"}}
    passed, refusals = set[str](), 0
    with transaction(house.engine) as db:
        account = db.scalars(select(Account)).one()
        adding = partial(add_passkey, db, account, name="", by="test", now=NOW)
        for occasion, of, take, said in (
            (Occasion.ADD, account.id, adding, other.make(asked)),
            (Occasion.SIGN_IN, None, partial(account_by_passkey, db, now=NOW), device.sign(asked)),
        ):
            for part, credential in broken(said):
                challenge = Challenge(id=new_id(), occasion=occasion, account_id=of, value=b"other", ends_at=NOW + LIVES)
                db.add(challenge)
                db.flush()
                try:
                    take(challenge.id, credential, site)
                    passed.add(part)
                except BadPasskey:
                    refusals += 1
                assert db.scalar(select(func.count()).select_from(Challenge)) == 0
    assert passed <= NOT_LOOKED_AT
    assert refusals > 400


def test_a_device_becomes_one_only_just_after_signing_in(house: House) -> None:
    inside = house.signed_in(KIM)
    house.clock.now += dt.timedelta(minutes=15)
    stale = inside.ask("POST", "/v1/me/passkeys/begin", {})
    assert (stale.status_code, stale.json()["type"]) == (403, "/problems/not-fresh")
