"""Passwords: which are taken, how they are kept (argon2id), and how one that is shown is looked at.

Long ones are safe, and nothing is asked of their signs; refused is what is guessed first, and what holds the address (NIST SP 800-63B
3.1.1.2).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

SHORTEST, LONGEST = 12, 128
"""Signs of a password."""

GUESSED = {
    *("password", "passwort", "contrasena", "motdepasse", "qwerty", "qwertyuiop", "asdfghjkl", "zxcvbnm", "letmein", "welcome", "admin"),
    *("administrator", "iloveyou", "monkey", "dragon", "football", "baseball", "sunshine", "princess", "superman", "trustno", "changeme"),
    *("default", "guest", "login", "master", "secret", "abc", "abcdef", "test", "testing", "hello", "whatever", "starwars", "computer"),
    *("mentor", "mentee", "mentoring", "tutoring", "dure", "student", "teacher", "school"),
    *("비밀번호", "사랑해", "안녕하세요", "선생님", "멘토링"),
}
"""Words of this service, and some that those who guess begin with."""

FEWEST_GUESSES = 100_000_000
"""Whoever guesses begins with the passwords that are used most, with names and words, keys beside each other, years and the like: what they
would find among so many first is refused. No list of leaked passwords has so many of this length."""

MOST_GUESSED = 72
"""Only so many signs are looked at: a password that begins with these, and is hard to guess up to there, is so."""


class PasswordError(Exception):
    """The root of why a password is not taken."""


@dataclass(eq=False)
class BadLength(PasswordError):
    """It is too short or too long."""

    def __str__(self) -> str:
        return f"the password has not {SHORTEST} to {LONGEST} signs; take some words that you alone put together"


@dataclass(eq=False)
class TooCommon(PasswordError):
    """It is among those that are guessed first."""

    def __str__(self) -> str:
        return "the password is one that is guessed first; take some words that you alone put together"


@dataclass(eq=False)
class HoldsAddress(PasswordError):
    """The address is in it."""

    def __str__(self) -> str:
        return "the password has the address in it; take one that does not"


def refuse_weak(password: str, email: str) -> None:
    """Does nothing where a password may be that of an address.

    Raises
    ------
    PasswordError
        It may not.
    """
    plain = unicodedata.normalize("NFC", password)
    if not SHORTEST <= len(plain) <= LONGEST:
        raise BadLength
    small = plain.casefold()
    name = email.partition("@")[0].casefold()
    if email.casefold() in small or (len(name) >= 4 and name in small):
        raise HoldsAddress
    if _is_common(small):
        raise TooCommon


def _is_common(small: str) -> bool:
    from zxcvbn import zxcvbn  # noqa: PLC0415  only who sets a password waits for its lists

    return bool(zxcvbn(small[:MOST_GUESSED], user_inputs=sorted(GUESSED))["guesses"] < FEWEST_GUESSES)


def hash_of(password: str) -> str:
    """What is kept of a password."""
    return _hasher().hash(unicodedata.normalize("NFC", password))


def is_right(password: str, kept: str) -> tuple[bool, str | None]:
    """Whether a password is the one of which this is `kept`, and what is to be kept instead where that is out of date.

    Where nothing is kept it is wrong, and that takes as long to be found.
    """
    given = unicodedata.normalize("NFC", password)[: LONGEST + 1]
    try:
        right, anew = _hasher().verify_and_update(given, kept or _nobodys())
    except PwdlibError:
        right, anew = False, None
    return right and bool(kept), anew


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))


@cache
def _nobodys() -> str:
    """What would be kept of a password that nobody has."""
    return hash_of("nobody has this one")
