"""`dure serve`: the web app on its address, and beside it the ticker and the solver worker, until Ctrl-C or SIGTERM ends all.

The server writes no log of requests: the links of feeds are secrets.
"""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, cast

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server
from granian.utils.proxies import wrap_asgi_with_proxy_headers
from sqlalchemy import Engine

from api.app import create_app
from api.exits import Exit, complain
from api.limits import App
from api.security_log import to_standard_error
from scheduler.jobs import Post, jobs, post_of
from scheduler.ticker import Ticker, utc_now
from scheduler.worker import Worker

PROXIES = "DURE_PROXIES"

HEADERS_WITHIN_MS = 10_000
"""So long a client may take for the head of its request."""

GRACE_SECONDS = 3.0
"""So long answers that are under way may take when the server is to end; who reads slower than that gets the rest of none."""

LOOK_SECONDS = 0.02
"""Between two looks whether the server listens yet."""

MOST_CONNECTIONS = 8192
"""So many may be open at once, most of them idle; at the server's own 128 anybody who opens as many would keep all others out."""
BACKLOG = 1024
"""So many may wait to be let in."""
SPARE_FILES = 256
"""So many files this process may open besides."""

LOGGING: dict[str, Any] = {
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "generic", "stream": "ext://sys.stderr"},
        "access": {"class": "logging.NullHandler"},
    }
}


def serve(engine: Engine, host: str, port: int, *, http_only: bool, post: Post | None = None) -> Exit:
    """Serves until it is asked to end, and says so on standard output when it begins; ticks and solves besides, unless `http_only`.

    Raises
    ------
    PostError
        What the environment says of how messages leave cannot be.
    """
    try:
        address = _free_address(host, port)
    except OSError as error:
        why = "another program uses it" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        complain([f"{host}:{port}: {why}"])
        return Exit.BAD_INPUT
    if post is None and not http_only:
        post = post_of()
        if post.lack:
            sys.stdout.write(f"{post.lack}\n")
    to_standard_error()
    with _beside(engine, post) if post and not http_only else nullcontext() as trouble:
        asyncio.run(listen(behind_proxies(create_app(engine, utc_now, trouble)), address, port))
    return Exit.DONE


def behind_proxies(app: App, environment: Mapping[str, str] = os.environ) -> App:
    """The app, told by the proxies that `DURE_PROXIES` names who asks; whoever else says such a thing is not believed."""
    named = [one.strip() for one in environment.get(PROXIES, "").split(",") if one.strip()]
    return cast(App, wrap_asgi_with_proxy_headers(app, named)) if named else app


@contextmanager
def _beside(engine: Engine, post: Post) -> Iterator[Callable[[], str]]:
    """Ticks and solves in threads of this process until it is left, and gives what says why there is no solving; the solver itself is a
    process of its own."""
    ends = threading.Event()
    ticker, worker = Ticker(engine, jobs(post, ends.is_set)), Worker(engine, now=utc_now)
    ticker.start()
    worker.start()
    try:
        yield worker.trouble
    finally:
        ends.set()
        worker.stop()
        ticker.stop()


async def listen(app: App, address: str, port: int) -> None:
    """Serves an app at an address, as numbers, until Ctrl-C or SIGTERM."""
    server = Server(
        app,
        address=address,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        backlog=BACKLOG,
        backpressure=_connections(),
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_WITHIN_MS),
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig=LOGGING,
        log_access=False,
    )
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(wanted, asked.set)
    said, serving = loop.create_task(_say_when_it_listens(address, port)), loop.create_task(server.serve())
    wish = loop.create_task(asked.wait())
    try:
        await asyncio.wait((serving, wish), return_when=asyncio.FIRST_COMPLETED)
        server.stop()  # type: ignore[no-untyped-call]  # it tells no types
        await asyncio.wait((serving,), timeout=GRACE_SECONDS)
        if serving.done():
            serving.result()
    finally:
        for task in (said, wish, serving):
            task.cancel()


def _connections() -> int:
    """How many connections may be open: each is a file to the system, of which this process may open as many as it may at most."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + SPARE_FILES
    files = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(files, resource.getrlimit(resource.RLIMIT_NOFILE)[0]), most))
    return max(files - SPARE_FILES, 1)


async def _say_when_it_listens(address: str, port: int) -> None:
    """Says that it serves as soon as somebody who reads that can be served."""
    while True:
        try:
            _, tried = await asyncio.open_connection(address, port)
        except OSError:
            await asyncio.sleep(LOOK_SECONDS)
        else:
            tried.close()
            break
    sys.stdout.write(f"Serving http://{f'[{address}]' if ':' in address else address}:{port}; Ctrl-C ends it.\n")
    sys.stdout.flush()


def _free_address(host: str, port: int) -> str:
    """The numbers of an address at which nobody listens: the server itself would share it with another without a word."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    with socket.socket(family, kind, protocol) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tried.bind(address)
    return str(address[0])
