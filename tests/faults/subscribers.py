"""Subscribers who poll their feeds of a real server, and remember what they were told."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime

import httpx
from icalendar import Calendar as Read
from sqlalchemy import Engine, select

from data.database import reading
from data.feeds import Audience
from data.people import Mentor, Person
from data.programs import Term
from data.sessions import Session, State
from tests.subscribed import subscribed


class Subscriber:
    """Somebody who subscribes to a mentor's feed, and keeps what the last answer was."""

    def __init__(self, database: Engine, term: Term, mentor: str) -> None:
        self.mentor = mentor
        self.path = subscribed(database, term, Audience.MENTOR, mentor).path
        self.starts: Mapping[str, dt.datetime] = {}
        self._etag, self._last_modified = "", dt.datetime.min.replace(tzinfo=dt.UTC)

    def poll(self, client: httpx.Client) -> int:
        """The status of another answer; what a client would never forgive is refused here."""
        answer = client.get(self.path, headers={"If-None-Match": self._etag} if self._etag else {})
        assert answer.status_code in {200, 304, 503}, answer.text
        if answer.status_code != 503:
            last_modified = parsedate_to_datetime(answer.headers["last-modified"])
            assert last_modified >= self._last_modified
            assert (answer.headers["etag"] == self._etag) is (answer.status_code == 304)
            self._etag, self._last_modified = answer.headers["etag"], last_modified
        if answer.status_code == 200:
            events = Read.from_ical(answer.content).walk("VEVENT")
            self.starts = {str(event["UID"]): event.decoded("DTSTART").astimezone(dt.UTC) for event in events}
            assert len(self.starts) == len(events)
        return answer.status_code


def subscribers(database: Engine, mentors: Sequence[str]) -> list[Subscriber]:
    """One for each of these mentors of the only term."""
    with reading(database) as db:
        term = db.scalars(select(Term)).one()
    return [Subscriber(database, term, mentor) for mentor in mentors]


def polled(client: httpx.Client, all_of_them: Sequence[Subscriber]) -> Counter[int]:
    """All ask once; how often each status was answered."""
    return Counter(one.poll(client) for one in all_of_them)


def refuse_wrong(database: Engine, all_of_them: Sequence[Subscriber]) -> None:
    """Does nothing where each was told exactly the sessions that are planned."""
    for one in all_of_them:
        with reading(database) as db:
            rows = select(Session.id, Session.starts_at).join(Mentor, Mentor.id == Session.mentor_id).join(Person)
            planned = db.execute(rows.where(Person.key == one.mentor, Session.state == State.PLANNED)).all()
        assert one.starts == {f"{session}@dure": starts_at for session, starts_at in planned}
