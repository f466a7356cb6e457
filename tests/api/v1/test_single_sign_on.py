"""Signing in with an organisation's identity provider: who gets in, as whom, and what does not hold."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey
from sqlalchemy import Engine, func, select, update

from data.access import Role
from data.accounts import account_for, close_account
from data.audit import Deed
from data.database import reading, transaction
from data.grants import Account, Grant
from data.identities import Departure, IdentityProvider
from data.people import Person
from data.program_settings import change_setting
from data.programs import Organisation, Program
from data.roles import take_role
from data.sealing import unseal
from data.signed_in import FRESH
from data.single_sign_on import BadDomain, NewProvider, set_provider
from scheduler.identity import HOSTS
from scheduler.jobs import forget_sign_ins
from tests.api.v1.browsers import Browser, House
from tests.api.v1.callers import NOW
from tests.api.v1.providers import Liar, consent, lying_provider, real_provider
from tests.sessions import taught_term

KIM = "kim@campus.example"
PEOPLE = (
    {"sub": "kim-1", "email": KIM, "email_verified": True},
    {"sub": "kim-2", "email": KIM, "email_verified": True},
    {"sub": "loose", "email": KIM, "email_verified": False},
    {"sub": "lee-1", "email": "lee@campus.example", "email_verified": True},
    {"sub": "far-1", "email": "far@other.example", "email_verified": True},
)


@pytest.fixture(scope="module")
def real() -> Iterator[str]:
    with real_provider(*PEOPLE) as at:
        yield at


@pytest.fixture
def house(database: Engine, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv(HOSTS, "127.0.0.1")
    taught_term(database)
    return House(database)


@pytest.fixture
def liar(house: House) -> Iterator[Liar]:
    with lying_provider(int(NOW.timestamp())) as one:
        registered(house, one.at)
        house.account(KIM)
        yield one


def registered(house: House, issuer: str) -> str:
    """Gives the only organisation a provider, and says its key."""
    with transaction(house.engine) as db:
        of = db.scalars(select(Organisation)).one()
        set_provider(db, of.id, NewProvider(issuer, "dure", "client secret", "campus.example"), by="test", now=house.clock.now)
        return of.key


def at_the_real_one(house: House, real: str) -> House:
    """The house in the time in which that lives."""
    house.clock.now = dt.datetime.now(dt.UTC)
    registered(house, real)
    return house


def away(house: House, browser: Browser, **more: object) -> str:
    """To where a browser is sent that begins."""
    with reading(house.engine) as db:
        key = db.scalars(select(Organisation.key)).one()
    begun = browser.ask("POST", "/v1/auth/sso", {"organisation": key, **more})
    assert begun.status_code == 200, begun.text
    return str(begun.json()["address"])


def come(house: House, subject: str) -> tuple[Browser, httpx.Response]:
    """Somebody signs in with the real provider."""
    browser = house.browser()
    return browser, browser.ask("GET", consent(away(house, browser), subject))


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def test_who_has_a_role_comes_in_by_a_verified_address_and_it_is_written_down(house: House, real: str) -> None:
    at_the_real_one(house, real)
    account = house.account(KIM, Role.REVIEWER, password="")
    browser, entered = come(house, "kim-1")
    assert (entered.status_code, entered.headers["location"]) == (303, "http://127.0.0.1:8000/")
    assert browser.ask("GET", "/v1/me").json()["email"] == KIM
    assert set(browser.cookies) == {"__Host-dure"}, "what it showed to come back is gone"
    with reading(house.engine) as db:
        rows = db.execute(select(Deed.what, Deed.whom, Deed.details).where(Deed.by == f"account {account.id}").order_by(Deed.id)).all()
    me = f"account {account.id}"
    assert [tuple(row) for row in rows] == [
        ("identity added", me, {"issuer": real}),
        ("signed in", me, {"way": "single sign-on"}),
    ]


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param("loose", id="an address that is not verified"),
        pytest.param("lee-1", id="nobody's address"),
        pytest.param("far-1", id="an address for which the provider does not speak"),
    ],
)
def test_others_are_all_told_the_same_and_leave_no_account(house: House, real: str, subject: str) -> None:
    at_the_real_one(house, real)
    house.account(KIM)
    house.account("far@other.example")
    with reading(house.engine) as db:
        before = db.scalar(select(func.count()).select_from(Account))
    browser, refused = come(house, subject)
    assert kind(refused) == (403, "not-let-in")
    assert refused.json()["detail"] == "you have no role here by the address that you signed in with"
    assert browser.ask("GET", "/v1/me").status_code == 401
    with reading(house.engine) as db:
        assert db.scalar(select(func.count()).select_from(Account)) == before


def test_an_account_without_a_role_in_the_organisation_and_one_that_is_closed_stay_out(house: House, real: str) -> None:
    at_the_real_one(house, real)
    house.account(KIM, None)
    assert kind(come(house, "kim-1")[1]) == (403, "not-let-in")
    with transaction(house.engine) as db:
        account = account_for(db, KIM, by="test", now=NOW)
        close_account(db, account, by="test", now=NOW)
    assert kind(come(house, "kim-1")[1]) == (403, "not-let-in")


def test_an_account_stays_with_whom_it_was_when_addresses_change(house: House, real: str) -> None:
    at_the_real_one(house, real)
    account = house.account(KIM)
    assert come(house, "kim-1")[1].status_code == 303
    assert kind(come(house, "kim-2")[1]) == (403, "not-let-in"), "another has the address now"
    with transaction(house.engine) as db:
        db.execute(update(Account).where(Account.id == account.id).values(email="kim.new@campus.example"))
    browser, entered = come(house, "kim-1")
    assert (entered.status_code, browser.ask("GET", "/v1/me").json()["email"]) == (303, "kim.new@campus.example")


def test_a_way_back_is_gone_once_and_by_the_same_browser_alone(house: House, real: str) -> None:
    at_the_real_one(house, real)
    house.account(KIM)
    browser, other = house.browser(), house.browser()
    away(house, other)
    back = consent(away(house, browser), "kim-1")
    assert kind(other.ask("GET", back)) == (409, "departure-is-over"), "a state from another browser"
    assert kind(house.browser().ask("GET", back)) == (409, "departure-is-over"), "or from none"
    forged = back.replace("state=", "state=x")
    assert kind(browser.ask("GET", forged)) == (409, "departure-is-over")
    shown = dict(browser.cookies)
    assert browser.ask("GET", back).status_code == 303
    browser.cookies = shown
    assert kind(browser.ask("GET", back)) == (409, "departure-is-over"), "replayed"


def test_a_code_that_was_redeemed_is_of_no_use_with_a_new_state(house: House, real: str) -> None:
    at_the_real_one(house, real)
    house.account(KIM)
    browser = house.browser()
    back = consent(away(house, browser), "kim-1")
    code = httpx.URL(f"http://dure.example{back}").params["code"]
    assert browser.ask("GET", back).status_code == 303
    state = httpx.URL(away(house, browser)).params["state"]
    assert kind(browser.ask("GET", f"/v1/auth/sso/return?state={state}&code={code}")) == (401, "provider-refused")


def test_a_browser_that_is_away_for_too_long_begins_again_and_is_forgotten(house: House, liar: Liar) -> None:
    browser = house.browser()
    back = liar.sent(away(house, browser))
    house.clock.now += dt.timedelta(minutes=10)
    assert kind(browser.ask("GET", back)) == (409, "departure-is-over")
    forget_sign_ins(house.engine, house.clock)
    with reading(house.engine) as db:
        assert db.scalar(select(func.count()).select_from(Departure)) == 0


def test_it_asks_with_a_challenge_and_only_ever_comes_back_to_this_service(house: House, liar: Liar) -> None:
    browser = house.browser()
    back = liar.sent(away(house, browser))
    asked = liar.asked
    assert (asked["response_type"], asked["code_challenge_method"], asked["scope"]) == ("code", "S256", "openid email")
    assert asked["redirect_uri"] == "http://127.0.0.1:8000/v1/auth/sso/return"
    entered = browser.ask("GET", f"{back}&redirect_uri=https://evil.example&next=https://evil.example")
    assert (entered.status_code, entered.headers["location"]) == (303, "http://127.0.0.1:8000/")


def test_it_asks_when_people_signed_in_and_has_them_asked_again_where_that_is_wanted(house: House, liar: Liar) -> None:
    browser = house.browser()
    liar.sent(away(house, browser))
    assert (liar.asked["max_age"], liar.asked.get("prompt")) == ("604800", None)
    liar.sent(away(house, browser, again=True))
    assert (liar.asked["max_age"], liar.asked["prompt"]) == ("604800", "login")


@pytest.mark.parametrize(
    ("signed_in_at", "fresh"),
    [
        pytest.param(0, True, id="now"),
        pytest.param(30, True, id="a bit later, by its own clock"),
        pytest.param(-FRESH.seconds + 1, True, id="a while ago"),
        pytest.param(-FRESH.seconds, False, id="too long ago"),
        pytest.param(None, False, id="nobody knows when"),
    ],
)
def test_what_guards_an_account_is_changed_only_right_after_the_provider_asked(
    house: House, liar: Liar, signed_in_at: int | None, *, fresh: bool
) -> None:
    liar.claims.update(auth_time=None if signed_in_at is None else THEN + signed_in_at)
    browser = house.browser()
    assert browser.ask("GET", liar.sent(away(house, browser))).status_code == 303
    begun = browser.ask("POST", "/v1/me/totp", {})
    assert begun.status_code == 201 if fresh else kind(begun) == (403, "not-fresh"), begun.text


@pytest.mark.parametrize(
    ("amr", "known", "shown"),
    [
        pytest.param(None, False, False, id="the provider says nothing"),
        pytest.param(["pwd"], False, False, id="it says a password"),
        pytest.param(["pwd", "otp", "mfa"], False, True, id="it says two factors"),
        pytest.param(None, True, True, id="it is known to ask for them"),
    ],
)
def test_coming_from_a_provider_is_two_factors_where_it_says_so_or_is_known_to_ask_for_them(
    house: House, liar: Liar, amr: object, *, known: bool, shown: bool
) -> None:
    liar.claims.update(amr=amr)
    with transaction(house.engine) as db:
        change_setting(db, db.scalars(select(Program)).one(), "two_factors", value=True, by="test", now=NOW)
        of = db.scalars(select(Organisation)).one().id
        set_provider(db, of, NewProvider(liar.at, "dure", "client secret", "campus.example", two_factors=known), by="test", now=NOW)
    browser = house.browser()
    assert browser.ask("GET", liar.sent(away(house, browser))).status_code == 303
    asked = browser.ask("GET", "/v1/programs")
    assert asked.status_code == 200 if shown else kind(asked) == (403, "one-factor-only"), asked.text


def test_a_code_is_of_no_use_without_what_this_browser_has(house: House, liar: Liar) -> None:
    browser = house.browser()
    back = liar.sent(away(house, browser))
    liar.asked["code_challenge"] = "of another"
    assert kind(browser.ask("GET", back)) == (401, "provider-refused")


@dataclass(frozen=True, slots=True)
class Lie:
    """Something that does not hold, and what is said of it."""

    told: Callable[[Liar], object]
    says: str = ""
    answer: tuple[int, str] = field(default=(401, "bad-identity"))


def brings(liar: Liar, how: str) -> None:
    """It shows one key, signs with another, and tells the other beside the signature."""
    liar.shown, liar.key = (ECKey.generate_key("P-256", {"kid": "one"}) for _ in range(2))  # a header has room for short keys only
    own: object = liar.key.as_dict(private=False) if how == "jwk" else f"{liar.at}/other-jwks"
    liar.header = {"alg": "ES256", "kid": "one", how: own}


THEN = int(NOW.timestamp())
LIES = {
    "another nonce": Lie(lambda liar: liar.claims.update(nonce="other"), "nonce"),
    "no nonce": Lie(lambda liar: liar.claims.update(nonce=None), "nonce"),
    "for another service": Lie(lambda liar: liar.claims.update(aud="other"), "aud"),
    "for several services, by another": Lie(lambda liar: liar.claims.update(aud=["dure", "other"], azp="other"), "azp"),
    "of another issuer": Lie(lambda liar: liar.claims.update(iss="https://other.example"), "iss"),
    "over": Lie(lambda liar: liar.claims.update(exp=THEN - 120), "expired"),
    "not yet": Lie(lambda liar: liar.claims.update(nbf=THEN + 120), "not yet valid"),
    "from the future": Lie(lambda liar: liar.claims.update(iat=THEN + 120), "in the future"),
    "without an end": Lie(lambda liar: liar.claims.update(exp=None), "exp"),
    "of no issuer": Lie(lambda liar: liar.claims.update(iss=None), "iss"),
    "signed in in the future": Lie(lambda liar: liar.claims.update(auth_time=THEN + 120), "in the future"),
    "signed in a month ago": Lie(lambda liar: liar.claims.update(auth_time=THEN - 30 * 86_400), "more than 7 days ago"),
    "signed in at no time": Lie(lambda liar: liar.claims.update(auth_time=True), "is no time"),
    "signed in at a number that is none": Lie(lambda liar: liar.claims.update(auth_time=float("nan")), "in the future"),
    "of nobody": Lie(lambda liar: liar.claims.update(sub=""), ""),
    "signed by another key": Lie(lambda liar: setattr(liar, "shown", RSAKey.generate_key(2048, {"kid": "one"})), "signature"),
    "signed by a key that it brings": Lie(lambda liar: brings(liar, "jwk"), "signature"),
    "signed by a key of an address that it brings": Lie(lambda liar: brings(liar, "jku"), "signature"),
    "not signed": Lie(lambda liar: setattr(liar, "unsigned", True), ""),
    "of two people": Lie(
        lambda liar: (
            liar.claims.update(email=None),
            liar.discovery.update(userinfo_endpoint=f"{liar.at}/userinfo"),
            liar.userinfo.update(sub="other", email=KIM, email_verified=True),
        ),
        "two people",
    ),
    "verified as a text": Lie(lambda liar: liar.claims.update(email_verified="true"), "no role", (403, "not-let-in")),
    "another provider now": Lie(lambda liar: liar.discovery.update(issuer="https://other.example"), "another", (502, "provider-away")),
    "on a machine inside": Lie(lambda liar: liar.discovery.update(token_endpoint="http://localhost:1/"), "https", (502, "provider-away")),  # noqa: S106  no password
    "on one by its number": Lie(lambda liar: liar.discovery.update(jwks_uri="https://10.0.0.1/"), "public", (502, "provider-away")),
    "not there": Lie(lambda liar: liar.discovery.update(jwks_uri=f"{liar.at}/none"), "404", (502, "provider-away")),
    "too large": Lie(lambda liar: liar.discovery.update(more="x" * 2_100_000), "MB", (502, "provider-away")),
}


@pytest.mark.parametrize("name", LIES)
def test_what_does_not_hold_lets_nobody_in(house: House, liar: Liar, name: str) -> None:
    browser = house.browser()
    back = liar.sent(away(house, browser))
    LIES[name].told(liar)
    refused = browser.ask("GET", back)
    assert kind(refused) == LIES[name].answer, refused.text
    assert LIES[name].says in refused.json()["detail"]
    assert browser.ask("GET", "/v1/me").status_code == 401


def test_a_key_that_all_may_read_signs_nothing_as_if_it_were_a_secret(house: House, liar: Liar) -> None:
    browser = house.browser()
    back = liar.sent(away(house, browser))
    known = RSAKey.generate_key(2048, {"kid": "one"})
    liar.shown, liar.header = known, {"alg": "HS256", "kid": "one"}
    liar.key = OctKey.import_key(base64.b64encode(known.as_der(private=False)))
    assert kind(browser.ask("GET", back)) == (401, "bad-identity")


def test_an_address_that_is_told_beside_the_token_counts(house: House, liar: Liar) -> None:
    liar.claims.update(email=None, email_verified=None)
    liar.discovery["userinfo_endpoint"] = f"{liar.at}/userinfo"
    liar.userinfo = {"sub": "kim-1", "email": KIM.upper(), "email_verified": True}
    browser = house.browser()
    assert browser.ask("GET", liar.sent(away(house, browser))).status_code == 303


def test_another_provider_cannot_send_a_browser_back(house: House, liar: Liar) -> None:
    browser = house.browser()
    back = liar.sent(away(house, browser))
    assert kind(browser.ask("GET", f"{back}&iss=https://other.example")) == (401, "bad-identity")
    assert "/token" not in liar.paths, "it gets no code"


def test_one_that_says_who_sends_the_browser_always_does(house: House, liar: Liar) -> None:
    liar.discovery["authorization_response_iss_parameter_supported"] = True
    browser = house.browser()
    assert kind(browser.ask("GET", liar.sent(away(house, browser)))) == (401, "bad-identity")
    assert "/token" not in liar.paths
    assert browser.ask("GET", f"{liar.sent(away(house, browser))}&iss={liar.at}").status_code == 303


def test_who_is_called_alike_by_another_provider_is_another(house: House, liar: Liar) -> None:
    lee = "lee@campus.example"
    house.account(lee)
    browser = house.browser()
    assert browser.ask("GET", liar.sent(away(house, browser))).status_code == 303
    with lying_provider(int(NOW.timestamp())) as other:
        registered(house, other.at)
        other.claims.update(email=lee)  # and `sub` is the same
        there = house.browser()
        assert there.ask("GET", other.sent(away(house, there))).status_code == 303
        assert there.ask("GET", "/v1/me").json()["email"] == lee
    assert [one.ask("GET", "/v1/me").json()["email"] for one in (browser, there)] == [KIM, lee]


@pytest.mark.usefixtures("liar")
def test_a_provider_that_refuses_is_quoted_in_plain_words(house: House) -> None:
    browser = house.browser()
    state = httpx.URL(away(house, browser)).params["state"]
    refused = browser.ask("GET", f"/v1/auth/sso/return?state={state}&error=access_denied<script>")
    assert kind(refused) == (401, "provider-refused")
    assert refused.json()["detail"] == "the identity provider let nobody in (access_deniedscript)"


def test_a_provider_on_a_machine_inside_is_not_asked_unless_that_is_allowed(
    house: House, liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(HOSTS)
    with reading(house.engine) as db:
        key = db.scalars(select(Organisation.key)).one()
    assert kind(house.browser().ask("POST", "/v1/auth/sso", {"organisation": key})) == (502, "provider-away")
    assert liar.paths == []


def test_an_organisation_without_a_provider_says_so_and_another_site_begins_nothing(house: House, liar: Liar) -> None:
    assert house.browser().ask("POST", "/v1/auth/sso", {"organisation": "none"}).status_code == 404
    foreign = house.browser().ask("POST", "/v1/auth/sso", {"organisation": "none"}, {"sec-fetch-site": "cross-site"})
    assert kind(foreign) == (403, "other-site")
    assert liar.paths == []


def test_the_secret_of_the_client_is_sealed_and_a_provider_speaks_for_some_domain(house: House, liar: Liar) -> None:
    with reading(house.engine) as db:
        kept = db.scalars(select(IdentityProvider)).one().secret
        assert ("client secret" in kept, unseal(db, kept)) == (False, "client secret")
        of = db.scalars(select(Organisation.id)).one()
        for domains in ("", "campus example.org, @x", "a..b"):
            with pytest.raises(BadDomain, match="with commas"):
                set_provider(db, of, NewProvider(liar.at, "dure", "x", domains), by="test", now=NOW)


def test_mentors_of_a_term_come_in_without_an_account_as_what_they_are(house: House, liar: Liar) -> None:
    with transaction(house.engine) as db:
        of = db.scalars(select(Organisation)).one()
        set_provider(db, of.id, NewProvider(liar.at, "dure", "x", "example.org"), by="test", now=NOW)
    liar.claims.update(sub="m", email="m-1@example.org")
    browser = house.browser()
    assert browser.ask("GET", liar.sent(away(house, browser))).status_code == 303
    with reading(house.engine) as db:
        asked = select(Grant.role).join(Account, Account.id == Grant.account_id).where(Account.email == "m-1@example.org")
        assert db.scalars(asked).all() == [Role.MENTOR]


def test_who_has_become_a_mentor_since_they_first_came_is_let_in_as_that(house: House, real: str) -> None:
    at_the_real_one(house, real)
    house.account(KIM, None)
    assert kind(come(house, "kim-1")[1]) == (403, "not-let-in")
    with transaction(house.engine) as db:
        db.execute(update(Person).where(Person.key == "m-1").values(email="Kim@Campus.example"))
    assert come(house, "kim-1")[1].status_code == 303
    with transaction(house.engine) as db:
        grant = db.scalars(select(Grant).join(Account, Account.id == Grant.account_id).where(Account.email == KIM)).one()
        assert (grant.role, db.get_one(Person, grant.person_id).key) == (Role.MENTOR, "m-1")
        take_role(db, None, db.get_one(Program, grant.program_id), str(grant.id), by="test", now=house.clock.now)
    assert kind(come(house, "kim-1")[1]) == (403, "not-let-in")
