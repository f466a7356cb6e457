"""Text and numbers as people are shown them, in a terminal as on a page."""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"
"""Marks between signs that some scripts are not written without."""


def clean(text: str) -> str:
    """The text without what a screen would obey: control characters, and marks that turn the direction of writing."""
    return "".join(sign for sign in text if sign in JOINERS or unicodedata.category(sign) not in ("Cc", "Cf", "Zl", "Zp"))


def whole_percent(part: float) -> int:
    """A part of one, in [0, 1], as a whole percentage; 0 and 100 are said only of none and all."""
    if 0 < part < 1:
        return min(max(round(part * 100), 1), 99)
    return round(part * 100)


def percent(part: float) -> str:
    """`whole_percent` with its sign."""
    return f"{whole_percent(part)} %"
