"""Who accounts are to identity providers: one provider for each organisation, and what it calls those who have come in by it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, ForeignKey, LargeBinary, UniqueConstraint, delete
from sqlalchemy.orm import Mapped, Session as DbSession, mapped_column

from data.base import Base, new_id
from data.grants import Account
from data.programs import Organisation


class IdentityProvider(Base):
    """Where the people of an organisation sign in (OpenID Connect): `secret` is sealed, `domains` are those of the mail addresses for which
    it speaks, with spaces; `two_factors` is said by whoever set it: it asks everybody for these."""

    __tablename__ = "identity_provider"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey(Organisation.id), primary_key=True)
    issuer: Mapped[str]
    client: Mapped[str]
    secret: Mapped[str]
    domains: Mapped[str]
    two_factors: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[dt.datetime]

    def speaks_for(self, email: str) -> bool:
        """Whether an address is of one of its domains."""
        return email.rpartition("@")[2] in self.domains.split()


class Identity(Base):
    """An account as an issuer calls it, which stays when an address changes."""

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"), UniqueConstraint("issuer", "account_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey(Account.id), index=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    made_at: Mapped[dt.datetime]


class Departure(Base):
    """A browser that was sent to a provider and is to come back; of what it is to show only hashes are kept."""

    __tablename__ = "departure"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey(Organisation.id), index=True)
    state: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    browser: Mapped[bytes] = mapped_column(LargeBinary(32))
    ends_at: Mapped[dt.datetime] = mapped_column(index=True)


def forget_identities(db: DbSession, accounts: Sequence[UUID]) -> None:
    """No provider knows these accounts any more."""
    db.execute(delete(Identity).where(Identity.account_id.in_(accounts)))


def forget_departures(db: DbSession, now: dt.datetime) -> int:
    """Removes those that nobody comes back from any more, and tells how many that were."""
    return cast("CursorResult[Any]", db.execute(delete(Departure).where(Departure.ends_at <= now))).rowcount
