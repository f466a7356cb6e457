"""A feed of a taught term in an app whose clock a test moves."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import Engine, select

from api.app import create_app
from data.calendars import touch
from data.database import transaction
from data.feeds import Audience
from data.groups import Group
from data.people import Person
from data.sessions import Session, State
from tests.api.web import Web
from tests.subscribed import NOW, Subscribed, a_taught_term, subscribed


class Served:
    """A mentor's feed in an app whose clock a test moves."""

    def __init__(self, database: Engine, audience: Audience = Audience.MENTOR, owner: str = "m-01") -> None:
        self.database, self.now = database, NOW
        self.term = a_taught_term(database)
        self.feed: Subscribed = subscribed(database, self.term, audience, owner)
        self.web = Web(create_app(database, lambda: self.now))

    def get(self, method: str = "GET", **headers: str) -> httpx.Response:
        """What is answered to a request with these fields, such as `if_none_match`."""
        return self.web.ask(self.feed.path, {name.replace("_", "-"): value for name, value in headers.items()}, method=method)

    def change(self, week: int = 3, link: str = "") -> None:
        """Cancels the session of a week, or gives the group another link, and tells the calendars."""
        with transaction(self.database) as db:
            group = db.scalars(select(Group)).one()
            if link:
                group.link = link
            else:
                session = db.scalars(select(Session).order_by(Session.original_start)).all()[week]
                session.state, session.sequence, session.changed_at = State.CANCELLED, session.sequence + 1, self.now
        self.touch()

    def touch(self) -> None:
        with transaction(self.database) as db:
            people = db.scalars(select(Person.id).where(Person.key.in_(["m-01", "s-01"]))).all()
            touch(db, self.term.program_id, self.now, people=people)


@pytest.fixture
def served(database: Engine) -> Served:
    return Served(database)
