"""An address on this machine that answers as it is told, for tests of what is fetched from there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Page:
    """What lies there: a status, headers and bytes, which `send` may write in its own way; `asked` are the paths and headers that came."""

    def __init__(self, body: bytes = b"", status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.body, self.status, self.headers = body, status, dict(headers or {})
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.send: Callable[[Callable[[bytes], object]], object] = lambda write: write(self.body)

    @contextmanager
    def up(self) -> Iterator[str]:
        """The address, while it is there."""
        page = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                self.send_response(page.status)
                for name, value in page.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(OSError):  # whoever asked may have gone
                    page.send(self.wfile.write)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library calls it so
                """Says nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/secret.ics?token=abc"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
