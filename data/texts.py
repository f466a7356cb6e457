"""What people write freely, such as reasons, notes and names: how long it may be, whoever hands it in."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST = 2_000
"""So many signs has any of them at most; where people type, less may be taken."""


@dataclass(eq=False)
class BadText(ValueError):
    """A text is longer than any may be, or has a sign that PostgreSQL does not keep."""

    what: str
    problem: str
    mend: str

    def __str__(self) -> str:
        return f"{self.what}: {self.problem}; {self.mend}"


def bounded(text: str, what: str) -> str:
    """The text, which may be empty, if it can be kept.

    Raises
    ------
    BadText
        It cannot.
    """
    if len(text) > LONGEST:
        raise BadText(what, f"has {len(text):,} signs", f"write at most {LONGEST:,}")
    if "\0" in text:
        raise BadText(what, "has a sign of the code 0", "leave it out")
    return text
