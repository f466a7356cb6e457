"""What a client has already, by RFC 9110, and which coding it takes."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings, strategies as st

from api.validators import http_date, is_unchanged, takes_gzip

CHANGED = dt.datetime(2027, 3, 1, 9, 30, 15, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("header", "unchanged"),
    [
        pytest.param('"abc"', True, id="the tag"),
        pytest.param('"abc-gzip"', True, id="that of the other coding"),
        pytest.param('W/"abc"', True, id="a weak one"),
        pytest.param('"x", W/"y" ,"abc"', True, id="last of a list"),
        pytest.param('"a,b", "abc"', True, id="after one with a comma in it"),
        pytest.param("*", True, id="whatever there is"),
        pytest.param(" * ", True, id="whatever there is, with room"),
        pytest.param('"abd"', False, id="another"),
        pytest.param("abc", False, id="without quotes"),
        pytest.param('"abc', False, id="half a tag"),
        pytest.param('"x" "abc"', False, id="no comma between"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_if_none_match_takes_lists_and_a_star(header: str, unchanged: bool) -> None:
    """FEEDS.md F17."""
    assert is_unchanged("abc", CHANGED, header, None) == unchanged


def test_if_none_match_beats_if_modified_since() -> None:
    """FEEDS.md F17."""
    assert not is_unchanged("abc", CHANGED, '"other"', http_date(CHANGED))
    assert is_unchanged("abc", CHANGED, '"abc"', http_date(CHANGED - dt.timedelta(days=1)))


@pytest.mark.parametrize(
    ("header", "unchanged"),
    [
        pytest.param("Mon, 01 Mar 2027 09:30:15 GMT", True, id="the date"),
        pytest.param("Mon, 01 Mar 2027 09:30:16 GMT", True, id="a second later"),
        pytest.param("Mon, 01 Mar 2027 09:30:14 GMT", False, id="a second earlier"),
        pytest.param("Monday, 01-Mar-27 09:30:15 GMT", True, id="in an old form"),
        pytest.param("Mon Mar  1 09:30:15 2027", True, id="in C's form"),
        pytest.param("Mon, 32 Mar 2027 09:30:15 GMT", False, id="a day that is none"),
        pytest.param("2027-03-02", False, id="another form"),
        pytest.param("tomorrow", False, id="no date"),
        pytest.param("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", False, id="a year beyond all"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_a_date_counts_where_it_is_one(header: str, unchanged: bool) -> None:
    """FEEDS.md F18."""
    assert is_unchanged("abc", CHANGED, None, header) == unchanged


TAGS = st.text(alphabet=st.characters(min_codepoint=0x23, max_codepoint=0x7E), max_size=6) | st.sampled_from(["abc", "abc-gzip", "a,b"])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["", "W/", " "]), TAGS), max_size=5))
def test_a_list_of_tags_says_unchanged_exactly_where_one_is_the_feeds(tags: list[tuple[str, str]]) -> None:
    """FEEDS.md F17."""
    header = ",".join(f'{before}"{tag}"' for before, tag in tags)
    assert is_unchanged("abc", CHANGED, header, None) == any(tag in {"abc", "abc-gzip"} for _, tag in tags)


@settings(max_examples=200, deadline=None)
@given(st.integers(-2_000_000_000, 2_000_000_000) | st.integers(-2, 2))
def test_a_date_says_unchanged_exactly_from_the_last_change_on(seconds: int) -> None:
    """FEEDS.md F18."""
    since = CHANGED + dt.timedelta(seconds=seconds)
    assert is_unchanged("abc", CHANGED, None, http_date(since)) == (seconds >= 0)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(max_codepoint=255, exclude_characters="*0123456789"), max_size=60))
def test_whoever_sends_neither_tag_nor_date_nor_coding_is_sent_the_whole_feed_as_it_is(header: str) -> None:
    """FEEDS.md F18."""
    assert not is_unchanged("no such tag", CHANGED, header, None)
    assert not is_unchanged("abc", CHANGED, None, header)
    assert takes_gzip(header) == ("gzip" in [coding.partition(";")[0].strip() for coding in header.lower().split(",")])


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        pytest.param(None, False, id="nothing said"),
        pytest.param("", False, id="nothing"),
        pytest.param("gzip, deflate, br", True, id="as browsers say it"),
        pytest.param("GZIP", True, id="in capitals"),
        pytest.param("gzip;q=0", False, id="refused"),
        pytest.param("gzip; q=0.0, *", False, id="refused, but anything else taken"),
        pytest.param("*", True, id="anything"),
        pytest.param("br", False, id="only others"),
        pytest.param("gzip;q=0.2, identity;q=0.8", False, id="rather as it is"),
        pytest.param("gzip;q=x", False, id="no weight"),
        pytest.param("identity", False, id="as it is"),
    ],
)
def test_gzip_is_sent_to_those_who_take_it(header: str | None, taken: bool) -> None:
    """FEEDS.md F19."""
    assert takes_gzip(header) == taken
