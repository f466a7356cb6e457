"""A real mail server for tests: it keeps what it is given, can refuse, and can be away."""

from __future__ import annotations

import asyncio
import datetime as dt
import email
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from typing import cast

from aiosmtpd import smtp
from aiosmtpd.controller import Controller
from sqlalchemy import Engine

from scheduler.mail import MailServer
from scheduler.outbox import deliver_mail

SENDER = "dure@school.example"


class Mailbox:
    """What has arrived, in its order; `refuses` says what is answered to whom. It takes its time for each mail."""

    def __init__(self, *, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self.arrived: list[EmailMessage] = []
        self.refuses: dict[str, str] = {}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])

    @property
    def server(self) -> MailServer:
        """Where it is."""
        return MailServer(host="127.0.0.1", port=self.port, sender=SENDER)

    @property
    def ids(self) -> list[str]:
        """The Message-IDs of what has arrived."""
        return [str(mail["Message-ID"]) for mail in self.arrived]

    async def handle_RCPT(  # noqa: N802  the library calls it so
        self, _server: smtp.SMTP, _session: smtp.Session, envelope: smtp.Envelope, address: str, _options: list[str]
    ) -> str:
        """Refuses some."""
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: smtp.SMTP, _session: smtp.Session, envelope: smtp.Envelope) -> str:  # noqa: N802
        """Keeps what comes."""
        await asyncio.sleep(self._seconds)
        mail = email.message_from_bytes(cast("bytes", envelope.content), policy=SMTP)
        self.arrived.append(mail)
        return "250 OK"

    @contextmanager
    def up(self) -> Iterator[None]:
        """The server is there until this ends."""
        controller = Controller(self, hostname="127.0.0.1", port=self.port)
        controller.start()
        try:
            yield
        finally:
            controller.stop()


def delivered(database: Engine, at: dt.datetime) -> list[EmailMessage]:
    """What leaves the outbox at a moment, and arrives at a server that is there."""
    box = Mailbox()
    with box.up():
        deliver_mail(database, lambda: at, box.server)
    return box.arrived
