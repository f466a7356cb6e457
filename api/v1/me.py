"""What is the caller's own: who they are, where they are signed in, their password and their second factors."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import select

from api.access import site_of
from api.problems import Problem
from api.v1.door import Call, Routes, Wire
from api.v1.fields import Ref, SomeText
from api.v1.sign_in import ChallengeOut, Code, PasskeyIn, Password
from data.access import Role
from data.accounts import change_password
from data.clients import written
from data.factors import begin_totp, codes_left, confirm_totp, drop_totp, has_totp, new_codes
from data.grants import Account
from data.passkeys import Passkey, add_passkey, begin_passkey, drop_passkey, passkeys
from data.programs import Program
from data.signed_in import Visit, end_visit, end_visits, refuse_stale_visit, visits

routes = Routes("me")


class StandingOut(Wire):
    """What the caller is in a program; with the person who they are there, or for whom."""

    program: Ref
    role: Role
    person_id: UUID | None
    school: str


class MeOut(Wire):
    """Who asks: an account with its address, or an API client with its scopes."""

    id: UUID
    email: str | None
    scopes: str | None
    standings: list[StandingOut]
    has_password: bool
    has_totp: bool
    passkeys: int
    recovery_codes: int = Field(description="How many are good.")


class PasswordIn(Wire):
    """The password that holds, empty where there is none, and the one that is to."""

    old: Password
    new: Password


class VisitOut(Wire):
    """One browser in which the account is signed in."""

    id: UUID
    current: bool = Field(description="It is the one that asks.")
    created_at: dt.datetime
    seen_at: dt.datetime
    address: str
    agent: str


class VisitsOut(Wire):
    """All of them, the oldest first."""

    items: list[VisitOut]


class TotpOut(Wire):
    """What a device is to show codes by; shown once."""

    secret: str
    uri: str = Field(description="The same as devices read it from a picture.")


class CodeIn(Wire):
    """What a device shows."""

    code: Code


class CodesOut(Wire):
    """Codes to recover by, each good once; shown once."""

    recovery_codes: list[str]


class PasskeyOut(Wire):
    """A passkey."""

    id: UUID
    name: str
    created_at: dt.datetime
    last_used_at: dt.datetime | None


class PasskeysOut(Wire):
    """All of the account's, the oldest first."""

    items: list[PasskeyOut]


class NewPasskeyIn(PasskeyIn):
    """What a device says to a challenge, and what the account calls it."""

    name: Annotated[SomeText, Field(max_length=100)]


class BeginIn(Wire):
    """Nothing is said."""


@routes.get("/me", None)
def read_me(call: Call) -> MeOut:
    """Who the caller is, and what in which programs."""
    actor, db = call.actor, call.db
    keys = dict(db.execute(select(Program.id, Program.key).where(Program.id.in_(actor.everywhere))).all())
    account = db.get_one(Account, actor.account) if actor.account else None
    return MeOut(
        id=actor.account or UUID(actor.name.rpartition(" ")[2]),
        email=account.email if account else None,
        scopes=None if actor.scopes is None else written(actor.scopes),
        standings=[
            StandingOut(program=Ref(id=one.program, external_id=keys[one.program]), role=one.role, person_id=one.person, school=one.school)
            for one in sorted(actor.standings, key=lambda one: (keys[one.program], one.role, str(one.person), one.school))
        ],
        has_password=bool(account and account.password),
        has_totp=account is not None and has_totp(db, account.id),
        passkeys=len(passkeys(db, account.id)) if account else 0,
        recovery_codes=codes_left(db, account.id) if account else 0,
    )


@routes.put("/me/password", None)
def change_my_password(call: Call, body: PasswordIn) -> None:
    """Sets another password; wherever else the account is signed in, it is so no more."""
    account, visit = _fresh(call) if not _account(call)[0].password else _account(call)
    source = call.db.info["source"]
    change_password(call.db, account, body.old, body.new, but=visit.id, by=call.by, source=source, now=call.now)


