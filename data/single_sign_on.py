"""Single sign-on: which provider an organisation has, how a browser is sent there, and whose account it comes back with.

Whoever runs the service says for which domains a provider speaks: by it come in those who have a role in its organisation and an address
there that it has verified. From then on they are known by what the provider calls them, and not by their address, which it may give to
somebody else.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session as DbSession

from data.accounts import account_named, give_own_roles, let_in_by_mail, signs_in_by_mail
from data.audit import write_down
from data.base import new_id
from data.clients import hashed
from data.grants import Account, Grant
from data.identities import Departure, Identity, IdentityProvider
from data.programs import Organisation
from data.sealing import seal

AWAY = dt.timedelta(minutes=10)
"""So long a browser may be at a provider."""

DOMAIN = re.compile(r"(?=.{1,190}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?")


class SignOnError(Exception):
    """The root of what can be wrong with single sign-on."""


@dataclass(eq=False)
class NoProvider(SignOnError):
    """The organisation has no identity provider."""

    given: str

    def __str__(self) -> str:
        return f"{self.given!r} has no single sign-on; sign in by another way"


@dataclass(eq=False)
class BadDomain(SignOnError):
    """This is no domain of mail addresses, or there is none."""

    given: str

    def __str__(self) -> str:
        return f"{self.given!r} is no domain; write some such as campus.example.org, with commas"


@dataclass(eq=False)
class DepartureIsOver(SignOnError):
    """A browser comes back that was not sent, or too late, or once more."""

    def __str__(self) -> str:
        return "this sign-in is over, or was begun in another browser; begin again"


@dataclass(eq=False)
class NotLetIn(SignOnError):
    """Whoever signed in with the provider has no account that it may open; why is not said."""

    def __str__(self) -> str:
        return "you have no role here by the address that you signed in with; ask whoever runs the program"


@dataclass(frozen=True, slots=True)
class Trip:
    """What goes with a browser to a provider: `state` in the address, `browser` in a cookie, of which the rest is made."""

    state: str
    browser: str

    @property
    def nonce(self) -> str:
        """What the provider is to write into what it says (OpenID Connect Core 3.1.2.1)."""
        return self._made("nonce")

    @property
    def verifier(self) -> str:
        """What shows that whoever redeems a code has asked for it (RFC 7636)."""
        return self._made("verifier")

    def _made(self, what: str) -> str:
        made = hmac.digest(self.browser.encode(), what.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode("ascii")


@dataclass(frozen=True, slots=True)
class Claims:
    """What a provider says of whoever signed in there; `email` is empty where it has verified none, `signed_in_at` None where it does not
    say when; whether it says that they showed `two_factors`."""

    issuer: str
    subject: str
    email: str
    signed_in_at: dt.datetime | None
    two_factors: bool = False


@dataclass(frozen=True, slots=True)
class NewProvider:
    """What is said of a provider that an organisation is to have: `client` and `secret` are what it knows this service by, `domains` have
    commas or spaces between them, and `two_factors` is whether it asks everybody for these, whatever it says."""

    issuer: str
    client: str
    secret: str
    domains: str
    two_factors: bool = False


def set_provider(db: DbSession, organisation: UUID, new: NewProvider, *, by: str, now: dt.datetime) -> IdentityProvider:
    """Gives an organisation an identity provider in the place of what it had.

    Raises
    ------
    BadDomain
        One is none.
    SealError
        There is no key to seal the secret with.
    """
    of = sorted({one.lower() for one in new.domains.replace(",", " ").split()})
    wrong = next((one for one in of if not DOMAIN.fullmatch(one)), None)
    if wrong is not None or not of:
        raise BadDomain(wrong or "")
    found = db.get(IdentityProvider, organisation) or IdentityProvider(organisation_id=organisation)
    found.issuer, found.client, found.secret, found.domains = new.issuer, new.client, seal(db, new.secret), " ".join(of)
    found.two_factors, found.made_at = new.two_factors, now
    db.add(found)
    db.execute(delete(Departure).where(Departure.organisation_id == organisation))
    details = {"issuer": new.issuer, "domains": of, "two_factors": new.two_factors}
    write_down(db, at=now, by=by, what="identity provider set", whom=f"organisation {organisation}", details=details)
    return found


def remove_provider(db: DbSession, organisation: Organisation, *, by: str, now: dt.datetime) -> None:
    """Nobody comes in by it any more; who is signed in stays so.

    Raises
    ------
    NoProvider
        There is none.
    """
    db.delete(provider_of(db, organisation.key))
    db.execute(delete(Departure).where(Departure.organisation_id == organisation.id))
    write_down(db, at=now, by=by, what="identity provider removed", whom=f"organisation {organisation.id}")


def provider_of(db: DbSession, organisation: str) -> IdentityProvider:
    """The provider of an organisation, by its key.

    Raises
    ------
    NoProvider
        It has none, or there is no such organisation.
    """
    asked = select(IdentityProvider).join(Organisation, Organisation.id == IdentityProvider.organisation_id)
    found = db.scalars(asked.where(Organisation.key == organisation)).first()
    if found is None:
        raise NoProvider(organisation)
    return found


def depart(db: DbSession, provider: IdentityProvider, *, now: dt.datetime) -> Trip:
    """Sends a browser to a provider."""
    trip = Trip(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
    row = Departure(organisation_id=provider.organisation_id, state=hashed(trip.state), browser=hashed(trip.browser), ends_at=now + AWAY)
    db.add(row)
    return trip


def come_back(db: DbSession, state: str, browser: str, *, now: dt.datetime) -> IdentityProvider:
    """Where a browser comes back from; it does so once.

    Raises
    ------
    DepartureIsOver
        It was not sent there, or too long ago, or has come back.
    """
    mine = delete(Departure).where(Departure.state == hashed(state), Departure.browser == hashed(browser), Departure.ends_at > now)
    of = db.scalars(mine.returning(Departure.organisation_id)).first()
    found = db.get(IdentityProvider, of) if of is not None else None
    if found is None:
        raise DepartureIsOver
    return found


def account_of(db: DbSession, provider: IdentityProvider, claims: Claims, *, now: dt.datetime) -> Account:
    """Whose account it is: that which came in as the same before, else that of the verified address, which is theirs from now on.

    Raises
    ------
    NotLetIn
        There is none, or it has no role in the organisation, or an address for which the provider does not speak.
    """
    called = (Identity.issuer == claims.issuer, Identity.subject == claims.subject)
    account = db.scalars(select(Account).join(Identity, Identity.account_id == Account.id).where(*called)).first()
    known = account is not None
    if account is None and claims.email and provider.speaks_for(claims.email):
        account = account_named(db, claims.email)
        if account is None and signs_in_by_mail(db, claims.email):
            account = let_in_by_mail(db, claims.email, now=now)
    if account is None or account.closed_at is not None or not provider.speaks_for(account.email):
        raise NotLetIn
    if claims.email == account.email:
        give_own_roles(db, account, now=now)
    role = select(Grant.id).where(Grant.account_id == account.id, Grant.organisation_id == provider.organisation_id)
    if db.scalars(role).first() is None:
        raise NotLetIn
    if not known:
        _remember(db, account, claims, now)
    return account


def _remember(db: DbSession, account: Account, claims: Claims, now: dt.datetime) -> None:
    """From now on this account is theirs; one that is another's already is not."""
    db.get_one(Account, account.id, with_for_update=True)
    if db.scalars(select(Identity.id).where(Identity.account_id == account.id, Identity.issuer == claims.issuer)).first():
        raise NotLetIn
    db.add(Identity(id=new_id(), account_id=account.id, issuer=claims.issuer, subject=claims.subject, made_at=now))
    who = f"account {account.id}"
    write_down(db, at=now, by=who, what="identity added", whom=who, details={"issuer": claims.issuer})
