"""What pydantic finds wrong with a value, in plain words: what is wrong, and what would be right."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

NO_DAY = "{given} is no day; write one, such as 2027-03-02"
NO_INSTANT = "{given} is no instant; write one with its offset, such as 2027-03-02T19:00:00+09:00"
NO_KEY = "{given} is no id; write a UUID, as it was told"
NO_NUMBER = "{given} is no whole number; write one, such as 28"
WRONG = {
    "missing": "is missing; write it",
    "enum": "{given} is none of these; write {expected}",
    "greater_than_equal": "{given} is too little; write {ge} or more",
    "greater_than": "{given} is too little; write more than {gt}",
    "less_than": "{given} is too much; write less than {lt}",
    "less_than_equal": "{given} is too much; write {le} or less",
    "int_type": NO_NUMBER,
    "int_parsing": NO_NUMBER,
    "int_parsing_size": NO_NUMBER,
    "int_from_float": NO_NUMBER,
    "float_type": "{given} is no number; write one, such as 2.5",
    "float_parsing": "{given} is no number; write one, such as 2.5",
    "finite_number": "{given} is no number; write one, such as 2.5",
    "literal_error": "{given} is none of these; write {expected}",
    "bool_type": "{given} is neither; write true or false",
    "bool_parsing": "{given} is neither; write true or false",
    "date_type": NO_DAY,
    "date_parsing": NO_DAY,
    "date_from_datetime_parsing": NO_DAY,
    "date_from_datetime_inexact": NO_DAY,
    "datetime_type": NO_INSTANT,
    "datetime_parsing": NO_INSTANT,
    "datetime_from_date_parsing": NO_INSTANT,
    "datetime_object_invalid": NO_INSTANT,
    "timezone_aware": NO_INSTANT,
    "uuid_type": NO_KEY,
    "uuid_parsing": NO_KEY,
    "list_type": "{given} is no list; write one in brackets",
    "tuple_type": "{given} is no list; write one in brackets",
    "dict_type": "{given} is no object; write names and values in braces",
    "model_type": "{given} is no object; write names and values in braces",
    "model_attributes_type": "{given} is no object; write names and values in braces",
    "string_type": "{given} is no text; write some in quotes",
    "string_pattern_mismatch": "{given} is not written as it must be; write {right}",
    "string_too_long": "is too long; write at most {max_length} characters",
    "string_too_short": "is too short; write at least {min_length} characters",
    "too_long": "has too many; write at most {max_length}",
    "too_short": "has too few; write at least {min_length}",
    "value_error": "{error}",
    "extra_forbidden": "is not known here; {meant}",
}
"""What is wrong with a value, and what would be right, by the library's name for the fault."""
RIGHT = {
    r"^[^\x00]*$": "it without the sign U+0000",
    r"^[^\x00]*[^\x00\s][^\x00]*$": "something that can be read, without the sign U+0000",
    r"^[^\x00\r\n]*$": "it in one line, without the sign U+0000",
    r"^[^\x00:;]*[^\x00:;\s][^\x00:;]*$": "one subject, without colon, semicolon or the sign U+0000",
    r"^[^\x00;]*[^\x00;\s][^\x00;]*$": "one region, without semicolon or the sign U+0000",
    r"^[^\x00\s]([^\x00]*[^\x00\s])?$": "a key that neither begins nor ends with a space, without the sign U+0000",
    r"^\S*$": "one word, without spaces",
    r"^[ -~]*$": "it with percent signs for whatever is not ASCII",
    r"^\S{1,60}$": "one word of 1 to 60 signs, without spaces",
    r"^\w[\w.-]{0,59}$": "1 to 60 letters, digits, dots, hyphens and underscores, of which the first is a letter or digit",
}
"""What is written right, by the pattern that it is to fit."""
LONGEST_SAID = 60
"""So much of what somebody gave is told of it again."""


def why(fault: Mapping[str, Any], own: Mapping[str, str] = MappingProxyType({}), *, known: Collection[str] = ()) -> str:
    """What is wrong, of one of `ValidationError.errors()`, in words of its `own` subject where it has some; what the library says itself,
    where nobody has put that otherwise. Of a name that is not known, the nearest of those that are."""
    said, of = json.dumps(fault["input"], ensure_ascii=False, default=str), fault.get("ctx", {})
    given = said if len(said) <= LONGEST_SAID else said[: LONGEST_SAID - 1] + "…"
    expected = str(of.get("expected", "")).replace("'", "")
    meant = nearest(str(fault["loc"][-1]), known) if fault["loc"] else "leave it out"
    right = RIGHT.get(of.get("pattern", ""), "what fits {pattern}".format_map({"pattern": "", **of}))
    wrong = own.get(fault["type"]) or WRONG.get(fault["type"])
    return wrong.format_map({**of, "given": given, "expected": expected, "right": right, "meant": meant}) if wrong else str(fault["msg"])


def nearest(name: str, known: Collection[str]) -> str:
    """What somebody meant who wrote a name that is not known: the nearest that is, or one of all."""
    near = get_close_matches(name, sorted(known), n=1)
    return f"write {near[0]}" if near else f"write one of {', '.join(sorted(known))}" if known else "leave it out"
