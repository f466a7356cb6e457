"""One request, as the rooms of the API see it."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel
from sqlalchemy import Engine
from sqlalchemy.orm import Session as DbSession

from api.links import VARIABLE, service_address
from api.problems import Problem
from data.access import Actor, Right, Sight
from data.signed_in import Visit

ROOT = "/v1"
SAFE = {"GET", "HEAD"}


@dataclass(frozen=True, slots=True)
class Told:
    """Of whom a request told by the way: mentees of a term, by their keys; `what` is what the audit calls it."""

    term: UUID
    keys: frozenset[str]
    what: str


@dataclass(slots=True)
class Call:
    """One request, as an operation sees it: an open transaction, who asks, the moment, and the right that the operation takes; `visit` is
    by what somebody is signed in, None for API clients; rows that are `kept` are not looked up again."""

    db: DbSession
    actor: Actor
    now: dt.datetime
    right: Right
    request: Request
    engine: Engine
    visit: Visit | None = None
    kept: list[object] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    created: bool = False
    compared: bool = False

    @property
    def body(self) -> bytes:
        """What was sent, as it came."""
        return self.request._body  # noqa: SLF001  it has been read, and only its coroutine would give it

    @property
    def by(self) -> str:
        """Who asks, as the audit says it."""
        return self.actor.name

    @property
    def source(self) -> str:
        """The network address that asks; empty where none is known."""
        return self.request.client.host if self.request.client else ""

    @property
    def changes(self) -> bool:
        """Whether the request may change something."""
        return self.request.method not in SAFE

    def sight(self, program: UUID) -> Sight:
        """Of whom they may see or change things in a program, by the operation's right.

        Raises
        ------
        Foreign, NotAllowed
            Of nobody.
        """
        return self.actor.sight(self.right, program)

    def next_page(self, after: str) -> str:
        """The address of the page after this, which the answer tells in its head, too: at the service's own address where it has one, and
        not at what the request calls it."""
        url = self.request.url.include_query_params(after=after)
        address = f"{service_address()}{url.path}?{url.query}" if os.environ.get(VARIABLE) else str(url)
        self.headers["Link"] = f'<{address}>; rel="next"'
        return address

    def made(self, path: str) -> None:
        """Says where what was made is."""
        self.headers["Location"], self.created = f"{ROOT}{path}", True

    def refuse_stale(self, current: Callable[[], BaseModel]) -> None:
        """Does nothing where the request says no `If-Match`, or that of what there is, which its operation has locked; only where it says
        one is `current` looked up.

        Raises
        ------
        Problem
            Somebody else was quicker: 412.
        """
        self.compared = True
        wanted = self._wanted()
        if wanted and etag_of(current().model_dump_json().encode()) not in wanted:
            raise Problem(412, "changed-since", "it has changed since it was read", "read it again, and send its new ETag")

    def refuse_uncompared(self) -> None:
        """Does nothing where the request says no `If-Match`, or its operation has looked at that.

        Raises
        ------
        Problem
            What is asked for has no state to compare, or is not there: 412.
        """
        if self.changes and not self.compared and self._wanted():
            raise Problem(412, "changed-since", "there is nothing of this state", "send no If-Match")

    def _wanted(self) -> set[str]:
        """The states of which one is to be what there is; none where any will do."""
        wanted = self.request.headers.get("if-match")
        return tags_of(wanted) if wanted is not None and wanted.strip() != "*" else set()


def etag_of(body: bytes) -> str:
    """The entity tag of what is answered."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def tags_of(header: str) -> set[str]:
    """The entity tags that a header names."""
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}
