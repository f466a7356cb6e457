"""`dure serve` on a real port: it serves feeds, writes no link to any log, and ends cleanly."""

from __future__ import annotations

import datetime as dt
import signal
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine, text

from data.access import Right
from data.clients import make_client
from data.database import reading, transaction
from data.feeds import Audience
from data.outbox import Notice, unsent, write
from data.programs import Organisation, Program
from data.rounds import Run, RunState
from matching.round import Round
from matching.tables import read_round
from tests import small
from tests.command import dure
from tests.runs import closed_term, queued
from tests.scheduler.tarpit import Tarpit
from tests.serving import serving
from tests.subscribed import a_taught_term, subscribed

FAULTS = {
    "sqlite": ("UPDATE run SET queued_at = 'never'", "UPDATE run SET queued_at = '2026-01-01 00:00:00'"),
    "postgresql": ("ALTER TABLE run RENAME TO hidden", "ALTER TABLE hidden RENAME TO run"),
}
"""What no worker reckons with, and how it is mended, by the kind of database."""


@pytest.fixture
def little(tmp_path: Path) -> Round:
    """A round that takes no time."""
    return read_round(small.write(tmp_path / "little"))


def test_without_an_address_of_its_own_links_lead_to_the_port_at_which_it_serves(database: Engine, tmp_path: Path) -> None:
    term = a_taught_term(database)
    with transaction(database) as db:
        organisation = db.get_one(Organisation, db.get_one(Program, term.program_id).organisation_id)
        client, secret = make_client(db, organisation, "platform", tuple(Right), by="test", now=dt.datetime.now(dt.UTC))
    with serving(database, tmp_path, "--http-only") as server, httpx.Client(base_url=server.url) as asking:
        shown = {"grant_type": "client_credentials", "client_id": str(client.id), "client_secret": secret}
        token = asking.post("/v1/tokens", data=shown).json()["access_token"]
        feed = {"audience": "mentor", "owner": "ext:m-01"}
        made = asking.post(f"/v1/programs/{term.program_id}/subscriptions", json=feed, headers={"Authorization": f"Bearer {token}"})
        assert made.status_code == 201, made.text
        assert made.json()["url"].startswith(f"{server.url}/feeds/")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_hundreds_who_keep_their_connections_open_keep_nobody_out(database: Engine, tmp_path: Path) -> None:
    a_taught_term(database)
    with serving(database, tmp_path, "--http-only") as server, ExitStack() as open_:
        port, began = int(server.url.rpartition(":")[2]), time.monotonic()
        for _ in range(400):
            one = open_.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            one.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert one.recv(4096).startswith(b"HTTP/1.1 200")
        assert httpx.get(f"{server.url}/healthz", timeout=10).status_code == 200
        assert time.monotonic() - began < 8, "at the server's own 128 each waits until another is closed for its silence"


