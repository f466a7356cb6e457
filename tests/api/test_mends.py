"""What mends an error is told by the API in its own words, and not in those of the command line."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import api
from api.problem_mends import MENDS, POINTERS
from api.problems import STATUS, problem_of
from data.rounds import RunState
from data.run_problems import NoResult, NoSuchRound
from data.terms import BadZone
from matching.faults import BadFiles

API = Path(api.__file__).parent


def _all_of(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(_all_of(one) for one in kind.__subclasses__()))


def test_no_error_that_the_api_tells_names_a_command() -> None:
    told = set().union(*(_all_of(kind) for kind in STATUS))
    commands = {one for one in told if "__str__" in vars(one) and "`dure " in inspect.getsource(one.__str__)}
    assert len(commands) > 5
    assert commands <= set(MENDS), "a mend of the API's own is to be written for these"
    assert problem_of(NoSuchRound("spring:7")).body.mend == "list the term's rounds"


def test_of_a_run_without_a_result_it_is_told_what_to_do() -> None:
    for state, problem in ((RunState.QUEUED, ""), (RunState.RUNNING, ""), (RunState.DONE, ""), (RunState.FAILED, "it had no time")):
        body = problem_of(NoResult("spring:1.1", state, problem)).body
        assert body.detail.startswith("run spring:1.1 has no result: "), state
        assert body.mend, state


def test_each_error_that_the_api_tells_says_what_would_mend_it() -> None:
    told = set().union(*(_all_of(kind) for kind in STATUS))
    speaks = {one for one in told if "__str__" in vars(one)}
    without = {one for one in speaks if "; " not in inspect.getsource(one.__str__)}
    assert len(speaks) > 80
    assert without - set(MENDS) == {BadFiles}, "a mend of the API's own is to be written for these; of files each fault has its own"


def test_what_was_sent_wrong_is_told_with_its_place() -> None:
    body = problem_of(BadZone("Mars/Olympus")).body
    assert (body.status, [(one.pointer, one.mend) for one in body.errors]) == (422, [("/zone", "write one, such as Asia/Seoul")])
    for kind in POINTERS:
        assert next(STATUS[one] for one in kind.__mro__ if one in STATUS) == 422, kind


def test_each_problem_that_the_api_itself_makes_says_what_would_mend_it() -> None:
    made = [
        (path.name, call.lineno, call)
        for path in API.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Problem"
    ]
    assert len(made) > 30
    without = [(name, line) for name, line, call in made if len(call.args) < 4 and "mend" not in {one.arg for one in call.keywords}]
    assert not without
    empty = [(name, line) for name, line, call in made if any(getattr(one, "value", None) == "" for one in call.args[3:])]
    assert not empty
