"""The links under which the service is reached from outside."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from api.edge import BadWord

VARIABLE = "DURE_URL"
PORT, USUAL_PORT = "DURE_PORT", 8000
MEND = "write the address that people reach this service by, such as https://dure.example.org"

LONGEST = 256
"""Google takes no longer link of a feed (FEEDS.md F20)."""


def service_address(environment: Mapping[str, str] = os.environ) -> str:
    """The address at which people reach the service, without a slash at its end; where `DURE_URL` says none, that of this machine.

    Raises
    ------
    BadWord
        `DURE_URL` is no address of a service.
    """
    base = environment.get(VARIABLE, "") or f"http://127.0.0.1:{environment.get(PORT) or USUAL_PORT}"
    try:
        parts = urlsplit(base)
        plain = not (parts.query or parts.fragment or parts.username) and base.isascii() and base.isprintable() and " " not in base
        fine = plain and parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise BadWord(VARIABLE, f"{base!r} is no address", MEND) from None
    if not fine:
        raise BadWord(VARIABLE, f"{base!r} is no address", MEND)
    return base.rstrip("/")


def feed_links(token: str, environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """The link of a feed as `https:` (or `http:`, as `DURE_URL` has it) and as `webcal:`, which opens a calendar program.

    Raises
    ------
    BadWord
        `DURE_URL` is no address of a service, or so long that Google would not take the links.
    """
    parts = urlsplit(service_address(environment))
    path = f"{parts.netloc}{parts.path}/feeds/{token}.ics"
    links = f"{parts.scheme}://{path}", f"webcal://{path}"
    if max(map(len, links)) > LONGEST:
        raise BadWord(VARIABLE, f"it is so long that links have more than {LONGEST} characters", "write a shorter one")
    return links


def hints(environment: Mapping[str, str] = os.environ) -> list[str]:
    """What whoever hands a link on should know: how soon calendars follow, and where nobody else reaches it."""
    narrow = f"Only this machine reaches it, where `dure serve` has its usual port: {VARIABLE} is not set."
    here = [] if environment.get(VARIABLE) else [narrow]
    followed = "Calendars ask again when they like: Google after 8 to 24 hours, others sooner."
    return [*here, f"{followed} Changes within two days of a session also go by mail."]
