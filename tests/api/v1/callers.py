"""API clients for tests: each asks the app as a platform does, with a token of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import httpx
from sqlalchemy import Engine, select

from api.app import create_app
from api.v1.limits import Limits
from data.access import Right, Role
from data.clients import make_client
from data.database import transaction
from data.programs import Organisation, Program
from tests.api.web import Web

ALL_THERE_ARE = 1_000_000
"""So many requests each client of a test may make, whose clock stands still."""
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Caller:
    """A client with a token."""

    web: Web
    token: str

    def ask(self, method: str, path: str, json: object = None, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """One request and its answer."""
        sent = httpx.Request(method, "http://dure.example", json=json) if json is not None else None
        own = {"authorization": f"Bearer {self.token}"} if self.token else {}
        kind = {"content-type": "application/json"} if sent else {}
        return self.web.ask(path, {**own, **kind, **(headers or {})}, method=method, body=sent.content if sent else None)


@dataclass(frozen=True, slots=True)
class Platform:
    """The app on a database at a moment, and clients of it."""

    engine: Engine
    now: dt.datetime = NOW
    limits: Limits = field(default_factory=lambda: Limits(ALL_THERE_ARE))
    web: Web = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "web", Web(create_app(self.engine, lambda: self.now, limits=self.limits)))

    def client(self, scopes: Collection[Right] = tuple(Right), *, role: Role = Role.OWNER, programs: Collection[str] = ()) -> Caller:
        """A new client of the only organisation with a token, of some programs or of all."""
        with transaction(self.engine) as db:
            organisation = db.scalars(select(Organisation)).first()
            assert organisation is not None
            theirs = db.scalars(select(Program).where(Program.key.in_(programs))).all()
            client, secret = make_client(db, organisation, "platform", scopes, programs=theirs, role=role, by="test", now=self.now)
        return Caller(self.web, self.token(str(client.id), secret))

    def token(self, client: str, secret: str) -> str:
        """A token for whoever shows a secret."""
        form = httpx.Request(
            "POST", "http://dure.example", data={"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        )
        answer = self.web.ask("/v1/tokens", {"content-type": "application/x-www-form-urlencoded"}, method="POST", body=form.read())
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])
