"""Signing in: who gets in by what, how often it may be tried, and that nothing says whether there is an account."""

from __future__ import annotations

import datetime as dt
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, select, update

from api.v1 import sign_in
from data.access import Role
from data.accounts import set_password
from data.attempts import TooManyAttempts, begin, network_of
from data.database import reading, transaction
from data.grants import Account
from data.new_programs import make_program
from data.outbox import Message, mark_sent
from data.passwords import is_right
from data.people import Mentor, Person
from data.program_settings import find_program
from data.programs import Organisation, Term
from data.roles import roles_in, take_role
from tests.api.v1.browsers import PASSWORD, House
from tests.api.v1.callers import NOW
from tests.sessions import taught_term

KIM = "kim@example.org"
MINUTE = dt.timedelta(minutes=1)


def kept_weakly(house: House, account: Account) -> str:
    """The hash of an account's password as an earlier version would have kept it, and now does."""
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with transaction(house.engine) as db:
        db.execute(update(Account).where(Account.id == account.id).values(password=weak))
    return weak


@pytest.fixture
def house(database: Engine) -> House:
    taught_term(database)
    return House(database)


def test_who_knows_the_password_is_signed_in_until_they_sign_out(house: House) -> None:
    house.account(KIM)
    browser = house.browser()
    assert browser.ask("GET", "/v1/programs").status_code == 401
    entered = browser.sign_in("Kim@Example.org")
    assert entered.status_code == 200, entered.text
    cookie = entered.headers["set-cookie"]
    assert cookie.startswith("__Host-dure=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert [one["external_id"] for one in browser.ask("GET", "/v1/programs").json()["items"]] == ["tutoring"]
    stolen = dict(browser.cookies)
    assert browser.ask("POST", "/v1/auth/sign-out").status_code == 204
    assert browser.cookies == {}
    browser.cookies = stolen
    assert browser.ask("GET", "/v1/programs").status_code == 401


def test_nothing_is_taken_from_the_address_where_logs_would_keep_it(house: House) -> None:
    house.account(KIM)
    for path, body in (("sign-in", {"email": KIM, "password": PASSWORD}), ("links", {"email": KIM}), ("sign-out", None)):
        refused = house.browser().ask("POST", f"/v1/auth/{path}?password=x", body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "query:password"), path


def test_on_the_machine_itself_a_cookie_goes_without_tls_and_nowhere_else(house: House) -> None:
    house.account(KIM)
    browser = house.browser()
    near = {"host": "127.0.0.1:8000"}
    entered = browser.ask("POST", "/v1/auth/sign-in", {"email": KIM, "password": PASSWORD}, near)
    assert entered.headers["set-cookie"].startswith("dure=")
    assert "Secure" not in entered.headers["set-cookie"]
    assert browser.ask("GET", "/v1/programs", headers=near).status_code == 200
    assert browser.ask("GET", "/v1/programs").status_code == 401


def test_who_is_signed_in_is_so_no_more_after_half_a_day_without_a_request_and_after_a_week(house: House) -> None:
    browser = house.signed_in(KIM)
    for _ in range(14):
        house.clock.now += dt.timedelta(hours=11)
        assert browser.ask("GET", "/v1/programs").status_code == 200
    house.clock.now += dt.timedelta(hours=15)
    assert browser.ask("GET", "/v1/programs").status_code == 401
    again = house.browser()
    again.sign_in(KIM)
    house.clock.now += dt.timedelta(hours=12)
    assert again.ask("GET", "/v1/programs").status_code == 401


def test_after_five_failures_nobody_gets_in_for_a_while_with_the_right_password_neither(house: House) -> None:
    house.account(KIM)
    browser = house.browser()
    for _ in range(5):
        assert browser.sign_in(KIM, "wrong wrong wrong").status_code == 401
        house.clock.now += MINUTE
    refused = browser.sign_in(KIM)
    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many-attempts")
    assert int(refused.headers["retry-after"]) == 10 * 60 + 1
    house.clock.now += 11 * MINUTE
    assert browser.sign_in(KIM).status_code == 200


def test_one_address_fails_five_times_whatever_accounts_it_tries(house: House) -> None:
    house.account(KIM)
    answers = [house.browser().sign_in(f"{n}@example.org", "wrong wrong wrong").status_code for n in range(7)]
    assert answers == [401] * 5 + [429] * 2
    assert house.browser().sign_in(KIM).status_code == 429


def test_who_shows_a_password_first_and_then_a_code_has_not_failed(house: House) -> None:
    first = house.signed_in(KIM)
    device = pyotp.TOTP(first.ask("POST", "/v1/me/totp", {}).json()["secret"])
    codes = first.ask("POST", "/v1/me/totp/confirm", {"code": device.at(house.clock.now)}).json()["recovery_codes"]
    for code in codes[:7]:
        browser = house.browser()
        assert browser.sign_in(KIM).json()["type"] == "/problems/second-factor"
        assert browser.sign_in(KIM, code=code).status_code == 200
    told = [house.browser().sign_in(KIM, code="000000").status_code for _ in range(6)]
    assert told == [401] * 5 + [429], "wrong codes are failures"


@pytest.mark.parametrize(
    ("source", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_of_ipv6_a_whole_network_counts_as_one_address(source: str, network: str) -> None:
    assert network_of(source) == network


def test_tries_from_one_network_of_ipv6_are_counted_together(database: Engine) -> None:
    with transaction(database) as db:
        for number in range(5):
            begin(db, f"{number}@example.org", f"2001:db8::{number}", now=NOW)
        begin(db, "6@example.org", "2001:db8:0:1::1", now=NOW)
        with pytest.raises(TooManyAttempts):
            begin(db, "7@example.org", "2001:db8::7", now=NOW)


def test_of_many_tries_at_once_no_more_than_five_are_looked_at(house: House) -> None:
    house.account(KIM)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: house.browser().sign_in(KIM, "wrong wrong wrong").status_code, range(12)))
    assert sorted(answers) == [401] * 5 + [429] * 7


def test_who_got_in_may_fail_anew(house: House) -> None:
    house.account(KIM)
    browser = house.browser()
    for _ in range(3):
        for _ in range(4):
            assert browser.sign_in(KIM, "wrong wrong wrong").status_code == 401
            house.clock.now += 4 * MINUTE
        assert browser.sign_in(KIM).status_code == 200


@pytest.mark.parametrize("path", ["sign-in", "links", "password/forgot"])
def test_an_address_without_an_account_is_told_the_same_after_the_same_time(house: House, path: str) -> None:
    mentor = house.browser()
    mentor.ask("POST", "/v1/auth/links", {"email": "m-1@example.org"})
    mentor.ask("POST", "/v1/auth/links/use", {"token": house.mailed("m-1@example.org")[0]})
    house.account(KIM)
    took: dict[str, list[float]] = {KIM: [], "m-1@example.org": [], "nobody@example.org": []}
    told = set()
    for _ in range(12):
        for email, times in took.items():
            house.clock.now += 20 * MINUTE
            body = {"email": email} | ({"password": "wrong wrong wrong"} if path == "sign-in" else {})
            began = time.perf_counter()
            answer = house.browser().ask("POST", f"/v1/auth/{path}", body)
            times.append(time.perf_counter() - began)
            told.add((answer.status_code, answer.text))
    assert len(told) == 1
    fastest, *_, slowest = sorted(statistics.median(times) for times in took.values())
    assert slowest < (2 if path == "sign-in" else 4) * fastest, "what only writes takes some milliseconds, and a disk's whims as many"


def test_a_password_of_weaker_making_is_kept_anew_when_it_is_shown(house: House) -> None:
    account = house.account(KIM)
    weak = kept_weakly(house, account)
    assert house.browser().sign_in(KIM).status_code == 200
    with reading(house.engine) as db:
        kept = db.get_one(Account, account.id).password
    assert kept != weak
    assert kept.startswith("$argon2id$")
    assert "m=19456,t=2" in kept
    assert house.browser().sign_in(KIM).status_code == 200


def test_a_password_that_is_set_anew_while_the_old_one_is_looked_at_lets_nobody_in_by_the_old_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = house.account(KIM)
    weak = kept_weakly(house, account)

    def looks_slowly(password: str, kept: str) -> tuple[bool, str | None]:
        seen = is_right(password, kept)
        if kept == weak:
            with transaction(house.engine) as db:
                set_password(db, db.get_one(Account, account.id), "another stone in a slow river", by="test", now=house.clock.now)
        return seen

    monkeypatch.setattr(sign_in, "is_right", looks_slowly)
    assert house.browser().sign_in(KIM).status_code == 401
    assert house.browser().sign_in(KIM).status_code == 401
    assert house.browser().sign_in(KIM, "another stone in a slow river").status_code == 200


def test_a_mentor_signs_in_by_a_mailed_link_once_and_is_what_the_term_says(house: House) -> None:
    browser = house.browser()
    assert browser.ask("POST", "/v1/auth/links", {"email": "m-1@example.org"}).status_code == 202
    (token,) = house.mailed("m-1@example.org")
    entered = browser.ask("POST", "/v1/auth/links/use", {"token": token})
    assert entered.status_code == 200, entered.text
    assert {one["group"]["external_id"] for one in browser.ask("GET", "/v1/terms/ext:spring/sessions").json()["items"]} == {"g-1", "g-3"}
    again = house.browser().ask("POST", "/v1/auth/links/use", {"token": token})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/link-is-over")


def test_who_is_in_another_program_by_now_is_so_at_the_next_link_but_for_what_was_taken_from_them(house: House) -> None:
    mentor = house.browser()

    def sign_in() -> list[str]:
        house.clock.now += dt.timedelta(hours=2)
        mentor.ask("POST", "/v1/auth/links", {"email": "m-1@example.org"})
        assert mentor.ask("POST", "/v1/auth/links/use", {"token": house.mailed("m-1@example.org")[-1]}).status_code == 200
        return [one["program"]["external_id"] for one in mentor.ask("GET", "/v1/me").json()["standings"]]

    assert sign_in() == ["tutoring"]
    with transaction(house.engine) as db:
        person = db.scalars(select(Person).where(Person.key == "m-1")).one()
        home = db.get_one(Organisation, person.organisation_id)
        program = make_program(db, home, "second", by="test", now=house.clock.now)
        term = Term(program_id=program.id, key="autumn", zone="Asia/Seoul", first_on=dt.date(2026, 9, 1), last_on=dt.date(2026, 12, 1))
        db.add(term)
        db.flush()
        db.add(Mentor(term_id=term.id, person_id=person.id, key="m-1", subjects="math:1-12", availability="Mon 09:00-22:00"))
    assert sign_in() == ["second", "tutoring"]
    assert sign_in() == ["second", "tutoring"]
    with transaction(house.engine) as db:
        second = find_program(db, "second")
        (given,) = db.scalars(roles_in(second.id))
        take_role(db, None, second, str(given.id), by="test", now=house.clock.now)
    assert sign_in() == ["tutoring"]


def test_a_mailed_link_is_over_after_ten_minutes_and_none_goes_to_who_runs_the_program(house: House) -> None:
    house.account(KIM)
    for email in ("s-1@example.org", KIM, "nobody@example.org"):
        house.browser().ask("POST", "/v1/auth/links", {"email": email})
    assert [len(house.mailed(email)) for email in ("s-1@example.org", KIM, "nobody@example.org")] == [1, 0, 0]
    house.clock.now += 10 * MINUTE
    (token,) = house.mailed("s-1@example.org")
    assert house.browser().ask("POST", "/v1/auth/links/use", {"token": token}).status_code == 409


def test_a_link_is_of_the_one_request_that_asked_for_it_and_the_next_ends_it(house: House) -> None:
    house.account(KIM)
    for path, use, who in (("links", "links/use", "m-1@example.org"), ("password/forgot", "password/reset", KIM)):
        for _ in range(2):
            house.browser().ask("POST", f"/v1/auth/{path}", {"email": who})
        first, second = house.mailed(who)[-2:]
        more = {"password": "a new one of some length"} if who == KIM else {}
        answers = [house.browser().ask("POST", f"/v1/auth/{use}", {"token": token, **more}) for token in (first, second)]
        assert [answer.status_code // 100 for answer in answers] == [4, 2], path


def test_what_a_link_ends_in_is_nowhere_in_the_database_once_it_is_sent(house: House) -> None:
    house.browser().ask("POST", "/v1/auth/links", {"email": "m-1@example.org"})
    with transaction(house.engine) as db:
        (message,) = db.scalars(select(Message))
        assert message.body["link"].startswith("http://127.0.0.1:8000/sign-in#")
        mark_sent(db, message, now=house.clock.now)
    with reading(house.engine) as db:
        assert set(db.scalars(select(Message)).one().body) == {"about", "ends_at", "program"}


def test_a_new_password_is_set_by_mail_and_ends_wherever_somebody_is_signed_in(house: House) -> None:
    inside = house.signed_in(KIM)
    house.browser().ask("POST", "/v1/auth/password/forgot", {"email": KIM})
    (token,) = house.mailed(KIM)
    weak = house.browser().ask("POST", "/v1/auth/password/reset", {"token": token, "password": "password1234"})
    assert (weak.status_code, weak.json()["type"]) == (422, "/problems/too-common")
    new = "nine green boats at noon"
    assert house.browser().ask("POST", "/v1/auth/password/reset", {"token": token, "password": new}).status_code == 204
    assert house.browser().ask("POST", "/v1/auth/password/reset", {"token": token, "password": new}).status_code == 409
    assert inside.ask("GET", "/v1/programs").status_code == 401
    assert house.browser().sign_in(KIM).status_code == 401
    assert house.browser().sign_in(KIM, new).status_code == 200


def test_who_has_no_role_is_let_into_no_program(house: House) -> None:
    browser = house.signed_in(KIM, None)
    assert browser.ask("GET", "/v1/programs").status_code == 403
    assert browser.ask("GET", "/v1/terms/ext:spring/groups").status_code == 404


def test_a_reviewer_who_is_signed_in_reads_the_program_and_no_people(house: House) -> None:
    browser = house.signed_in(KIM, Role.REVIEWER)
    assert browser.ask("GET", "/v1/programs").status_code == 200
    assert browser.ask("GET", "/v1/terms/ext:spring/mentors").status_code == 403
