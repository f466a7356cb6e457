"""The page of how the service is kept safe tells the figures that the code has."""

from __future__ import annotations

from pathlib import Path

from api.limits import MOST_BYTES, MOST_SECONDS
from api.serve import HEADERS_WITHIN_MS
from api.v1 import limits, paging, putting, sign_in, tokens
from data import attempts, clients, factors, mailed, matches, passwords, signed_in, unpacking
from data.mailed import LIVES, Purpose
from scheduler import fetch
from scheduler.hooks import Pace

PAGE = " ".join((Path(__file__).parents[1] / "docs" / "security.md").read_text(encoding="utf-8").split())
TOLD = [
    f"{passwords.SHORTEST} to {passwords.LONGEST} signs",
    f"the first {passwords.FEWEST_GUESSES:,}",
    f"After {attempts.MOST} failures within {attempts.WITHIN.seconds // 60} minutes",
    f"asked at most {sign_in.A_MINUTE} times a minute",
    f"{mailed.MOST_AN_HOUR} links an hour",
    f"{tokens.FAILURES_A_MINUTE} wrong secrets",
    f"good once and for {LIVES[Purpose.SIGN_IN].seconds // 60} minutes",
    f"for {LIVES[Purpose.INVITE].days} days or {LIVES[Purpose.PASSWORD].seconds // 60} minutes",
    f"until {signed_in.IDLE.seconds // 3600} hours went by without a request, and for {signed_in.WHOLE.days} days at most",
    f"sign-in of the last {signed_in.FRESH.seconds // 60} minutes",
    f"| a body | {MOST_BYTES // 1024**2} MiB, read within {MOST_SECONDS:.0f} seconds |",
    f"{limits.A_MINUTE:,} a minute, refused ones too",
    f"| lines in one call | {putting.MOST_LINES:,} |",
    f"| {paging.MOST:,} things |",
    f"| matches of one caller under way | {matches.MOST_WAITING} |",
    f"{unpacking.MOST_FILES} files, {unpacking.MOST_UNPACKED // 1024**2} MiB unpacked",
    f"{fetch.PATIENCE_SECONDS:.0f} seconds, {fetch.MOST_REDIRECTS} redirects each looked at, {fetch.MOST_BYTES // 10**6} MB",
    f"more than {HEADERS_WITHIN_MS // 1000} seconds",
    f"{Pace().call_seconds} seconds a call, no redirect",
    f"{clients.MOST_SECRETS} may live at once".replace("2 ", "two "),
]


def test_the_figures_of_the_page_are_those_of_the_code() -> None:
    assert clients.TOKEN_LIVES.seconds == 3600  # a token of an hour
    assert factors.STEP_SECONDS == 30
    assert [told for told in TOLD if told not in PAGE] == []
