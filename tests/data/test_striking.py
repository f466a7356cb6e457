"""Names are struck out of sentences, and others that look like them are not."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest

from data.people import CameAs
from data.striking import Struck

WHO = Struck(CameAs.MENTEE, "s-17", "erased-1", frozenset()).also(("김두레나", "durena@example.org", "", "Lee"))


@pytest.mark.parametrize(
    ("said", "left"),
    [
        pytest.param("김두레나는 잘했다", "는 잘했다", id="a particle follows a Korean name"),
        pytest.param("ask Lee, not Leeds or ashlee", "ask , not Leeds or ashlee", id="a Latin name is one by itself"),
        pytest.param("LEE came", " came", id="large letters"),
        pytest.param("write to Durena@Example.org!", "write to !", id="an address"),
        pytest.param("s-17은 s-170, s-17-b and s-17.", "erased-1은 s-170, s-17-b and erased-1.", id="a key is one by itself"),
        pytest.param("mentee ext:s-17", "mentee ext:erased-1", id="a key in an address"),
        pytest.param("nobody else", "nobody else", id="nothing of theirs"),
    ],
)
def test_a_sentence_loses_names_and_keeps_the_rest(said: str, left: str) -> None:
    assert WHO.text(said) == left
    assert WHO.is_in(said) == (said != left)


def test_values_of_json_are_struck_in_names_and_values_alike() -> None:
    told = {"attendance": {"s-17": "present", "s-18": "late"}, "minutes": 17, "of": ["s-17", {"was": "김두레나"}], "none": None}
    struck = {"attendance": {"erased-1": "present", "s-18": "late"}, "minutes": 17, "of": ["erased-1", {"was": ""}], "none": None}
    assert WHO.value(told) == struck


def test_a_short_number_is_a_key_where_it_stands_alone_and_none_in_a_sentence() -> None:
    who = Struck(CameAs.MENTEE, "17", "erased-1", frozenset())
    assert who.text("at most 17 groups") == "at most 17 groups"
    assert who.value({"17": "17 groups"}) == {"erased-1": "17 groups"}
    longer = Struck(CameAs.MENTEE, "20261234", "erased-1", frozenset())
    assert longer.text("20261234 was late, 120261234 was not") == "erased-1 was late, 120261234 was not"


def test_a_name_in_an_address_of_the_web_is_found_where_it_is_written_with_escapes() -> None:
    assert WHO.is_in("https://meet.example/%EA%B9%80%EB%91%90%EB%A0%88%EB%82%98")
    assert not WHO.is_in("https://meet.example/g-0001")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_goes_whatever_its_signs_are_made_of(form: Literal["NFC", "NFD"]) -> None:
    half = "김두" + unicodedata.normalize("NFD", "레나")
    parts = "Nguy" + unicodedata.normalize("NFD", "ê") + "\u0303n"
    strasse = unicodedata.normalize(form, "Jörg Strauß")
    who = Struck(CameAs.MENTEE, "s-17", "erased-1", frozenset()).also((unicodedata.normalize(form, "김두레나"), "Nguyễn", strasse))
    for said in (half, parts, "Nguyê\u0303n", "JÖRG STRAUSS", "jörg strauß", unicodedata.normalize("NFD", "Jörg Strauß"), "Jörg STRAUẞ"):
        assert (said, who.text(f"for {said}.")) == (said, "for .")
        assert who.may_be_in(said)
    assert who.text("Strauss and 김두나") == "Strauss and 김두나"
