"""Calendars at addresses of this machine, for readers that fetch what they read: a host that knows nothing of what it holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

POLL_SECONDS = 0.02
"""So long it takes to end."""


@dataclass(frozen=True, slots=True)
class Host:
    """Where it is, and what it holds, by name."""

    url: str
    holds: dict[str, bytes] = field(default_factory=dict)

    def put(self, name: str, calendar: bytes) -> str:
        """Keeps a calendar, in the place of another of that name, and gives its address."""
        self.holds[name] = calendar
        return f"{self.url}/{name}"

    def put_all(self, calendars: Sequence[bytes]) -> list[str]:
        """Keeps several, and gives their addresses."""
        return [self.put(str(place), calendar) for place, calendar in enumerate(calendars)]


@contextmanager
def hosting() -> Iterator[Host]:
    """A host that is there until this ends."""

    class Holding(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Gives what it holds under a name."""
            body = host.holds[self.path.removeprefix("/")]
            self.send_response(200)
            self.send_header("Content-Type", "text/calendar; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Holding) as server:
        host = Host(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,))
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join()
