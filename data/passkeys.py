"""Passkeys (WebAuthn level 2): keys of a device of somebody's own, by which they sign in without a password. What they sign is a challenge,
good once and for five minutes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, ForeignKey, LargeBinary, delete, select
from sqlalchemy.orm import Mapped, Session as DbSession, mapped_column
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from data.account_news import tell_account
from data.audit import write_down
from data.base import Base, Document, new_id
from data.database import KeptRefusal
from data.grants import Account
from data.outbox import About

LIVES = dt.timedelta(minutes=5)


class Occasion(StrEnum):
    """What a challenge is for."""

    ADD = "add"
    SIGN_IN = "sign-in"


class Passkey(Base):
    """A public key of somebody's device."""

    __tablename__ = "passkey"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey(Account.id), index=True)
    credential: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    name: Mapped[str]
    made_at: Mapped[dt.datetime]
    last_used_at: Mapped[dt.datetime | None]


class Challenge(Base):
    """What a device is to sign; of an account where it is to get a new key."""

    __tablename__ = "challenge"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    occasion: Mapped[Occasion]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey(Account.id))
    value: Mapped[bytes] = mapped_column(LargeBinary)
    ends_at: Mapped[dt.datetime] = mapped_column(index=True)


class PasskeyError(Exception):
    """The root of what can be wrong with a passkey."""


@dataclass(eq=False)
class BadPasskey(PasskeyError, KeptRefusal):
    """What the device says does not hold; the challenge is over all the same."""

    def __str__(self) -> str:
        return "this passkey does not hold; begin again"


@dataclass(eq=False)
class NoSuchPasskey(PasskeyError):
    """The account has none of this id."""

    given: str

    def __str__(self) -> str:
        return f"there is no passkey {self.given!r}; look at what is listed"


@dataclass(frozen=True, slots=True)
class Site:
    """Where a browser is, as it says it: the host's name, and the origin."""

    host: str
    origin: str


def begin_passkey(db: DbSession, account: Account, site: Site, *, now: dt.datetime) -> tuple[UUID, Document]:
    """A challenge for a device that is to get a new key, and what its browser is told."""
    options = generate_registration_options(
        rp_id=site.host,
        rp_name="Dure",
        user_name=account.email,
        user_id=account.id.bytes,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.credential) for one in passkeys(db, account.id)],
    )
    return _challenge(db, Occasion.ADD, account.id, options.challenge, now), json.loads(options_to_json(options))


def add_passkey(
    db: DbSession, account: Account, given: UUID, credential: Document, site: Site, *, name: str, by: str, now: dt.datetime
) -> Passkey:
    """Keeps a device's new key.

    Raises
    ------
    BadPasskey
        What it says does not hold.
    """
    challenge = _used(db, Occasion.ADD, account.id, given, now)
    try:
        seen = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise BadPasskey from None
    if db.scalars(select(Passkey.id).where(Passkey.credential == seen.credential_id)).first():
        raise BadPasskey
    made = Passkey(
        id=new_id(),
        account_id=account.id,
        credential=seen.credential_id,
        public_key=seen.credential_public_key,
        sign_count=seen.sign_count,
        name=name,
        made_at=now,
    )
    db.add(made)
    write_down(db, at=now, by=by, what="second factor added", whom=f"account {account.id}", details={"kind": "passkey"})
    tell_account(db, account, About.FACTOR_ADDED, now=now)
    return made


def begin_sign_in(db: DbSession, site: Site, *, now: dt.datetime) -> tuple[UUID, Document]:
    """A challenge for whoever comes with a passkey: the same for all, so that it says of no account whether it exists."""
    options = generate_authentication_options(rp_id=site.host, user_verification=UserVerificationRequirement.REQUIRED)
    return _challenge(db, Occasion.SIGN_IN, None, options.challenge, now), json.loads(options_to_json(options))


def account_by_passkey(db: DbSession, given: UUID, credential: Document, site: Site, *, now: dt.datetime) -> Account:
    """Whose key has signed a challenge.

    Raises
    ------
    BadPasskey
        Nobody's, or it does not hold.
    """
    challenge = _used(db, Occasion.SIGN_IN, None, given, now)
    try:
        key = db.scalars(select(Passkey).where(Passkey.credential == base64url_to_bytes(str(credential.get("id"))))).first()
        if key is None:
            raise BadPasskey
        seen = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise BadPasskey from None
    account = db.get_one(Account, key.account_id)
    if account.closed_at is not None:
        raise BadPasskey
    key.sign_count, key.last_used_at = seen.new_sign_count, now
    return account


def passkeys(db: DbSession, account: UUID) -> Sequence[Passkey]:
    """All that an account has, the oldest first."""
    return db.scalars(select(Passkey).where(Passkey.account_id == account).order_by(Passkey.id)).all()


def drop_passkey(db: DbSession, account: Account, given: str, *, by: str, now: dt.datetime) -> None:
    """Takes one away.

    Raises
    ------
    NoSuchPasskey
        There is none of this id.
    """
    found = next((one for one in passkeys(db, account.id) if str(one.id) == given), None)
    if found is None:
        raise NoSuchPasskey(given)
    db.delete(found)
    write_down(db, at=now, by=by, what="second factor taken", whom=f"account {account.id}", details={"kind": "passkey"})
    tell_account(db, account, About.FACTOR_TAKEN, now=now)


def forget_challenges(db: DbSession, now: dt.datetime) -> int:
    """Removes those that are over, and tells how many that were."""
    return cast("CursorResult[Any]", db.execute(delete(Challenge).where(Challenge.ends_at <= now))).rowcount


def _challenge(db: DbSession, occasion: Occasion, account: UUID | None, value: bytes, now: dt.datetime) -> UUID:
    made = Challenge(id=new_id(), occasion=occasion, account_id=account, value=value, ends_at=now + LIVES)
    db.add(made)
    return made.id


def _used(db: DbSession, occasion: Occasion, account: UUID | None, given: UUID, now: dt.datetime) -> bytes:
    """What was to be signed; it is to be signed by nobody again."""
    mine = Challenge.account_id == account if account else Challenge.account_id.is_(None)
    gone = delete(Challenge).where(Challenge.id == given, Challenge.occasion == occasion, mine, Challenge.ends_at > now)
    value = db.scalars(gone.returning(Challenge.value)).first()
    if value is None:
        raise BadPasskey
    return value
