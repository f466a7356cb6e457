"""Mail leaves through a server that the environment names; what becomes of each mail is told at once."""

from __future__ import annotations

import ipaddress
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from data.outbox import Message

SERVER, SENDER = "DURE_SMTP_URL", "DURE_MAIL_FROM"
PORTS = {"smtp": 587, "smtps": 465}
PATIENCE_SECONDS = 20


class PostError(Exception):
    """The root of what can be wrong with the ways out that the environment names."""


@dataclass(eq=False)
class BadMailServer(PostError):
    """What the environment says of the mail server cannot be."""

    variable: str
    problem: str

    def __str__(self) -> str:
        return f"{self.variable}: {self.problem}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """A mail server and the address that mails are from.

    With `tls` the connection is safe from its first byte, else from STARTTLS on, which is required where there is a password and the
    server is on another machine.
    """

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = None
    tls: bool = False

    @property
    def must_start_tls(self) -> bool | None:
        """None where the server decides."""
        if self.tls:
            return False
        return True if self.user and not _is_here(self.host) else None


@dataclass(frozen=True, slots=True)
class Sent:
    """The server has it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It was refused, or nothing answered; where that `lasts`, it always would be."""

    problem: str
    lasts: bool = False


Fate = Sent | Failed


@dataclass(frozen=True, slots=True)
class Untried:
    """Messages that were not tried, because something was wrong with the server before it was their turn."""

    messages: Sequence[Message]
    problem: str


def mail_server(environment: Mapping[str, str] = os.environ) -> MailServer | None:
    """The server that `DURE_SMTP_URL` names (smtp://user:password@host:587, or smtps:), and `DURE_MAIL_FROM` as the sender; None where
    there is neither.

    Raises
    ------
    BadMailServer
        One of them is missing, or is none.
    """
    given, sender = environment.get(SERVER, ""), environment.get(SENDER, "")
    if not given and not sender:
        return None
    if not given or not sender:
        raise BadMailServer(SENDER if given else SERVER, f"is missing, where {SERVER if given else SENDER} is given")
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        raise BadMailServer(SERVER, "is no address") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise BadMailServer(SERVER, "write smtp://user:password@host:587, or smtps:// where it speaks TLS from the first byte")
    try:
        Address(addr_spec=sender)
    except (ValueError, IndexError, MessageError):
        raise BadMailServer(SENDER, "is no mail address; write one such as dure@example.org") from None
    return MailServer(
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        sender=sender,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=parts.scheme == "smtps",
    )


async def post(
    server: MailServer,
    messages: Sequence[Message],
    written: Callable[[Message], EmailMessage | Failed],
    told: Callable[[Message, Fate], None],
) -> Untried:
    """Sends the mails of messages one after the other, and tells at once what became of each; gives those that it did not come to.

    Each mail is `written` right before it is sent, or has failed by that.

    What is wrong with the server (it is away, refuses the password or the sender) is no mail's fault: the rest is untried. Where the
    connection breaks while a mail is sent, that one has failed, so that it does not break it again and again.
    """
    client = SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        use_tls=server.tls,
        start_tls=server.must_start_tls,
        timeout=PATIENCE_SECONDS,
    )
    waiting = deque(messages)
    problem = ""
    try:
        await client.connect()
        while waiting and client.is_connected:
            message = waiting[0]
            mail = written(message)
            fate = mail if isinstance(mail, Failed) else await _post_one(client, server, message, mail)
            waiting.popleft()
            told(message, fate)
            problem = fate.problem if isinstance(fate, Failed) else "it ended the connection"
        if client.is_connected:
            await client.quit()
    except (SMTPException, OSError, ValueError) as error:
        problem = _said(error)
    finally:
        client.close()
    return Untried(waiting, f"mail server: {problem}")


async def _post_one(client: SMTP, server: MailServer, message: Message, mail: EmailMessage) -> Fate:
    try:
        await client.send_message(mail, sender=server.sender, recipients=[message.address])
    except SMTPSenderRefused:
        raise
    except SMTPRecipientsRefused as error:
        return _refused(error.recipients[0])
    except SMTPResponseException as error:
        return _refused(error)
    except (SMTPException, OSError, ValueError) as error:
        return Failed(_said(error))
    return Sent()


def _refused(error: SMTPRecipientRefused | SMTPResponseException) -> Failed:
    return Failed(_said(error), lasts=500 <= error.code < 600)


def _said(error: Exception) -> str:
    """One line of what the other side said, or of what happened."""
    said = f"{error.code} {error.message}" if isinstance(error, SMTPResponseException) else str(error) or type(error).__name__
    return " ".join(said.split())[:200]


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
