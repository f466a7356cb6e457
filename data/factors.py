"""Second factors beside a password: codes that a device shows for half a minute each (TOTP, RFC 6238), and codes to recover by, each good
once."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from uuid import UUID

import pyotp
from sqlalchemy import ForeignKey, LargeBinary, delete, func, select, update
from sqlalchemy.orm import Mapped, Session as DbSession, mapped_column

from data.account_news import tell_account
from data.audit import write_down
from data.base import Base, new_id
from data.clients import hashed
from data.grants import Account
from data.outbox import About
from data.passkeys import Passkey
from data.sealing import seal, unseal

ISSUER = "Dure"
CODES = 10
STEP_SECONDS = 30
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""Signs that nobody takes for others."""


class Totp(Base):
    """What a device shows codes by, sealed; it counts once a code of it was shown. No code of a step up to `last_step` is taken again."""

    __tablename__ = "totp"

    account_id: Mapped[UUID] = mapped_column(ForeignKey(Account.id), primary_key=True)
    secret: Mapped[str]
    confirmed_at: Mapped[dt.datetime | None]
    last_step: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Base):
    """A code that stands in for a device that is lost, once."""

    __tablename__ = "recovery_code"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey(Account.id), index=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    used_at: Mapped[dt.datetime | None]


class FactorError(Exception):
    """The root of what can be wrong with a second factor."""


@dataclass(eq=False)
class WrongCode(FactorError):
    """The code is none that is good now."""

    def __str__(self) -> str:
        return "this code is not good now; write the one that your device shows"


@dataclass(eq=False)
class HasTotp(FactorError):
    """There is a device already."""

    def __str__(self) -> str:
        return "a device shows codes for this account already; take that away first"


def begin_totp(db: DbSession, account: Account) -> tuple[str, str]:
    """A new secret for a device, and the address of it that devices read as a picture; it counts from `confirm_totp` on.

    Raises
    ------
    HasTotp
        One counts already.
    """
    found = db.get(Totp, account.id)
    if found is not None and found.confirmed_at is not None:
        raise HasTotp
    secret = pyotp.random_base32()
    if found is None:
        db.add(Totp(account_id=account.id, secret=seal(db, secret)))
    else:
        found.secret = seal(db, secret)
    return secret, pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name=ISSUER)


def confirm_totp(db: DbSession, account: Account, code: str, *, by: str, now: dt.datetime) -> list[str]:
    """A device shows right codes: from now on signing in takes one. Gives codes to recover by, which are kept nowhere.

    Raises
    ------
    WrongCode
        It does not.
    HasTotp
        One counts already.
    """
    found = db.get(Totp, account.id)
    if found is not None and found.confirmed_at is not None:
        raise HasTotp
    if found is None or not _takes(db, found, code, now):
        raise WrongCode
    found.confirmed_at = now
    write_down(db, at=now, by=by, what="second factor added", whom=f"account {account.id}", details={"kind": "totp"})
    tell_account(db, account, About.FACTOR_ADDED, now=now)
    return new_codes(db, account, by=by, now=now)


def drop_totp(db: DbSession, account: Account, *, by: str, now: dt.datetime) -> None:
    """No device is asked for any more; codes to recover by go with the last second factor."""
    db.execute(delete(Totp).where(Totp.account_id == account.id))
    if not has_second(db, account.id):
        db.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    write_down(db, at=now, by=by, what="second factor taken", whom=f"account {account.id}", details={"kind": "totp"})
    tell_account(db, account, About.FACTOR_TAKEN, now=now)


def new_codes(db: DbSession, account: Account, *, by: str, now: dt.datetime) -> list[str]:
    """New codes to recover by, in the place of all earlier ones."""
    db.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    codes = ["-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(5)) for _ in range(CODES)]
    db.add_all(RecoveryCode(account_id=account.id, hash=hashed(code)) for code in codes)
    write_down(db, at=now, by=by, what="recovery codes made", whom=f"account {account.id}")
    return codes


def has_totp(db: DbSession, account: UUID) -> bool:
    """Whether a device's codes count."""
    found = db.get(Totp, account)
    return found is not None and found.confirmed_at is not None


def has_second(db: DbSession, account: UUID) -> bool:
    """Whether a password alone does not let in."""
    return has_totp(db, account) or db.scalars(select(Passkey.id).where(Passkey.account_id == account)).first() is not None


def codes_left(db: DbSession, account: UUID) -> int:
    """How many codes to recover by are good."""
    unused = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.account_id == account, RecoveryCode.used_at.is_(None))
    return db.scalars(unused).one()


def takes_code(db: DbSession, account: Account, code: str, *, now: dt.datetime) -> bool:
    """Whether a code is good, of the device or to recover by; it is good once."""
    found = db.get(Totp, account.id)
    if found is not None and found.confirmed_at is not None and _takes(db, found, code, now):
        return True
    mine = update(RecoveryCode).where(RecoveryCode.account_id == account.id, RecoveryCode.used_at.is_(None))
    used = mine.where(RecoveryCode.hash == hashed(code.strip().lower())).values(used_at=now).returning(RecoveryCode.id)
    if db.scalars(used).first() is None:
        return False
    write_down(db, at=now, by=f"account {account.id}", what="recovery code used", whom=f"account {account.id}")
    return True


def _takes(db: DbSession, found: Totp, code: str, now: dt.datetime) -> bool:
    """Whether it is a code of a step just now, or right before or after, later than any that was taken."""
    shown = code.replace(" ", "")
    step = int(now.timestamp()) // STEP_SECONDS
    device = pyotp.TOTP(unseal(db, found.secret), interval=STEP_SECONDS)
    right = next((one for one in (step - 1, step, step + 1) if pyotp.utils.strings_equal(device.generate_otp(one), shown)), None)
    if right is None:
        return False
    later = update(Totp).where(Totp.account_id == found.account_id, Totp.last_step < right).values(last_step=right)
    return db.scalars(later.returning(Totp.account_id)).first() is not None
