"""What is told of security, one line of JSON each: who was not let in, was refused, asked too often or sent what is not taken.

The lines name no people and hold nothing of what was sent: accounts and clients stand there by their keys, addresses of the API by their
pattern. What was done is in the audit (`data.audit`); here is what was not.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys

from starlette.requests import Request

LOG = logging.getLogger("dure.security")
TOLD = {401, 403, 413, 422, 429}
"""Answers of which a line is written; of those to who signs in all that refuse."""


def to_standard_error() -> None:
    """Has the lines go to standard error, as they are."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    LOG.addHandler(handler)
    LOG.propagate = False
    LOG.setLevel(logging.INFO)


def note(request: Request, event: str, status: int) -> None:
    """Writes a line of an event: when, what, from which network address, by whom as far as that is known, and where."""
    route = request.scope.get("route")
    line = {
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
        "event": event,
        "status": status,
        "source": request.client.host if request.client else "",
        "who": getattr(request.state, "who", ""),
        "method": request.method,
        "path": getattr(route, "path", ""),
    }
    LOG.info(json.dumps(line))


def note_answer(request: Request, kind: str, status: int) -> None:
    """The same of a problem that is answered, where it concerns security; `kind` is its type."""
    signing_in = getattr(request.scope.get("route"), "path", "").startswith("/v1/auth/")
    if status in TOLD or status >= 500 or (signing_in and status >= 400):
        note(request, kind, status)
