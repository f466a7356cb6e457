"""A sentence is its English text and knows what it was made from, also when it comes back from the folder of a result."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from random import Random
from time import monotonic

import pytest

from api.overview import read_overview
from matching import solve
from matching.faults import BadResult
from matching.limits import Limits
from matching.resultfiles import read_result, write_result
from matching.sentences import FILE, Sentence, all_of, in_turn, read_sentences, with_sentences, write_sentences
from matching.week import Stretch, read_meetings
from tests.api.shown import RESULT
from tests.rounds.random_rounds import tiny_round

NESTED = Sentence(
    "%(mentees)s can come at %(meetings)s, %(times)s or not at all: %(points)s lower",
    mentees=all_of(["s-1", "s-2", "s-3"]),
    meetings=read_meetings("Tue 19:00; Thu 19:00"),
    times=in_turn([Stretch(0, 90), Stretch(1440, 1500)]),
    points=12345,
)


def test_a_sentence_is_its_english_text() -> None:
    assert NESTED == "s-1, s-2 and s-3 can come at Tue 19:00; Thu 19:00, Mon 00:00-01:30; Tue 00:00-01:00 or not at all: 12,345 lower"


def test_names_with_signs_of_a_template_stay_as_they_are() -> None:
    assert Sentence("%(mentee)s is 100 % here", mentee="%(mentee)s %d {0}") == "%(mentee)s %d {0} is 100 % here"


@pytest.mark.parametrize(
    ("template", "values"),
    [
        pytest.param("%(mentee)s waits", {}, id="a place without a value"),
        pytest.param("nobody waits", {"mentee": "s-1"}, id="a value without a place"),
        pytest.param("%(mentee)s and %(mentee)s", {"mentee": "s-1"}, id="a place twice"),
    ],
)
def test_places_and_values_belong_together(template: str, values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="places"):
        Sentence(template, **values)


def test_a_copy_knows_what_it_was_made_from() -> None:
    again = deepcopy(NESTED)
    assert (again, again.template, again.values) == (NESTED, NESTED.template, NESTED.values)


def test_a_sentence_comes_back_as_it_was() -> None:
    result = replace(RESULT, unplaced=tuple(replace(row, detail=NESTED) for row in RESULT.unplaced))
    told = write_sentences(result)
    assert told.count("\n  ") == 1
    (again,) = read_sentences(told).values()
    assert (again, again.template, again.values) == (NESTED, NESTED.template, NESTED.values)


def test_what_a_run_says_comes_back_from_its_folder(tmp_path: Path) -> None:
    told: set[str] = set()
    for seed in range(40):
        round = tiny_round(Random(seed), requires=0)
        result = solve(round, limits=Limits(effort=0.2), clock=monotonic)
        write_result(result, tmp_path / str(seed))
        again = read_overview(tmp_path / str(seed)).result
        texts = [*(row.detail for row in again.unplaced), *(row.sentence for row in again.advice)]
        assert all(isinstance(text, Sentence) for text in texts)
        assert (again.unplaced, again.advice) == (tuple(sorted(result.unplaced, key=lambda row: (row.mentee, row.subject))), result.advice)
        told |= {text.template for text in texts if isinstance(text, Sentence)}
    assert len(told) > 10


def test_a_text_that_somebody_changed_stays_as_it_is(tmp_path: Path) -> None:
    write_result(RESULT, tmp_path)
    table = tmp_path / "unplaced.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("nobody teaches math", "we asked around"), encoding="utf-8")
    texts = [row.detail for row in read_overview(tmp_path).result.unplaced]
    assert "we asked around" in texts
    assert not any(isinstance(text, Sentence) for text in texts)


def test_a_result_without_the_file_is_a_result(tmp_path: Path) -> None:
    write_result(RESULT, tmp_path)
    (tmp_path / FILE).unlink()
    assert read_overview(tmp_path).result.unplaced == read_result(tmp_path).unplaced
    assert with_sentences(RESULT, {}) == RESULT


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("7", id="a number"),
        pytest.param('["text", {}]', id="an object without a template"),
        pytest.param('[{"template": "%(a)s", "values": {}}]', id="a place without a value"),
        pytest.param('[{"template": "%(a)s%(a)s", "values": {"a": "b"}}]', id="a place twice"),
        pytest.param('[{"template": "%(a)s", "values": {"a": [10080]}}]', id="a start after the week"),
        pytest.param('[{"template": "%(a)s", "values": {"a": {"start": 90, "end": 60}}}]', id="a stretch that ends before it starts"),
        pytest.param('[{"template": "%(a)s", "values": {"a": null}}]', id="a place without anything"),
        pytest.param("[" * 100_000, id="too deep"),
    ],
)
def test_what_holds_no_sentences_is_refused(text: str) -> None:
    with pytest.raises(BadResult, match=f"{FILE}: holds no sentences"):
        read_sentences(text)
