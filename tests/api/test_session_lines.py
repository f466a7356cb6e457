"""Times of a term's clock are read as people type them."""

from __future__ import annotations

import datetime as dt

import pytest

from api.edge import BadWord
from api.session_lines import instant_of
from data.programs import Term

NEW_YORK = Term(zone="America/New_York")


def test_a_time_is_one_of_the_terms_clock() -> None:
    assert instant_of(NEW_YORK, "2027-03-14 03:30", "WHEN") == dt.datetime(2027, 3, 14, 7, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("soon", "WHEN: 'soon' is no time; write 2026-03-05T19:00"),
        ("2999-03-14T02:30", "WHEN: 2999-03-14 is too far away; write a time of the years 2000 to 2199"),
        ("2027-03-14T02:30", "WHEN: '2027-03-14T02:30' is left out: clocks are put forward then; write 2027-03-14T03:30"),
    ],
)
def test_what_is_no_time_is_told(text: str, told: str) -> None:
    with pytest.raises(BadWord) as found:
        instant_of(NEW_YORK, text, "WHEN")
    assert str(found.value) == told
