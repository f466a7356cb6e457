"""Browsers for tests: each keeps its cookies, and says with each request that a page of the site itself makes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie

import httpx
from sqlalchemy import Engine, select

from api.app import create_app
from data.access import Role
from data.accounts import account_for, set_password
from data.database import reading, transaction
from data.grants import Account
from data.outbox import Message
from data.programs import Program
from data.roles import Given, give_role
from tests.api.v1.callers import NOW
from tests.api.web import Web

PASSWORD = "quiet river under seven pines"  # noqa: S105  of nobody


@dataclass(slots=True)
class Clock:
    """A clock that stands still until it is set."""

    now: dt.datetime = NOW

    def __call__(self) -> dt.datetime:
        return self.now


@dataclass(slots=True)
class Browser:
    """One browser."""

    web: Web
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, json: object = None, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """One request and its answer."""
        sent = httpx.Request(method, "http://dure.example", json=json) if json is not None else None
        own = {"sec-fetch-site": "same-origin", "host": "dure.example"}
        if self.cookies:
            own["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if sent:
            own["content-type"] = "application/json"
        answer = self.web.ask(path, {**own, **(headers or {})}, method=method, body=sent.content if sent else None)
        for line in answer.headers.get_list("set-cookie"):
            for name, one in SimpleCookie(line).items():
                if one["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = one.value
        return answer

    def sign_in(self, email: str, password: str = PASSWORD, code: str | None = None) -> httpx.Response:
        """Tries to sign in by a password."""
        return self.ask("POST", "/v1/auth/sign-in", {"email": email, "password": password} | ({"code": code} if code else {}))


@dataclass(slots=True)
class House:
    """The app on a database with a clock, and its accounts."""

    engine: Engine
    clock: Clock = field(default_factory=Clock)
    web: Web = field(init=False)

    def __post_init__(self) -> None:
        self.web = Web(create_app(self.engine, self.clock))

    def browser(self) -> Browser:
        """A new one."""
        return Browser(self.web)

    def account(self, email: str, role: Role | None = Role.OWNER, *, password: str = PASSWORD) -> Account:
        """A new account with a password, and a role in the only program."""
        with transaction(self.engine) as db:
            account = account_for(db, email, by="test", now=self.clock.now)
            if password:
                set_password(db, account, password, by="test", now=self.clock.now)
            program = db.scalars(select(Program)).first()
            if role and program:
                give_role(db, None, program, email, Given(role), by="test", now=self.clock.now)
        return account

    def signed_in(self, email: str, role: Role | None = Role.OWNER) -> Browser:
        """A browser in which a new account is signed in."""
        self.account(email, role)
        browser = self.browser()
        assert browser.sign_in(email).status_code == 200
        return browser

    def mailed(self, email: str) -> list[str]:
        """What links end in that were mailed to an address and are not sent yet, the oldest first."""
        with reading(self.engine) as db:
            sent = db.scalars(select(Message).where(Message.address == email).order_by(Message.id))
            return [str(message.body["link"]).partition("#")[2] for message in sent if "link" in message.body]
