"""The guide's ten calls, typed into a shell as they stand there, lead from nothing to a calendar, and answer what is shown."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from api.app import create_app
from api.v1.document import operations_of
from tests.clients.guide import OTHER, TEXT, USUAL, Begun, Step, begun, differences, run, steps

KEYED = "Idempotency-Key"

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is missing: `make packages` installs it")


@needs_curl
def test_the_ten_calls_answer_what_is_shown_and_a_repeated_one_answers_again_the_same(tmp_path: Path) -> None:
    with begun(tmp_path) as server:
        environment = {"DURE": server.url, "ID": server.client, "SECRET": server.secret}
        answers: list[Any] = []
        for step in steps():
            answers.append(_answer(step, environment, tmp_path))
            assert differences(step.shown, answers[-1]) == [], step.title
            environment |= _kept(answers[-1], server)
        for step, answer in zip(steps(), answers, strict=True):
            if KEYED in step.call:
                assert _answer(step, environment, tmp_path) == answer, step.title
        (feed,) = [run(line, environment, tmp_path) for step in steps() for line in step.then]
    assert feed.startswith("BEGIN:VCALENDAR")
    assert 0 < feed.count("BEGIN:VEVENT") < answers[8]["new_sessions"]


def test_there_are_ten_calls_and_each_that_makes_something_may_be_repeated() -> None:
    calls = [step.call for step in steps()]
    assert len(calls) == 10
    assert [call for call in calls[1:] if "-X PUT" not in call and KEYED not in call] == [calls[7]]


def test_whatever_else_it_speaks_of_is_there() -> None:
    document = create_app(create_engine("sqlite://"), lambda: dt.datetime.now(dt.UTC)).app.openapi()
    named = set(re.findall(r"`([A-Z]+) (/v1/[^`]+)`", TEXT))
    assert len(named) > 3
    assert named <= {(method.upper(), path) for method, path, _ in operations_of(document)}


@pytest.mark.parametrize(
    ("shown", "answer", "found"),
    [
        pytest.param({"a": [1, {"b": OTHER}]}, {"a": [1, {"b": "x", "c": 2}], "d": 3}, [], id="there may be more"),
        pytest.param({"a": OTHER, "b": 1}, {"a": "", "c": 1}, ["/b: missing", "/a: nothing"], id="not less"),
        pytest.param({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, ["/a/0/b: 2, not 1"], id="nor other"),
        pytest.param([1], [1, 2], [": [1, 2], not [1]"], id="nor longer"),
    ],
)
def test_an_answer_that_is_not_as_shown_is_told(shown: object, answer: object, found: list[str]) -> None:
    assert differences(shown, answer) == found


def _answer(step: Step, environment: dict[str, str], folder: Path) -> Any:  # noqa: ANN401  a value of JSON
    """What a call answers, asked until it is as far as is shown."""
    until = time.monotonic() + 120
    while True:
        answer = json.loads(run(step.call, environment, folder))
        if KEYED in step.call or answer.get("state") == step.shown.get("state") or time.monotonic() > until:
            return answer
        time.sleep(0.2)


def _kept(answer: Any, server: Begun) -> dict[str, str]:  # noqa: ANN401
    """What the guide says to keep of an answer."""
    kept = {variable: answer[name] for variable, name in {"TOKEN": "access_token", "LINK": "url"}.items() if name in answer}
    assert all(re.search(rf"`export {variable}=", TEXT) for variable in kept)
    return {variable: value.replace(USUAL, server.url) for variable, value in kept.items()}
