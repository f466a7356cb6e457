"""Names of people as OneRoster has them, in two parts, and as everybody else has them, in one.

Names of Korean and Chinese signs alone have the family's first and no space between; of others the last word is the family's.
"""

from __future__ import annotations

import re

NO_NAME = "-"
"""What stands for a part that somebody has not: both must be there."""

_SIGNS = re.compile(r"[가-힣]+|[\u3400-\u4dbf\u4e00-\u9fff]+")
_OF_TWO_SIGNS = re.compile(
    "남궁|독고|동방|사공|서문|선우|제갈|황보"
    "|歐陽|司馬|諸葛|上官|司徒|皇甫|令狐|公孫|夏侯|尉遲|端木|東方|獨孤|南宮|鮮于|西門"
)
"""Families whose names are not of one sign."""
MOST_SIGNS = 5


def parted(name: str) -> tuple[str, str]:
    """The given and the family name in a name of one line."""
    if _SIGNS.fullmatch(name) and 1 < len(name) <= MOST_SIGNS:
        family = name[: 2 if len(name) > 2 and _OF_TWO_SIGNS.match(name) else 1]
        return name[len(family) :], family
    given, _, family = name.rpartition(" ")
    return (given, family) if given else (family or NO_NAME, NO_NAME)


def joined(given: str, family: str) -> str:
    """The name of somebody who has these."""
    if _SIGNS.fullmatch(given) and _SIGNS.fullmatch(family):
        return family + given
    return " ".join(name for name in (given, family) if name != NO_NAME)
