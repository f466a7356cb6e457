"""Apps that tests have made are let go: FastAPI remembers what it found out of each route's function, and by that the app and its database.

And garbage is looked for as seldom as the command has it.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterator

import pytest
from fastapi.dependencies import models

from api.cli import GARBAGE

gc.set_threshold(GARBAGE)


@pytest.fixture(autouse=True, scope="module")
def apps_let_go() -> Iterator[None]:
    """After each module of tests: Python's collector would look through all apps so far again and again."""
    yield
    for one in vars(models).values():
        if isinstance(one, functools._lru_cache_wrapper):
            one.cache_clear()
