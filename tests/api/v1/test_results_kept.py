"""A run's result is read once for all of its pages, and anew where it is another."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from api.v1.results import Kept, read
from data.archive import packed
from matching.result import Result
from matching.resultfiles import write_result
from tests.bench.publishing import made


def held(result: Result) -> bytes:
    """The result's folder, as a run keeps it."""
    return packed(lambda folder: write_result(result, folder))


@pytest.fixture(scope="module")
def small() -> Result:
    """Five groups of three mentors."""
    return made(3)[1]


def test_pages_of_one_result_read_it_once(small: Result) -> None:
    kept = Kept()
    assert kept.read(held(small)) is kept.read(held(small))
    assert kept.read(held(small)) == read(held(small)) == small


def test_a_result_that_was_changed_is_read_anew(small: Result) -> None:
    kept = Kept()
    kept.read(held(small))
    other = replace(small, seed=7)
    assert kept.read(held(other)) == other


def test_only_a_few_that_were_read_last_are_kept(small: Result) -> None:
    kept = Kept(2)
    some = [held(replace(small, seed=seed)) for seed in range(3)]
    first, second = kept.read(some[0]), kept.read(some[1])
    assert kept.read(some[0]) is first
    kept.read(some[2])
    assert kept.read(some[0]) is first
    assert kept.read(some[1]) is not second


def test_a_page_of_a_citys_result_costs_a_tenth_of_reading_it() -> None:
    whole = held(made(1500)[1])
    kept = Kept()
    times = []
    for _ in range(6):
        began = time.process_time()
        kept.read(whole)
        times.append(time.process_time() - began)
    assert min(times[1:]) < times[0] / 10
