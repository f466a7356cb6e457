"""Text and numbers as people are shown them."""

from __future__ import annotations

import pytest

from api.plain import clean, percent


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("김하늘", "김하늘", id="a name"),
        pytest.param("\u202eevil\u2069", "evil", id="marks that turn the direction"),
        pytest.param("\x1b[31mred\x07\n", "[31mred", id="what a terminal obeys"),
        pytest.param("می\u200cخواهم", "می\u200cخواهم", id="a joiner that a script needs"),
    ],
)
def test_what_steers_a_screen_is_left_out(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        pytest.param(0.0, "0 %", id="none"),
        pytest.param(0.001, "1 %", id="nearly none is not none"),
        pytest.param(0.725, "72 %", id="rounded"),
        pytest.param(0.999, "99 %", id="nearly all is not all"),
        pytest.param(1.0, "100 %", id="all"),
    ],
)
def test_none_and_all_are_said_only_where_they_are_true(part: float, shown: str) -> None:
    assert percent(part) == shown