def test_no_link_is_in_any_log_whatever_becomes_of_a_request(database: Engine, tmp_path: Path) -> None:
    """FEEDS.md F21."""
    term = a_taught_term(database)
    feed = subscribed(database, term, Audience.MENTOR, "m-01")
    unknown = "u" * 43
    with serving(database, tmp_path, "--http-only") as server, httpx.Client(base_url=server.url) as client:
        whole = client.get(feed.path)
        statuses = [
            whole.status_code,
            client.head(feed.path).status_code,
            client.get(feed.path, headers={"If-None-Match": whole.headers["etag"]}).status_code,
            client.get(f"/feeds/{unknown}.ics").status_code,
            client.post(feed.path).status_code,
            client.post(feed.path, content=b"x" * 9_000_000).status_code,
            client.get(feed.path + "/..%2f", headers={"Range": "bytes=0-9"}).status_code,
        ]
        with database.begin() as connection:
            connection.execute(text("ALTER TABLE subscription RENAME TO hidden"))
        statuses.append(client.get(feed.path).status_code)
        assert server.ended(signal.SIGTERM) == 0
        said = server.said.read_text()
    assert statuses == [200, 200, 304, 404, 405, 413, 404, 503]
    assert whole.headers["content-encoding"] == "gzip"
    assert "a feed could not be made" in said
    assert feed.token not in said
    assert unknown not in said
    assert "/feeds/" not in said


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_it_ticks_and_solves_besides_and_ends_cleanly(database: Engine, tmp_path: Path, by: signal.Signals) -> None:
    with serving(database, tmp_path) as server:
        until = time.monotonic() + 30
        while (ready := httpx.get(f"{server.url}/readyz")).status_code != 200 and time.monotonic() < until:
            time.sleep(0.2)
        assert (ready.status_code, httpx.get(f"{server.url}/healthz").status_code) == (200, 200)
        assert set(ready.json()) == {"database", "migrations", "ticker", "worker"}
        assert server.ended(by) == 0
        no_mail, serves = server.said.read_text().splitlines()
        assert "DURE_SMTP_URL" in no_mail
        assert serves == f"Serving {server.url}; Ctrl-C ends it."


def test_a_fault_that_nobody_has_foreseen_is_told_and_over_when_its_cause_is(database: Engine, tmp_path: Path, little: Round) -> None:
    run = queued(database, closed_term(database, little))
    spoil, mend = FAULTS[database.dialect.name]
    with database.begin() as connection:
        connection.execute(text(spoil))
    with serving(database, tmp_path) as server:
        wait_until(lambda: "Error" in httpx.get(f"{server.url}/readyz").json().get("worker", ""))
        assert httpx.get(f"{server.url}/readyz").status_code == 503
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        with database.begin() as connection:
            connection.execute(text(mend))
        wait_until(lambda: httpx.get(f"{server.url}/readyz").status_code == 200)
        wait_until(lambda: _state(database, run) is RunState.DONE)
        assert server.ended(signal.SIGTERM) == 0
        assert "the solver worker broke down" in server.said.read_text()


def _state(database: Engine, run: UUID) -> RunState:
    with reading(database) as db:
        return db.get_one(Run, run).state


def wait_until(true: Callable[[], object]) -> None:
    until = time.monotonic() + 150
    while not true():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.1)


def test_it_ends_at_once_whatever_the_mail_server_and_a_client_do(
    database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notices = [Notice(key=str(n), address=f"{n}@b.example", body={"about": "nothing"}) for n in range(3)]
    with transaction(database) as db:
        write(db, notices, now=dt.datetime.now(dt.UTC))
    pit = Tarpit(taken=None)
    with pit.up():
        monkeypatch.setenv("DURE_SMTP_URL", f"smtp://127.0.0.1:{pit.port}")
        monkeypatch.setenv("DURE_MAIL_FROM", "dure@school.example")
        with serving(database, tmp_path) as server, socket.create_connection(("127.0.0.1", httpx.URL(server.url).port or 0)) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\n")  # and never the rest
            assert pit.caught.wait(150)
            told = time.monotonic()
            assert server.ended(signal.SIGTERM) == 0
            assert time.monotonic() - told < 15
    with reading(database) as db:
        assert [(one.tries, one.problem) for one in unsent(db)] == [(0, "this process was told to end before their turn")] * 3


def test_an_address_in_use_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DURE_DATABASE_URL", f"sqlite:///{tmp_path / 'dure.db'}")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = dure("serve", "--http-only", "--port", str(port))
    assert (ended.status, ended.stdout, ended.stderr) == (2, "", f"127.0.0.1:{port}: another program uses it\n")


def test_an_address_that_is_none_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DURE_DATABASE_URL", f"sqlite:///{tmp_path / 'dure.db'}")
    ended = dure("serve", "--http-only", "--host", "256.1.1.1")
    assert (ended.status, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert ended.stderr.startswith("256.1.1.1:8000: ")
