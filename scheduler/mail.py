"""Mail leaves through a server that the environment names; what becomes of each mail is told at once."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
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
from scheduler.patience import Stopped, never, unless

SERVER, SENDER = "DURE_SMTP_URL", "DURE_MAIL_FROM"
PORTS = {"smtp": 587, "smtps": 465}
PLAIN = re.compile(r"[^\s@\[\]()<>,;:\"\\]+@[^\s@\[\]()<>,;:\"\\]+")
"""What alone is given to Python's parser of addresses, which stumbles over a bracket that nobody closes."""
STOPPED = "this process was told to end before their turn"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a server may take to answer one command, for a whole mail or to let somebody in, and how long after a batch has begun
    another mail of it is sent: so much, another mail and a command is the longest that a batch takes with the server."""

    command_seconds: float = 20
    mail_seconds: float = 90
    batch_seconds: float = 300


USUAL = Pace()


@dataclass(frozen=True, slots=True)
class Sent:
    """The server has it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It was refused, or nothing answered; where that `lasts`, it always would be, and where it is `slow`, that took all its time."""

    problem: str
    lasts: bool = False
    slow: bool = False


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
    if address_of(sender) is None:
        raise BadMailServer(SENDER, "is no mail address; write one such as dure@example.org")
    return MailServer(
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        sender=sender,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=parts.scheme == "smtps",
    )


def address_of(text: str) -> Address | None:
    """The mail address that a text is; None where it is none."""
    if not PLAIN.fullmatch(text):
        return None
    try:
        return Address(addr_spec=text)
    except (ValueError, MessageError):
        return None


async def post(
    server: MailServer,
    messages: Sequence[Message],
    written: Callable[[Message], EmailMessage | Failed],
    told: Callable[[Message, Fate], None],
    *,
    stopped: Stopped = never,
    pace: Pace = USUAL,
) -> Untried:
    """Sends the mails of messages one after the other, and tells at once what became of each; gives those that it did not come to.

    Each mail is `written` right before it is sent, or has failed by that.

    What is wrong with the server (it is away, refuses the password or the sender, is too slow for all of a batch) is no mail's fault: the
    rest is untried. Where the connection breaks while a mail is sent, or the server takes too long for it, that one has failed, so that it
    does not do so again and again. Once it is `stopped`, nothing is waited for any more: the mail under way is untried, too.
    """
    client = SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        use_tls=server.tls,
        start_tls=server.must_start_tls,
        timeout=pace.command_seconds,
    )
    waiting = deque(messages)

    async def one_after_the_other() -> str:
        """Why it ended before all were sent, if it did."""
        ends, problem = asyncio.get_running_loop().time() + pace.batch_seconds, ""
        async with asyncio.timeout(pace.mail_seconds):
            await client.connect()
        while waiting and client.is_connected:
            message = waiting[0]
            mail = written(message)
            if asyncio.get_running_loop().time() > ends:  # it is slow, or the database was away: others may send this soon
                return "there was no more time"
            fate = mail if isinstance(mail, Failed) else await _post_one(client, server, message, mail, pace.mail_seconds)
            waiting.popleft()
            told(message, fate)
            problem = fate.problem if isinstance(fate, Failed) else "it ended the connection"
        if client.is_connected:
            await client.quit()
        return problem

    try:
        problem = await unless(stopped, one_after_the_other())
    except (SMTPException, OSError, ValueError) as error:
        problem = _said(error)
    finally:
        client.close()
    return Untried(waiting, STOPPED if problem is None else f"mail server: {problem}")


async def _post_one(client: SMTP, server: MailServer, message: Message, mail: EmailMessage, seconds: float) -> Fate:
    try:
        async with asyncio.timeout(seconds):
            await client.send_message(mail, sender=server.sender, recipients=[message.address])
    except SMTPSenderRefused:
        raise
    except SMTPRecipientsRefused as error:
        return _refused(error.recipients[0])
    except SMTPResponseException as error:
        return _refused(error)
    except TimeoutError as error:  # what it answers later would be taken for the answer to something else
        client.close()
        return Failed(_said(error), slow=True)
    except (SMTPException, OSError, ValueError) as error:
        return Failed(_said(error))
    return Sent()


def _refused(error: SMTPRecipientRefused | SMTPResponseException) -> Failed:
    return Failed(_said(error), lasts=500 <= error.code < 600)


def _said(error: Exception) -> str:
    """One line of what the other side said, or of what happened."""
    said = f"{error.code} {error.message}" if isinstance(error, SMTPResponseException) else str(error) or _called(error)
    return " ".join(said.split())[:200]


def _called(error: Exception) -> str:
    return "it did not answer in time" if isinstance(error, TimeoutError) else type(error).__name__


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
