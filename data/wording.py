"""What pydantic finds wrong with a value, in plain words: what is wrong, and what would be right."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

NO_NUMBER = "{given} is no whole number; write one, such as 28"
WRONG = {
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
    "tuple_type": "{given} is no list; write one, such as [1440, 60]",
    "dict_type": "{given} names nothing in languages; write it as `dure program show` does",
    "string_type": "{given} is no text; write some in quotes",
    "string_pattern_mismatch": "{given} is no address; write https://...",
    "too_short": "is empty; write at least one",
    "value_error": "{error}",
    "extra_forbidden": "is no setting; leave it out",
}
"""What is wrong with a value, and what would be right, by the library's name for the fault."""
LONGEST_SAID = 60
"""So much of what somebody gave is told of it again."""


def why(fault: Mapping[str, Any]) -> str:
    """What is wrong, of one of `ValidationError.errors()`; what the library says itself, where nobody has put that otherwise."""
    said, of = json.dumps(fault["input"], ensure_ascii=False, default=str), fault.get("ctx", {})
    given = said if len(said) <= LONGEST_SAID else said[: LONGEST_SAID - 1] + "…"
    expected = str(of.get("expected", "")).replace("'", "")
    wrong = WRONG.get(fault["type"])
    return wrong.format_map({**of, "given": given, "expected": expected}) if wrong else str(fault["msg"])
