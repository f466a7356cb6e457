"""Stands between a client and a server, and notes what is answered: our server writes no log of requests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


@dataclass(frozen=True, slots=True)
class Listener:
    """Where to ask, and the statuses of what was answered, in order."""

    url: str
    heard: list[int]


@contextmanager
def listening(server: str) -> Iterator[Listener]:
    """Passes on what is asked at an address to a server."""
    heard: list[int] = []

    class Passing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Asks the same with the same fields, and answers what comes."""
            with httpx.Client() as client:
                client.headers.clear()
                request = client.build_request("GET", server + self.path, headers=dict(self.headers.items()))
                answer = client.send(request, stream=True)
                body = b"".join(answer.iter_raw())
            heard.append(answer.status_code)
            self.send_response_only(answer.status_code)
            for name, value in answer.headers.multi_items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Passing) as passing:
        thread = threading.Thread(target=passing.serve_forever)
        thread.start()
        try:
            yield Listener(f"http://127.0.0.1:{passing.server_port}", heard)
        finally:
            passing.shutdown()
            thread.join()
