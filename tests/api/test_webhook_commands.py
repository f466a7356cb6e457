"""`dure webhook`: webhooks are made, listed without their secrets, tried out and closed; what cannot be is one line."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from tests.api.typed import Typed, typed
from tests.sessions import taught_term

__all__ = ["typed"]


def test_a_webhook_is_made_listed_tried_out_and_closed(database: Engine, typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    taught_term(database)
    refused = typed("webhook", "new", "tutoring", "https://example.org/dure")
    assert (refused.exit_code, len(refused.output.splitlines())) == (2, 1)
    monkeypatch.setenv("DURE_WEBHOOK_SECRET", "whsec_" + "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0")
    made = typed("webhook", "new", "tutoring", "https://example.org/dure", "--types", "session.moved")
    assert made.exit_code == 0
    one, secret = made.output.split()[0], made.output.split()[-1]
    listed = typed("webhook", "list").output
    assert (one in listed, "session.moved" in listed, secret in listed) == (True, True, False)
    assert typed("webhook", "test", one).exit_code == 0
    assert typed("webhook", "replay", one, one).exit_code == 2
    assert typed("webhook", "new", "tutoring", "mailto:x").exit_code == 2
    assert typed("webhook", "close", one).exit_code == 0
    assert typed("webhook", "test", one).exit_code == 2
