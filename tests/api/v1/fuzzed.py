"""Schemathesis over the app: requests that its document allows and others, and all that is wrong with the answers.

Ids and keys of what there is are mixed into the addresses, so that more is asked for than what there is not.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Container, Mapping
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.engine import events, from_schema
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi._caches import clear_all
from sqlalchemy import Engine

from api.app import create_app
from api.feeds import KeptFeeds
from api.v1 import sign_in, tokens
from api.v1.document import operations_of
from api.v1.limits import Limits
from data import attempts
from tests.api.v1.callers import NOW

WITHOUT_LIMIT = 10**9
TAKEN = ["2xx", "401", "403", "404", "409", "412", "422"]
"""What may be answered to what the document allows: that keys are of nothing, or rules are broken, it cannot say."""
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "428"]
"""What may be answered to what it does not allow."""

BY_LINES = {"PUT /v1/terms/{term}/mentors", "PUT /v1/terms/{term}/mentees"}
"""Who is put by these has a line and a result of its own: the answer is 200, and says which lines were refused."""

schemathesis.serializer.alias("application/zip", "application/octet-stream")

LINKED = "stateful"
"""The phase that follows links from one operation to others."""

Phases = Mapping[str, int]
"""Which phases there are, with so many examples where they choose them."""


def app_without_limit(engine: Engine, patch: pytest.MonkeyPatch) -> KeptFeeds:
    """The app for callers who ask, and try to sign in, without an end."""
    patch.setattr(attempts, "MOST", WITHOUT_LIMIT)
    patch.setattr(sign_in, "A_MINUTE", WITHOUT_LIMIT)
    patch.setattr(tokens, "FAILURES_A_MINUTE", WITHOUT_LIMIT)
    return create_app(engine, lambda: NOW, limits=Limits(WITHOUT_LIMIT))


def faults_found(
    app: KeptFeeds, headers: Mapping[str, str], things: Mapping[str, str], phases: Phases, wanted: Callable[[str], bool] = lambda _: True
) -> tuple[int, list[str]]:
    """How many requests were made to the operations whose ids are wanted, and what is wrong with the answers.

    Each tag's operations are asked by themselves, so that what was made for them can be forgotten; links lead from any to any.
    """
    tags: dict[str, set[str]] = {}
    for _, _, operation in operations_of(app.app.openapi()):
        if wanted(operation["operationId"]):
            tags.setdefault(operation["tags"][0], set()).add(operation["operationId"])
    alone = {phase: most for phase, most in phases.items() if phase != LINKED}
    parts = [(alone, names) for names in tags.values()]
    if LINKED in phases:
        parts.append(({LINKED: phases[LINKED]}, set().union(*tags.values())))
    requests, faults = 0, list[str]()
    gc.freeze()  # so much is made and forgotten here that looking through all that was there before takes most of the time
    try:
        for settings, names in parts:
            made, found = _asked(app, _settings(headers, things, settings), names)
            requests, faults = requests + made, faults + found
            clear_all()  # compiled patterns of a part are of no use to another, and take gigabytes
            gc.collect()
    finally:
        gc.unfreeze()
    return requests, faults


def _asked(app: KeptFeeds, settings: dict[str, Any], names: Container[str]) -> tuple[int, list[str]]:
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=SchemathesisConfig.from_dict(settings))

    def asked(context: Any) -> bool:  # noqa: ANN401  schemathesis tells no type of it
        operation: APIOperation[Any, Any, Any, Any] = context.operation
        return operation.definition.raw["operationId"] in names

    requests, faults = 0, list[str]()
    for happened in from_schema(schema.include(asked)).execute():
        if isinstance(happened, events.FatalError):
            raise happened.exception
        if isinstance(happened, events.NonFatalError):
            faults.append(f"{happened.label}: {happened.value!r}")
        if isinstance(happened, events.ScenarioFinished):
            requests += len(happened.recorder.interactions)
            faults += _faults(happened)
    return requests, faults


def _faults(scenario: events.ScenarioFinished) -> list[str]:
    return [
        f"{failed.failure.operation}: {failed.failure.title}: {failed.failure.message}\n{failed.code_sample}"
        for checks in scenario.recorder.checks.values()
        for check in checks
        if (failed := check.failure_info) is not None
        and not (failed.failure.operation in BY_LINES and isinstance(failed.failure, AcceptedNegativeData))
    ]


def _settings(headers: Mapping[str, str], things: Mapping[str, str], phases: Phases) -> dict[str, Any]:
    return {
        "seed": 1,
        "max-failures": 100,
        "headers": dict(headers),
        "generation": {"database": "none", "deterministic": True, "no-shrink": True},
        "checks": {
            "positive_data_acceptance": {"expected-statuses": TAKEN},
            "negative_data_rejection": {"expected-statuses": REFUSED},
        },
        "phases": {
            **{phase: {"enabled": phase in phases} for phase in ("examples", "coverage")},
            **{
                phase: {"enabled": phase in phases, "generation": {"max-examples": phases.get(phase, 1)}}
                for phase in ("fuzzing", "stateful")
            },
        },
        "dictionaries": {"whatever": {"values": ["*"]}, **{name: {"values": [value]} for name, value in things.items()}},
        "parameters": {
            "header.If-Match": {"dictionary": "whatever", "probability": 0.9},
            **{f"path.{name}": {"dictionary": name, "probability": 0.7} for name in things},
        },
    }
