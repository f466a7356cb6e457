"""A Dask cluster for `dure match`: looked at before it is used, and lost in the way that every executor is lost."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

CONNECT_SECONDS = 10
RETRIES = 3
"""A shard whose work failed is tried so often again."""


class NoCluster(Exception):
    """The cluster cannot be used."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What does the work, and how many shards it works on at once."""

    executor: Executor
    workers: int


@contextmanager
def cluster(address: str) -> Iterator[Cluster]:
    """The cluster whose scheduler is at this address, such as tcp://host:8786.

    Raises
    ------
    NoCluster
        It is not there, has no workers, or they do not hold this version of Dure.
    """
    try:
        from distributed import Client
    except ImportError:
        raise NoCluster("--cluster needs the extra: install dure[cluster]") from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise NoCluster(f"--cluster: no cluster at {address} ({error})") from None
    with client, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sending large graph", UserWarning)  # a shard of a nation is large, and sent once
        workers = sum(client.nthreads().values())
        if not workers:
            raise NoCluster(f"--cluster: {address} has no workers; start some with `dask worker {address}`")
        for worker, found in client.run(version, "dure", on_error="return").items():
            if found != version("dure"):
                raise NoCluster(
                    f"--cluster: the worker at {worker} has not dure {version('dure')} but {found!r}; install the same everywhere"
                )
        yield Cluster(_Told(client.get_executor(pure=False, retries=RETRIES)), workers)


class _Told(Executor):
    """The cluster's executor, which says `BrokenExecutor` of work that cost it worker after worker."""

    def __init__(self, inner: Executor) -> None:
        self._inner = inner

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401  whatever is to be done
        """Has it done by a worker."""
        inner, outer = self._inner.submit(fn, *args, **kwargs), Future[Any]()
        inner.add_done_callback(lambda done: _pass_on(done, outer))
        outer.add_done_callback(lambda done: inner.cancel() if done.cancelled() else None)
        return outer


def _pass_on(inner: Future[Any], outer: Future[Any]) -> None:
    from distributed import KilledWorker

    if inner.cancelled():
        outer.cancel()
    if not outer.set_running_or_notify_cancel():
        return
    error = inner.exception()
    if isinstance(error, KilledWorker):
        outer.set_exception(BrokenExecutor(str(error)))
    elif error is not None:
        outer.set_exception(error)
    else:
        outer.set_result(inner.result())
