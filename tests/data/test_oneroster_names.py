"""Names in two parts and in one."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from data.oneroster_names import joined, parted


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("김하늘", ("하늘", "김")),
        ("이준", ("준", "이")),
        ("남궁민", ("민", "남궁")),
        ("남궁", ("궁", "남")),
        ("王小明", ("小明", "王")),
        ("歐陽娜娜", ("娜娜", "歐陽")),
        ("Ada Byron", ("Ada", "Byron")),
        ("Anne-Marie van Dijk", ("Anne-Marie van", "Dijk")),
        ("Kim 하늘", ("Kim", "하늘")),
        ("Ada", ("Ada", "-")),
        ("김", ("김", "-")),
        ("", ("-", "-")),
    ],
)
def test_a_name_is_parted_as_its_bearers_part_it_and_joined_again(name: str, parts: tuple[str, str]) -> None:
    assert parted(name) == parts
    assert joined(*parts) == name


@given(st.text("김하늘남궁王小歐陽ab ", max_size=8).map(lambda text: " ".join(text.split())))
def test_neither_part_is_empty(name: str) -> None:
    assert all(parted(name))
    assert sorted(joined(*parted(name)).replace(" ", "")) == sorted(name.replace(" ", ""))
