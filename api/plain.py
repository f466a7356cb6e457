"""Text and numbers as people are shown them, in a terminal as on a page."""

from __future__ import annotations

import codecs
import io
import unicodedata
from typing import TextIO

JOINERS = "\u200c\u200d"
"""Marks between signs that some scripts are not written without."""

STAND_INS = {"█": "#", "░": ".", "·": ".", "●": "*", "○": "o", "…": "...", "─": "-"}
"""Signs that we draw with, and what is written where the encoding has none of them."""


def clean(text: str) -> str:
    """The text without what a screen would obey: control characters, and marks that turn the direction of writing."""
    return "".join(sign for sign in text if sign in JOINERS or unicodedata.category(sign) not in ("Cc", "Cf", "Zl", "Zp"))


def columns_of(text: str) -> int:
    """How many columns of a screen a text takes: signs of East Asia take two, marks upon others none."""
    wide = {"W": 2, "F": 2}
    return sum(0 if unicodedata.combining(sign) else wide.get(unicodedata.east_asian_width(sign), 1) for sign in text)


def whole_percent(part: float) -> int:
    """A part of one, in [0, 1], as a whole percentage; 0 and 100 are said only of none and all."""
    if 0 < part < 1:
        return min(max(round(part * 100), 1), 99)
    return round(part * 100)


def percent(part: float) -> str:
    """`whole_percent` with its sign."""
    return f"{whole_percent(part)} %"


def stand_in_for_signs(out: TextIO) -> None:
    """Lets a text be written whatever the encoding lacks: `STAND_INS` for our own signs, escapes for others.

    Where somebody has chosen another way (`PYTHONIOENCODING=ascii:replace`), that is kept.
    """
    if isinstance(out, io.TextIOWrapper) and out.errors in ("strict", "surrogateescape"):
        codecs.register_error(_stand_in.__name__, _stand_in)
        out.reconfigure(errors=_stand_in.__name__)


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(STAND_INS.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in signs), error.end
