"""How many requests a caller may make, by the app's clock."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Engine

from api.app import create_app
from api.problems import Problem
from api.v1.limits import Limits
from api.v1.sign_in import A_MINUTE
from data.feeds import Audience
from tests.api.v1.callers import NOW, Caller, Platform
from tests.api.web import Web
from tests.subscribed import a_taught_term, subscribed
from tests.terms import demo_term

SECOND = dt.timedelta(seconds=1)


def refused(limits: Limits, at: dt.datetime, caller: str = "client a") -> int | None:
    """After how many seconds a caller may ask again; None where they may now."""
    try:
        limits.count(caller, at)
    except Problem as problem:
        return int(problem.response().headers["retry-after"])
    return None


def test_so_many_in_a_minute_are_answered_and_one_more_is_not() -> None:
    limits = Limits(10)
    assert [refused(limits, NOW + number * SECOND) for number in range(10)] == [None] * 10
    assert refused(limits, NOW + 10 * SECOND) is not None
    assert refused(limits, NOW + 10 * SECOND, "client b") is None


@pytest.mark.parametrize("began", [0, 20, 45, 59])
def test_whoever_waits_for_as_long_as_is_said_is_answered_and_not_sooner(began: int) -> None:
    limits = Limits(10)
    at = NOW + began * SECOND
    for _ in range(10):
        assert refused(limits, at) is None
    wait = refused(limits, at)
    assert wait is not None
    assert refused(limits, at + (wait - 1) * SECOND) is not None
    assert refused(limits, at + wait * SECOND) is None


def test_in_no_sixty_seconds_an_even_caller_gets_more_than_the_limit() -> None:
    limits = Limits(60)
    fine = [at for at in range(600) if refused(limits, NOW + at * SECOND / 2) is None]
    assert all(sum(first <= other < first + 120 for other in fine) <= 61 for first in fine)
    assert len(fine) >= 290, "an even caller gets nearly all of it"


def test_feeds_are_not_limited_as_callers_are(database: Engine) -> None:
    feed = subscribed(database, a_taught_term(database), Audience.MENTOR, "m-01")
    web = Web(create_app(database, lambda: NOW, limits=Limits(3)))
    assert {web.ask(feed.path).status_code for _ in range(20)} == {200}
    assert [web.ask("/v1/auth/sign-out", method="POST").status_code for _ in range(A_MINUTE + 1)][-1] == 429, "others are"


def test_what_is_left_is_told() -> None:
    limits = Limits(10)
    told = [limits.count("client a", NOW)["RateLimit"] for _ in range(10)]
    assert told == [f'"minute";r={left};t=60' for left in range(9, -1, -1)]


def test_after_two_minutes_without_a_request_all_is_left_and_nobody_is_remembered() -> None:
    limits = Limits(10)
    for number in range(1000):
        limits.count(f"client {number}", NOW)
    assert limits.count("client 1", NOW + 120 * SECOND)["RateLimit"].startswith('"minute";r=9;')
    assert (len(limits._now), len(limits._before)) == (1, 0)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_app_refuses_one_request_too_many_and_answers_again_when_its_own_clock_says_so(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo_term(database)
    monkeypatch.setattr("api.app.Limits", lambda: Limits(3))
    times, token = [NOW], Platform(database).client().token
    caller = Caller(Web(create_app(database, lambda: times[-1])), token)
    assert [caller.ask("GET", "/v1/programs").status_code for _ in range(4)] == [200, 200, 200, 429]
    late = caller.ask("GET", "/v1/programs")
    assert late.json()["type"] == "/problems/too-many-requests"
    times.append(NOW + int(late.headers["retry-after"]) * SECOND)
    assert caller.ask("GET", "/v1/programs").status_code == 200
    times.append(times[-1] + 120 * SECOND)
    wrong = [caller.ask("GET", "/v1/programs?nope=1").status_code for _ in range(4)]
    assert wrong == [422, 422, 422, 429], "what is refused counts, too"
