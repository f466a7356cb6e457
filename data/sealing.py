"""What is kept and must be read again, yet by nobody who only has the database: sealed with a key of the service (Fernet: AES-CBC with
HMAC-SHA-256).

The key is what `DURE_KEY` says. Without it, beside an SQLite file there is a file with the same name and `.key`, made at first use; on
PostgreSQL, which several machines share, there is no such place. Of several keys, with commas or on lines, the first seals and all open.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session as DbSession

VARIABLE = "DURE_KEY"
MEND = "write 32 random bytes in base64, such as `openssl rand -base64 32` prints"


class SealError(Exception):
    """The root of why something cannot be sealed or opened."""


@dataclass(eq=False)
class NoKey(SealError):
    """The service has no key."""

    def __str__(self) -> str:
        return f"{VARIABLE} is not set, and secrets are kept sealed; {MEND}"


@dataclass(eq=False)
class BadKey(SealError):
    """What is to be the key is none; `where` it stands."""

    where: str

    def __str__(self) -> str:
        return f"{self.where} holds what is no key; {MEND}"


@dataclass(eq=False)
class OtherKey(SealError):
    """Something was sealed with a key that is not among those there are."""

    def __str__(self) -> str:
        return f"a secret was sealed with another key; add that to {VARIABLE}, after a comma"


def seal(db: DbSession, text: str) -> str:
    """A text as it is kept.

    Raises
    ------
    SealError
        There is no key for it.
    """
    return keys(db.get_bind().engine.url).encrypt(text.encode()).decode("ascii")


def unseal(db: DbSession, sealed: str) -> str:
    """The text again.

    Raises
    ------
    SealError
        There is no key, or none that opens it.
    """
    try:
        return keys(db.get_bind().engine.url).decrypt(sealed).decode()
    except InvalidToken:
        raise OtherKey from None


def keys(url: URL, environment: Mapping[str, str] = os.environ) -> MultiFernet:
    """The keys for a database, the one that seals first.

    Raises
    ------
    NoKey
        There is none, and no place for one.
    BadKey
        One is no key.
    """
    given, where = environment.get(VARIABLE, ""), VARIABLE
    if not given:
        if url.get_backend_name() != "sqlite":
            raise NoKey
        beside = Path(f"{url.database}.key")
        given, where = _kept(beside), str(beside)
    try:
        return MultiFernet([Fernet(one) for one in given.replace(",", " ").split()])
    except ValueError:  # also where there is none at all
        raise BadKey(where) from None


def _kept(at: Path) -> str:
    """What the file says. Where there is none it is made: of two who do so at once, one does, and both read the same."""
    if not at.exists():
        mine = at.with_name(f"{at.name}.{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(Fernet.generate_key() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            at.hardlink_to(mine)  # which fails where there is one by now
        except FileExistsError:
            pass
        finally:
            mine.unlink(missing_ok=True)
    return at.read_text(encoding="ascii")
