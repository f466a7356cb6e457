"""How the solver's inner loops are compiled: by numba, once, and kept beside their modules.

They run without Python's lock, so that threads share the cores. They allocate nothing: what they need they are given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

from matching.loading import load_quickly

load_quickly()

Function = TypeVar("Function", bound=Callable[..., Any])

# Numba counts references to every array it touches, which takes far longer here than the work itself; what allocates
# nothing needs no counting.
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}


def kernel(function: Function) -> Function:
    """Compiles a function that is called from Python or is large."""
    return cast("Function", njit(**_OPTIONS)(function))


def inline(function: Function) -> Function:
    """Compiles a small function into whatever calls it: a call would copy the whole board."""
    return cast("Function", njit(forceinline=True, **_OPTIONS)(function))
