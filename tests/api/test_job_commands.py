"""`dure tick`, `dure outbox list`, `dure unrecorded`: what happens by itself is seen, and ends cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from data.database import reading, transaction
from data.outbox import About, Notice, about_session, give_up, unsent, write
from data.ticks import Tick
from scheduler.jobs import HEARTBEAT
from tests.api.typed import Typed, typed
from tests.command import COMMAND
from tests.scheduler.lessons import MONDAY, lessons

__all__ = ["typed"]


def test_what_waits_is_shown_and_what_was_given_up(typed: Typed, database: Engine) -> None:
    assert typed("outbox", "list").output == "no message waits, and none was given up\n"
    [session] = lessons(database, [MONDAY])
    with transaction(database) as db:
        body = about_session(About.MOVED, session)
        write(db, [Notice(key=key, address=f"{key}@b.example", body=body) for key in ("a", "b")], now=MONDAY)
        give_up(db, unsent(db)[0], "550 no such box", now=MONDAY)
    assert typed("outbox", "list").output.splitlines() == [
        "due 2026-03-02 10:00Z  mail to b@b.example, moved",
        "given up 2026-03-02 10:00Z  mail to a@b.example, moved, tried 1 times: 550 no such box",
    ]


def test_sessions_without_a_record_are_shown(typed: Typed, database: Engine) -> None:
    lessons(database, [MONDAY])
    assert typed("unrecorded").output == "2026-03-02 19:00  spring, group g-000, mentor m-000\n"


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        pytest.param({"DURE_SMTP_URL": "smtp://host"}, "DURE_MAIL_FROM: is missing, where DURE_SMTP_URL is given", id="no sender"),
        pytest.param({"DURE_MAIL_FROM": "a@b.example"}, "DURE_SMTP_URL: is missing, where DURE_MAIL_FROM is given", id="no server"),
        pytest.param(
            {"DURE_SMTP_URL": "http://host", "DURE_MAIL_FROM": "a@b.example"},
            "DURE_SMTP_URL: write smtp://user:password@host:587, or smtps:// where it speaks TLS from the first byte",
            id="no mail server",
        ),
        pytest.param({"DURE_SMTP_URL": "smtp://host:x", "DURE_MAIL_FROM": "a@b.example"}, "DURE_SMTP_URL: is no address", id="no port"),
        pytest.param(
            {"DURE_SMTP_URL": "smtp://host", "DURE_MAIL_FROM": "me"},
            "DURE_MAIL_FROM: is no mail address; write one such as dure@example.org",
            id="no mail address",
        ),
        pytest.param(
            {"DURE_WEBHOOK_SECRET": "secret"},
            "DURE_WEBHOOK_SECRET: is no secret; write whsec_ and at least 24 bytes in base64",
            id="no secret",
        ),
    ],
)
def test_what_the_environment_says_wrongly_is_told_in_one_line(
    typed: Typed, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], line: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    ended = typed("tick")
    assert (ended.exit_code, ended.output) == (2, line + "\n")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_ticker_runs_alone_and_ends_cleanly(database: Engine, how: signal.Signals) -> None:
    environment = {**os.environ, "DURE_DATABASE_URL": database.url.render_as_string(hide_password=False)}
    environment |= {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([COMMAND, "tick"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True) as process:
        end = time.monotonic() + 150
        while not _has_ticked(database):
            assert time.monotonic() < end
            time.sleep(0.05)
        process.send_signal(how)
        output, errors = process.communicate(timeout=150)
    assert (process.returncode, errors) == (0, "")
    assert output.splitlines() == ["no mail server is named (DURE_SMTP_URL): mail stays in the outbox", "ticking; Ctrl-C ends it"]


def _has_ticked(database: Engine) -> bool:
    with reading(database) as db:
        return db.scalars(select(Tick.name)).all() == [HEARTBEAT]
