"""API clients: their secrets, of which two may live at once, and the short-lived tokens that they ask for with one.

Secrets and tokens are random and shown once; of each only its SHA-256 is kept, which suffices where nobody could guess what was hashed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, ForeignKey, LargeBinary, bindparam, delete, select
from sqlalchemy.orm import Mapped, Session as DbSession, mapped_column

from data.access import Actor, Right, Role
from data.audit import write_down
from data.base import Base, Document, new_id, row_of
from data.event_types import TYPES
from data.events import Happening, happened
from data.grants import Client, Grant, part_of
from data.programs import Organisation, Program
from data.texts import bounded

SECRET_MARK, TOKEN_MARK = "dure_secret_", "dure_token_"
"""What secrets and tokens begin with, so that those who search for leaked ones find them."""

TOKEN_LIVES = dt.timedelta(hours=1)
MOST_SECRETS = 2


class ClientError(Exception):
    """The root of what can be wrong with an API client."""


@dataclass(eq=False)
class NoSuchClient(ClientError):
    """No client has this id."""

    given: str

    def __str__(self) -> str:
        return f"no API client has the id {self.given!r}; `dure client list` shows them"


@dataclass(eq=False)
class UnknownScopes(ClientError):
    """These are no scopes."""

    given: tuple[str, ...]

    def __str__(self) -> str:
        return f"scopes {', '.join(map(repr, self.given))}: are not known; take of {', '.join(Right)}"


@dataclass(eq=False)
class TooManySecrets(ClientError):
    """A client has as many secrets as may live at once."""

    def __str__(self) -> str:
        return f"the client has {MOST_SECRETS} secrets; take one away first"


@dataclass(eq=False)
class NoSuchSecret(ClientError):
    """The client has no such secret."""

    given: str

    def __str__(self) -> str:
        return f"the client has no secret {self.given!r}; `dure client list` shows them"


class Secret(Base):
    """A secret of a client; whoever has one may ask for tokens."""

    __tablename__ = "client_secret"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    client_id: Mapped[UUID] = mapped_column(ForeignKey(Client.id), index=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    made_at: Mapped[dt.datetime]
    last_used_at: Mapped[dt.datetime | None]


class Token(Base):
    """What a client shows with each request, until it ends."""

    __tablename__ = "client_token"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    client_id: Mapped[UUID] = mapped_column(ForeignKey(Client.id), index=True)
    secret_id: Mapped[UUID] = mapped_column(ForeignKey(Secret.id, ondelete="CASCADE"), index=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    scopes: Mapped[str]
    ends_at: Mapped[dt.datetime] = mapped_column(index=True)


def hashed(text: str) -> bytes:
    """What is kept of a secret or a token."""
    return hashlib.sha256(text.encode()).digest()


def scopes_in(text: str) -> frozenset[Right]:
    """The scopes that are written with spaces between them.

    Raises
    ------
    UnknownScopes
        Some are none.
    """
    words = text.split()
    unknown = tuple(word for word in words if word not in set(Right))
    if unknown:
        raise UnknownScopes(unknown)
    return frozenset(map(Right, words))


def written(scopes: Collection[Right]) -> str:
    """Scopes with spaces between them, in the order of the table."""
    return " ".join(right for right in Right if right in scopes)


def make_client(
    db: DbSession,
    organisation: Organisation,
    name: str,
    scopes: Collection[Right],
    *,
    programs: Iterable[Program] = (),
    role: Role = Role.OWNER,
    by: str,
    now: dt.datetime,
) -> tuple[Client, str]:
    """Makes a client of some programs, or of all where none is named; gives it with its first secret, which is kept nowhere.

    Raises
    ------
    BadText
        The name cannot be kept.
    """
    bounded(name, "the name of a client")
    client = Client(id=new_id(), organisation_id=organisation.id, name=name, scopes=written(scopes), made_at=now)
    db.add(client)
    db.flush()
    theirs: list[UUID | None] = [program.id for program in programs]
    for program in theirs or [None]:
        db.add(Grant(client_id=client.id, organisation_id=organisation.id, program_id=program, role=role))
    _note(db, client, "client made", by=by, now=now, details={"scopes": client.scopes})
    return client, _new_secret(db, client, now)


def add_secret(db: DbSession, client: Client, *, by: str, now: dt.datetime) -> str:
    """Gives a client another secret beside the one that it has, so that it can change over.

    Raises
    ------
    TooManySecrets
        It has two.
    """
    if len(secrets_of(db, client)) >= MOST_SECRETS:
        raise TooManySecrets
    text = _new_secret(db, client, now)
    _note(db, client, "client secret added", by=by, now=now)
    return text


def take_secret(db: DbSession, client: Client, given: str, *, by: str, now: dt.datetime) -> None:
    """Takes a secret away, and with it the tokens that were asked for with it.

    Raises
    ------
    NoSuchSecret
        The client has none of this id.
    """
    found = next((secret for secret in secrets_of(db, client) if str(secret.id) == given), None)
    if found is None:
        raise NoSuchSecret(given)
    db.execute(delete(Token).where(Token.secret_id == found.id))
    db.delete(found)
    _note(db, client, "client secret taken", by=by, now=now)


def close_client(db: DbSession, client: Client, *, by: str, now: dt.datetime) -> None:
    """Lets a client in no more, from this moment on."""
    if client.closed_at is None:
        client.closed_at = now
        _note(db, client, "client closed", by=by, now=now)


def clients(db: DbSession, organisations: Collection[UUID]) -> Sequence[Client]:
    """The clients of some organisations, the oldest first."""
    return db.scalars(select(Client).where(Client.organisation_id.in_(organisations)).order_by(Client.id)).all()


def client_of(db: DbSession, given: str) -> Client:
    """The client of an id.

    Raises
    ------
    NoSuchClient
        There is none.
    """
    found = row_of(db, Client, given)
    if found is None:
        raise NoSuchClient(given)
    return found


def secrets_of(db: DbSession, client: Client) -> Sequence[Secret]:
    """Its secrets, the oldest first."""
    return db.scalars(select(Secret).where(Secret.client_id == client.id).order_by(Secret.id)).all()


@dataclass(eq=False)
class NoScopeLeft(ClientError):
    """A client asks for a token with none of the scopes that it has."""

    has: frozenset[Right]

    def __str__(self) -> str:
        return f"the client has none of these scopes; write some of {written(self.has)}"


def issue(
    db: DbSession, given: str, secret: str, wanted: frozenset[Right] | None, *, now: dt.datetime
) -> tuple[str, frozenset[Right]] | None:
    """A new token for whoever shows a client's id and a secret of it, with the scopes that are `wanted` and that the client has; None
    where they show no such thing.

    Raises
    ------
    NoScopeLeft
        The client has none of these.
    """
    client = row_of(db, Client, given)
    shown = hashed(secret)
    if client is None or client.closed_at is not None:
        return None
    right = next((one for one in secrets_of(db, client) if hmac.compare_digest(one.hash, shown)), None)
    if right is None:
        return None
    has = scopes_in(client.scopes)
    scopes = has if wanted is None else has & wanted
    if not scopes:
        raise NoScopeLeft(has)
    text = TOKEN_MARK + secrets.token_urlsafe(32)
    db.add(Token(client_id=client.id, secret_id=right.id, hash=hashed(text), scopes=written(scopes), ends_at=now + TOKEN_LIVES))
    right.last_used_at = now
    return text, scopes


_SHOWN = (
    select(Token.scopes, Client.id)
    .join(Client, Token.client_id == Client.id)
    .where(Token.hash == bindparam("hash"), Token.ends_at > bindparam("now"), Client.closed_at.is_(None))
)


def actor_of_token(db: DbSession, text: str, *, now: dt.datetime) -> Actor | None:
    """Who shows a token; None where it is none, or has ended."""
    found = db.execute(_SHOWN, {"hash": hashed(text), "now": now}).first()
    if found is None:
        return None
    scopes, client = found
    part = part_of(db, client=client)
    return Actor(f"client {client}", part.standings, scopes_in(scopes), offices=part.offices, homes=part.homes)


def forget_tokens(db: DbSession, now: dt.datetime) -> int:
    """Removes tokens that have ended, and tells how many that were."""
    return cast("CursorResult[Any]", db.execute(delete(Token).where(Token.ends_at <= now))).rowcount


def _new_secret(db: DbSession, client: Client, now: dt.datetime) -> str:
    text = SECRET_MARK + secrets.token_urlsafe(32)
    db.add(Secret(client_id=client.id, hash=hashed(text), made_at=now))
    db.flush()
    return text


def _note(db: DbSession, client: Client, what: str, *, by: str, now: dt.datetime, details: Document | None = None) -> None:
    """Writes down what was done to a client, which may be of several programs; each of them has an event of it."""
    whom = f"client {client.id}"
    write_down(db, at=now, by=by, what=what, whom=whom, details=details)
    programs = sorted({one.program for one in part_of(db, client=client.id).standings})
    data = {"whom": whom, "client": str(client.id)}
    happened(db, [Happening(program, TYPES[what], data) for program in programs], now=now)
