"""For how long each kind of data is kept: one table, of which a program may set the days of what is its own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Kept(StrEnum):
    """A kind of data of a program, as its setting `retention` calls it."""

    PEOPLE = "people"
    RECORDS = "records"
    RESULTS = "results"
    READING = "reading"
    AUDIT = "audit"
    EVENTS = "events"
    LINKS = "links"


@dataclass(frozen=True, slots=True)
class Period:
    """What is kept for how many days, counted from when; `why` so long. A program may set no fewer than `least`."""

    what: str
    days: int
    since: str
    why: str
    least: int = 1


MOST_DAYS = 3660
PERIODS = {
    Kept.PEOPLE: Period(
        "names, addresses and birth days of people: they are erased, and counted as before",
        1096,
        "the last day of the last term that they were in",
        "who comes back within three years is the same person",
        30,
    ),
    Kept.RECORDS: Period(
        "topics, notes and tasks of sessions, and why one was cancelled",
        365,
        "the last day of the term",
        "next year's mentors build on them",
    ),
    Kept.RESULTS: Period(
        "what rounds asked and what their runs gave",
        366,
        "the last thing done with it, and the last day of the term that is taught by it",
        "the next year's rounds are compared with it",
    ),
    Kept.READING: Period(
        "who read or exported whose data",
        730,
        "the reading",
        "it must be possible to look into a misuse",
        365,
    ),
    Kept.AUDIT: Period(
        "who changed what",
        1826,
        "the change",
        "disputes about hours and expenses",
        365,
    ),
    Kept.EVENTS: Period(
        "events, and what became of telling them to webhooks",
        90,
        "the event",
        "platforms that were away catch up",
        3,
    ),
    Kept.LINKS: Period(
        "secret links to calendars that were revoked",
        366,
        "the revoking",
        "clients that still ask are told that they are gone",
    ),
}
"""What programs keep; each is kept by a job of `scheduler.retention`."""

ACCOUNTS_KEPT = dt.timedelta(days=180)
"""So long after they were closed, or had their last role."""

OF_THE_SERVICE = {
    "messages": ("mails that were sent or given up", "90 days"),
    "timetables": ("times at which mentors are busy", "90 days after the term"),
    "matches": ("rounds that platforms had solved without keeping them here", "ten minutes after they were fetched, a day at most"),
    "replies": ("answers to requests with an Idempotency-Key, sealed", "24 hours"),
    "sign-ins": ("browsers that are signed in", "12 hours after they were used last, a week at most"),
    "attempts": ("tries to sign in that failed, by hashes", "15 minutes"),
    "mailed links": ("links that were mailed, by hashes", "a day after they ended"),
    "accounts": ("accounts, with their addresses, that are closed or have no role", f"{ACCOUNTS_KEPT.days} days after that"),
    "tokens": ("tokens of API clients, by hashes", "until they end"),
}
"""What no program sets."""


def days_of(retention: dict[Kept, int], kept: Kept) -> int:
    """For how many days a program keeps something, by its setting."""
    return retention.get(kept, PERIODS[kept].days)
