"""What a feed says of a session besides its title, in each language, and what is left of a name that is not to be shown whole."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from data.sessions import Kind
from data.settings import Language

TWO_SYLLABLES = ("남궁", "독고", "사공", "서문", "선우", "제갈", "황보", "歐陽", "司徒", "司馬", "上官", "諸葛", "張簡")
"""Family names that are longer than others."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; `{}` is filled in."""

    one_mentee: str
    mentees: str
    mentor: str
    makes_up: str
    group: str
    titles: Mapping[Kind, str]


WORDS = {
    Language.KO: Words(
        "멘티 1명", "멘티 {}명", "멘토: {}", "보강", "그룹 {}", {Kind.COUNSELLING: "상담", Kind.ORIENTATION: "오리엔테이션"}
    ),
    Language.EN: Words(
        "1 mentee",
        "{} mentees",
        "Mentor: {}",
        "Make-up session",
        "Group {}",
        {Kind.COUNSELLING: "Counselling", Kind.ORIENTATION: "Orientation"},
    ),
    Language.ZH_TW: Words(
        "學員 1 位", "學員 {} 位", "輔導老師:{}", "補課", "小組 {}", {Kind.COUNSELLING: "諮詢", Kind.ORIENTATION: "說明會"}
    ),
}


def given_name(name: str) -> str:
    """A name without its family name: the first of several words, or what follows the family name in Korean and Chinese.

    Of a name that cannot be told apart (a single sign, say, or one with remarks), nothing is left.
    """
    words = name.split()
    if not words:
        return ""
    if not _is_east_asian(words[0]):
        plain = words[0].replace("-", "").replace("'", "").isalpha() and not any(_is_east_asian(sign) for sign in words[0])
        return words[0] if len(words) > 1 and plain else ""
    if len(words) > 1:
        return "".join(words[1:])
    whole = words[0]
    family = 2 if len(whole) > 2 and whole.startswith(TWO_SYLLABLES) else 1
    return whole[family:]


def _is_east_asian(word: str) -> bool:
    return all(unicodedata.name(sign, "").startswith(("HANGUL SYLLABLE", "CJK UNIFIED")) for sign in word)
