"""Strikes a person out of texts: their names and addresses go, and another word stands for their key.

In a Korean sentence a particle follows a name without a space, so that a name is struck wherever its signs are; one of Latin letters only
where it stands alone, and so is a key. A number of up to three digits is no key within a sentence, where it may count anything.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from data.people import CameAs

LONGEST_COUNT = 3


@dataclass(frozen=True)
class Struck:
    """Whom to strike out: who came in a role with a key, and is `alias` from now on; `words` are their names and addresses."""

    role: CameAs
    key: str
    alias: str
    words: frozenset[str]

    def also(self, words: Iterable[str]) -> Struck:
        """The same, with other words too."""
        return Struck(self.role, self.key, self.alias, self.words | {word.strip() for word in words if word.strip()})

    def is_in(self, text: str) -> bool:
        """Whether a text names them, also where it is written as a part of an address."""
        return any(self.text(one) != one for one in (text, unquote(text)))

    def may_be_in(self, held: str) -> bool:
        """Whether what a column holds may name them, as text or as JSON, which may be written with escapes: quick, for many."""
        if self.key in held or any(pattern.search(held) for pattern in self._words):
            return True
        if "\\" not in held:
            return False
        try:
            value = json.loads(held)
        except ValueError:
            return False
        return bool(self.value(value) != value)

    def text(self, text: str) -> str:
        """A sentence without them."""
        for pattern in self._words:
            text = pattern.sub("", text)
        return self._key.sub(self.alias, text) if self._key else text

    def value(self, value: Any) -> Any:  # noqa: ANN401  any value of JSON
        """A value of JSON without them."""
        match value:
            case str():
                return self.alias if value == self.key else self.text(value)
            case dict():
                return {self.value(name): self.value(held) for name, held in value.items()}
            case list():
                return [self.value(held) for held in value]
        return value

    @cached_property
    def _words(self) -> list[re.Pattern[str]]:
        folded = {unicodedata.normalize("NFC", word.casefold()) for word in self.words}
        return [_pattern(word) for word in sorted(folded, key=lambda word: (-len(word), word))]

    @cached_property
    def _key(self) -> re.Pattern[str] | None:
        if self.key.isdigit() and len(self.key) <= LONGEST_COUNT:
            return None
        return re.compile(rf"(?<![0-9A-Za-z_-]){re.escape(self.key)}(?![0-9A-Za-z_-])")


def _pattern(word: str) -> re.Pattern[str]:
    """What finds a word that is folded, however it is written: by itself where it is of Latin letters or a single sign."""
    alone = r"\w" if len(word) == 1 else "[0-9A-Za-z]"
    before, after = (rf"(?<!{alone})" if _needs_space(word, 0) else ""), (rf"(?!{alone})" if _needs_space(word, -1) else "")
    return re.compile(before + "".join(map(_sign, re.findall("ss|.", word, re.DOTALL))) + after, re.IGNORECASE)


def _sign(sign: str) -> str:
    """What finds a sign: whole, in the parts that Unicode makes it of, or in some of them."""
    if sign == "ss":
        return "(?:ss|ß|ẞ)"
    apart = unicodedata.normalize("NFD", sign)
    forms = {unicodedata.normalize("NFC", apart[:whole]) + apart[whole:] for whole in range(1, len(apart) + 1)}
    return f"(?:{'|'.join(map(re.escape, sorted(forms, key=len, reverse=True)))})"


def _needs_space(word: str, at: int) -> bool:
    return len(word) == 1 or word[at].isascii()
