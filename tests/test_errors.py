"""Errors can be raised from anywhere: Python writes a traceback on each that passes through a context manager."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import pytest

import api
import data
import matching
import scheduler

PACKAGES = (api, data, matching, scheduler)


def _below(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    for error in kind.__subclasses__():
        yield error
        yield from _below(error)


def _of_this_house() -> list[type[BaseException]]:
    for package in PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name and not module.name.endswith("__main__"):
                import_module(module.name)
    roots = {package.__name__ for package in PACKAGES}
    return sorted({error for error in _below(BaseException) if error.__module__.split(".")[0] in roots}, key=str)


@contextmanager
def _passed_through() -> Iterator[None]:
    yield


def test_every_error_passes_through_a_context_manager() -> None:
    errors = _of_this_house()
    assert len(errors) > 80
    for kind in errors:
        with pytest.raises(kind), _passed_through():
            raise kind.__new__(kind)