@routes.get("/me/sessions", None)
def list_my_sessions(call: Call) -> VisitsOut:
    """Where the account is signed in."""
    account, current = _account(call)
    return VisitsOut(
        items=[
            VisitOut(
                id=one.id,
                current=one.id == current.id,
                created_at=one.made_at,
                seen_at=one.seen_at,
                address=one.source,
                agent=one.agent,
            )
            for one in visits(call.db, account.id, now=call.now)
        ]
    )


@routes.delete("/me/sessions", None)
def end_my_other_sessions(call: Call) -> None:
    """Signs the account out everywhere but here."""
    account, current = _account(call)
    end_visits(call.db, account.id, but=current.id)


@routes.delete("/me/sessions/{console_session}", None)
def end_my_session(call: Call, console_session: UUID) -> None:
    """Signs it out of one browser."""
    account, _ = _account(call)
    end_visit(call.db, account.id, str(console_session))


@routes.post("/me/totp", None)
def begin_my_totp(call: Call, body: BeginIn) -> TotpOut:  # noqa: ARG001  an empty body is taken
    """Gives a secret for a device that shows codes; it counts once one of them was shown."""
    account, _ = _fresh(call)
    secret, uri = begin_totp(call.db, account)
    return TotpOut(secret=secret, uri=uri)


@routes.post("/me/totp/confirm", None, 200)
def confirm_my_totp(call: Call, body: CodeIn) -> CodesOut:
    """Has signing in by a password take a code from now on."""
    account, _ = _fresh(call)
    return CodesOut(recovery_codes=confirm_totp(call.db, account, body.code, by=call.by, now=call.now))


@routes.delete("/me/totp", None)
def drop_my_totp(call: Call) -> None:
    """Asks for codes no more."""
    account, _ = _fresh(call)
    drop_totp(call.db, account, by=call.by, now=call.now)


@routes.post("/me/recovery-codes", None, 200)
def make_my_codes(call: Call, body: BeginIn) -> CodesOut:  # noqa: ARG001
    """Gives new codes to recover by, in the place of all earlier ones."""
    account, _ = _fresh(call)
    return CodesOut(recovery_codes=new_codes(call.db, account, by=call.by, now=call.now))


@routes.get("/me/passkeys", None)
def list_my_passkeys(call: Call) -> PasskeysOut:
    """The account's passkeys."""
    account, _ = _account(call)
    return PasskeysOut(items=[_passkey_out(one) for one in passkeys(call.db, account.id)])


@routes.post("/me/passkeys/begin", None, 200)
def begin_my_passkey(call: Call, body: BeginIn) -> ChallengeOut:  # noqa: ARG001
    """Gives what a device is to sign that is to become a passkey."""
    account, _ = _fresh(call)
    challenge, options = begin_passkey(call.db, account, site_of(call.request), now=call.now)
    return ChallengeOut(challenge=challenge, options=options)


@routes.post("/me/passkeys", None)
def add_my_passkey(call: Call, body: NewPasskeyIn) -> PasskeyOut:
    """Makes a device a passkey: a password alone lets in no more."""
    account, _ = _fresh(call)
    given: dict[str, Any] = body.credential
    made = add_passkey(call.db, account, body.challenge, given, site_of(call.request), name=body.name, by=call.by, now=call.now)
    return _passkey_out(made)


@routes.delete("/me/passkeys/{passkey:uuid}", None)
def drop_my_passkey(call: Call, passkey: UUID) -> None:
    """Takes one away."""
    account, _ = _fresh(call)
    drop_passkey(call.db, account, str(passkey), by=call.by, now=call.now)


def _passkey_out(one: Passkey) -> PasskeyOut:
    return PasskeyOut(id=one.id, name=one.name, created_at=one.made_at, last_used_at=one.last_used_at)


def _account(call: Call) -> tuple[Account, Visit]:
    """Whose it is, and by what they are signed in.

    Raises
    ------
    Problem
        An API client has none of it.
    """
    visit = call.visit
    if visit is None:
        raise Problem(409, "no-account", "an API client has no account", "sign in with one")
    return call.db.get_one(Account, visit.account_id, with_for_update=call.changes), visit


def _fresh(call: Call) -> tuple[Account, Visit]:
    """The same, of somebody who has just signed in."""
    account, visit = _account(call)
    refuse_stale_visit(visit, now=call.now)
    return account, visit
