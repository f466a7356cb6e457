"""A mail server for tests that never comes to the end of an answer."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from scheduler.mail import MailServer
from tests.scheduler.mailbox import SENDER

LINE_SECONDS = 0.05


class Tarpit:
    """It is quick until it has `taken` so many mails; from the next on it says one line after another and never the last.

    With `taken` None it does so to whoever connects.
    """

    def __init__(self, taken: int | None = 0) -> None:
        self._taken = taken
        self._ends = threading.Event()
        self.port = 0
        self.caught = threading.Event()

    @property
    def server(self) -> MailServer:
        """Where it is."""
        return MailServer(host="127.0.0.1", port=self.port, sender=SENDER)

    @contextmanager
    def up(self) -> Iterator[None]:
        """It is there until this ends."""
        pit = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                pit.talk(self)

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk)
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            self._ends.set()
            server.shutdown()
            thread.join()
            server.server_close()

    def talk(self, to: socketserver.StreamRequestHandler) -> None:
        """Talks to one client."""
        if self._taken is None:
            self._never_end(to.request)
            return
        to.wfile.write(b"220 tarpit\r\n")
        within, taken = False, 0
        for line in to.rfile:
            if within and line != b".\r\n":
                continue
            if within and taken == self._taken:
                self._never_end(to.request)
                return
            taken += within
            within = line.upper().startswith(b"DATA")
            to.wfile.write(b"354 go on\r\n" if within else b"250 OK\r\n")

    def _never_end(self, to: socket.socket) -> None:
        self.caught.set()
        try:
            while not self._ends.wait(LINE_SECONDS):
                to.sendall(b"250-still\r\n" if self._taken is not None else b"220-still\r\n")
        except OSError:
            return
