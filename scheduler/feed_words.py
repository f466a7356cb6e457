"""What a feed says of a session besides its title, in each language, and what is left of a name that is not to be shown whole."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from data.sessions import Kind
from data.settings import Language

LONGER = ("응우옌", "남궁", "독고", "사공", "서문", "선우", "제갈", "황보", "歐陽", "司徒", "司馬", "上官", "諸葛", "張簡")
"""Family names of more than one sign."""

MOST_SIGNS = 4
"""Of a name in Korean or Chinese. What is longer was brought from another language, where the family name may be longer too."""

FAMILY_FIRST = """
an bae baek chang chen cheng cheon choi chou chow chu chung dang dinh do doan duong han heo hoang hong hsieh hsu hu huang huynh hwang
jang jeon jeong ji jo joo jung kang kim ko kuo kwon lai le lee li liao lim lin liu luong ma min mo moon na nam ngo nguyen noh oh pak
park pham phan rhee ryu seo shin shih sim sohn son song su suh sung tran trinh truong tsai tsao tseng tu vo vu wang won woo wu yang yeh
yeo yi yoo yoon you yu yun zhang zhou
"""
"""Family names, in Latin letters, of countries where they come first."""


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
    """A name without its family name: the first of several words, or the last where the first is a family name; in Korean and Chinese
    what follows the family name.

    Of a name that cannot be told apart (a single sign, say, or one with remarks), nothing is left.
    """
    words = name.split()
    if all(_is_east_asian(word) for word in words):
        whole = "".join(words)
        if len(whole) > MOST_SIGNS:
            return ""
        family = next((len(longer) for longer in LONGER if whole.startswith(longer) and whole != longer), 1)
        return "".join(words[1:]) or whole[family:]
    if len(words) == 1 or not all(_is_plain(word) for word in words):
        return ""
    family_first = FAMILY_FIRST.split()
    if words[0].casefold() not in family_first:
        return words[0]
    return "" if words[-1].casefold() in family_first else words[-1]


def _is_east_asian(word: str) -> bool:
    return all(unicodedata.name(sign, "").startswith(("HANGUL SYLLABLE", "CJK UNIFIED")) for sign in word)


def _is_plain(word: str) -> bool:
    return word.replace("-", "").replace("'", "").isalpha() and not any(_is_east_asian(sign) for sign in word)
