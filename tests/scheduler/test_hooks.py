"""Webhooks: signed, told once, tried again, and never sent into one's own network unless that is wished."""

from __future__ import annotations

import datetime as dt
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from sqlalchemy import Engine, select
from standardwebhooks import Webhook

from data.database import reading, transaction
from data.deliveries import STEPS, TRIED_FOR
from data.events import Event, Happening, happened
from data.programs import Program
from data.webhooks import Delivery, add_webhook_secret, change_webhook, make_webhook, replay, try_out, webhook_of
from scheduler.deliveries import deliver_hooks
from scheduler.hooks import BATCHES, USUAL, BadSecret, Pace, Signer, signer
from scheduler.outside import NotOutside, outside
from scheduler.ticker import Job, Ticker
from tests.faults.processes import wait_until
from tests.scheduler.lessons import HOUR, MONDAY, lessons

SECRET = "whsec_" + "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"
NOW = MONDAY - HOUR
MINUTE = dt.timedelta(minutes=1)


class Receiver:
    """An address that keeps what it is told, and answers as it is to, after some seconds; where it is slow, it never comes to the end of
    an answer."""

    def __init__(self, *, slow: bool = False, seconds: float = 0) -> None:
        self.told: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        self._slow, self._seconds = slow, seconds
        self._ends = threading.Event()
        self.caught = threading.Event()

    @contextmanager
    def up(self) -> Iterator[str]:
        """The address, while it is there."""
        receiver = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told = self.rfile.read(int(self.headers["content-length"]))
                receiver.told.append(({name.lower(): value for name, value in self.headers.items()}, told))
                if receiver._slow:
                    receiver._never_end(self.request)
                    return
                receiver._ends.wait(receiver._seconds)
                self.send_response(receiver.status)
                self.send_header("location", "/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library calls it so
                """Says nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/dure?of=us"
        finally:
            self._ends.set()
            server.shutdown()
            thread.join()
            server.server_close()

    def _never_end(self, to: socket.socket) -> None:
        self.caught.set()
        try:
            to.sendall(b"HTTP/1.1 204 No Content\r\n")
            while not self._ends.wait(0.05):
                to.sendall(b"still: so\r\n")
        except OSError:
            return


def test_an_event_is_told_once_and_signed_by_each_secret(database: Engine) -> None:
    now = dt.datetime.now(dt.UTC)  # receivers refuse what is minutes old
    receiver = Receiver()
    with receiver.up() as address:
        webhook, secret = made(database, address)
        with transaction(database) as db:
            first, other = secret, add_webhook_secret(db, webhook_of(db, webhook), SECRET, by="test", now=NOW)[1]
        write(database, "session.moved")
        deliver(database, now)
        deliver(database, now + HOUR)
    told = [(headers, body) for headers, body in receiver.told if json.loads(body)["type"] == "session.moved"]
    [(headers, body)] = told
    for one in (first, other):
        assert Webhook(one).verify(body, headers) == {"type": "session.moved", "timestamp": NOW.isoformat(), "data": {}}
    assert first != other != SECRET


def test_only_the_types_that_are_wanted_are_told(database: Engine) -> None:
    receiver = Receiver()
    with receiver.up() as address:
        made(database, address, "run.published")
        write(database, "session.moved", "run.published")
        deliver(database, NOW)
    assert types(receiver) == ["run.published"]


def test_a_receiver_that_was_down_for_a_day_gets_all_in_order_within_one_step(database: Engine) -> None:
    receiver = Receiver()
    receiver.status = 503
    with receiver.up() as address:
        made(database, address, *WANTED)
        at, ends = NOW, NOW + dt.timedelta(days=1)
        while at < ends:
            write(database, "session.moved", "run.published", now=at)
            deliver(database, at)
            at += HOUR
        tries = len(receiver.told)
        assert tries < 20
        receiver.told.clear()
        receiver.status = 204
        deliver(database, ends + STEPS[-1] * 1.2)
        assert types(receiver) == ["session.moved", "run.published"] * 24
        deliver(database, ends + STEPS[-1] * 2)
        assert len(receiver.told) == 48


def test_what_failed_for_three_days_is_given_up_and_what_is_younger_is_not(database: Engine) -> None:
    receiver = Receiver()
    receiver.status = 500
    with receiver.up() as address:
        made(database, address, *WANTED)
        write(database, "session.moved")
        deliver(database, NOW)
        write(database, "run.published", now=NOW + TRIED_FOR / 2)
        deliver(database, NOW + TRIED_FOR / 2)
        deliver(database, NOW + TRIED_FOR + HOUR)
        receiver.told.clear()
        receiver.status = 200
        deliver(database, NOW + TRIED_FOR + DAY)
    assert types(receiver) == ["run.published"]


def test_what_was_not_tried_yet_is_not_given_up_with_what_was(database: Engine) -> None:
    """It was laid out as long ago, behind one that the receiver does not take."""
    receiver = Receiver()
    receiver.status = 500
    with receiver.up() as address:
        webhook, _ = made(database, address, *WANTED)
        write(database, "session.moved", "run.published", "run.published")
        for hours in (0, 40, 80):
            deliver(database, NOW + hours * HOUR)
        assert types(receiver) == ["session.moved"] * 3
        deliver(database, NOW + 90 * HOUR)
        assert types(receiver)[3:] == ["run.published"]
        with transaction(database) as db:
            change_webhook(db, webhook_of(db, webhook), enabled=False, by="test", now=NOW + 90 * HOUR)
            change_webhook(db, webhook_of(db, webhook), enabled=True, by="test", now=NOW + 300 * HOUR)
        deliver(database, NOW + 301 * HOUR)
        receiver.status = 204
        deliver(database, NOW + 310 * HOUR)
    assert types(receiver)[4:] == ["run.published"] * 3, "one try that failed, and both arrived"


def test_who_is_gone_is_disabled_at_once_and_gets_what_it_missed_once_it_is_enabled(database: Engine) -> None:
    receiver = Receiver()
    receiver.status = 410
    with receiver.up() as address:
        webhook, _ = made(database, address, *WANTED)
        write(database, "session.moved", "run.published")
        for hours in range(3):
            deliver(database, NOW + hours * DAY)
        assert len(receiver.told) == 1
        with transaction(database) as db:
            one = webhook_of(db, webhook)
            assert (one.disabled_at, one.disabled_why) == (NOW, "it answered 410")
            change_webhook(db, one, enabled=True, by="test", now=NOW + DAY)
        receiver.told.clear()
        receiver.status = 204
        deliver(database, NOW + DAY)
    assert types(receiver) == ["session.moved", "run.published"]


def test_a_redirect_is_not_followed_and_a_try_out_and_a_replay_are_told(database: Engine) -> None:
    receiver = Receiver()
    receiver.status = 302
    with receiver.up() as address:
        webhook, _ = made(database, address, *WANTED)
        write(database, "session.moved", "run.published")
        deliver(database, NOW)
        assert len(receiver.told) == 1
        receiver.status = 200
        deliver(database, NOW + HOUR)
        receiver.told.clear()
        with transaction(database) as db:
            try_out(db, webhook_of(db, webhook), by="test", now=NOW + HOUR)
        deliver(database, NOW + HOUR)
        assert types(receiver) == ["webhook.tested"]
        receiver.told.clear()
        with transaction(database) as db:
            moved = db.scalars(select(Event.id).where(Event.type == "session.moved")).one()
            replay(db, webhook_of(db, webhook), moved, by="test", now=NOW + HOUR)
        deliver(database, NOW + HOUR)
    assert types(receiver) == ["run.published"]


def test_no_webhook_goes_into_ones_own_network_unless_that_is_wished(database: Engine) -> None:
    receiver = Receiver()
    with receiver.up() as address:
        made(database, address, *WANTED)
        write(database, "session.moved")
        deliver_hooks(database, lambda: NOW, Signer(SECRET))
    assert receiver.told == []
    with reading(database) as db:
        assert [one.problem for one in db.scalars(select(Delivery))] == ["127.0.0.1 is not on the public internet"]


def test_a_slow_receiver_holds_up_no_other(database: Engine) -> None:
    quick, slow = Receiver(), Receiver(slow=True)
    with quick.up() as here, slow.up() as there:
        made(database, there, *WANTED)
        made(database, here, *WANTED, key="town")
        write(database, *["session.moved"] * 3)
        began = time.monotonic()
        deliver(database, NOW, Pace(call_seconds=1))
        assert time.monotonic() - began < 20
        assert (len(quick.told), len(slow.told)) == (3, 1)
        write(database, "run.published")
        deliver(database, NOW + MINUTE / 2, Pace(call_seconds=1))
        assert (len(quick.told), len(slow.told)) == (4, 1)


def test_one_that_is_slow_and_right_holds_up_no_other_either_and_is_told_nothing_twice(database: Engine) -> None:
    quick, slow = Receiver(), Receiver(seconds=4)
    with quick.up() as here, slow.up() as there:
        made(database, there, *WANTED)
        made(database, here, *WANTED, key="town")
        work = partial(deliver_hooks, signer=Signer(SECRET, private=True), pace=Pace(call_seconds=5, batch_seconds=5))
        ticker = Ticker(database, [Job("deliver webhooks", work, dt.timedelta(seconds=0.5), at_once=BATCHES)], clock=lambda: NOW)
        write(database, "session.moved")
        ticker.start()
        try:
            wait_until(lambda: (len(quick.told), len(slow.told)) == (1, 1))
            for told in (2, 3):
                write(database, "run.published")
                began = time.monotonic()
                wait_until(lambda told=told: len(quick.told) == told)  # type: ignore[misc]
                assert time.monotonic() - began < 3
            assert len(slow.told) == 1
            wait_until(lambda: len(slow.told) == 3)
        finally:
            ticker.stop()
    assert types(quick) == types(slow) == ["session.moved", *["run.published"] * 2]


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://10.1.2.3/",
        "http://192.168.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::10.0.0.1]/",
        "http://[2002:0a00:0001::]/",
        "http://[fd00::1]/",
        "http://[fe80::1]/",
        "http://224.0.0.1/",
        "ftp://93.184.216.34/",
        "file:///etc/passwd",
    ],
)
def test_addresses_of_ones_own_network_are_refused(address: str) -> None:
    with pytest.raises(NotOutside):
        outside(httpx.URL(address))


@pytest.mark.parametrize("address", ["https://93.184.216.34/", "https://[2606:2800:220:1:248:1893:25c8:1946]/"])
def test_public_addresses_are_gone_to(address: str) -> None:
    assert outside(httpx.URL(address)) == httpx.URL(address).host


@pytest.mark.parametrize("secret", ["secret", "whsec_c2hvcnQ=", "whsec_!!!", "whsec_"])
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    with pytest.raises(BadSecret):
        signer({"DURE_WEBHOOK_SECRET": secret})


def test_the_environment_says_how_webhooks_are_signed() -> None:
    assert signer({}) is None
    assert signer({"DURE_WEBHOOK_SECRET": SECRET}) == Signer(SECRET)
    assert signer({"DURE_WEBHOOK_SECRET": SECRET, "DURE_WEBHOOK_PRIVATE": "1"}) == Signer(SECRET, private=True)


WANTED = ("session.moved", "run.published")
DAY = dt.timedelta(days=1)


def made(database: Engine, address: str, *wanted: str, key: str = "") -> tuple[str, str]:
    """A webhook of the only program, and its secret."""
    if not key:
        lessons(database, [MONDAY])
    with transaction(database) as db:
        webhook, secret = make_webhook(db, db.scalars(select(Program)).one(), address, wanted, SECRET, by="test", now=NOW)
        return str(webhook.id), secret


def write(database: Engine, *types: str, now: dt.datetime = NOW) -> None:
    """Something happens."""
    with transaction(database) as db:
        program = db.scalars(select(Program.id)).one()
        happened(db, [Happening(program, one, {}) for one in types], now=now)


def deliver(database: Engine, now: dt.datetime, pace: Pace = USUAL) -> None:
    deliver_hooks(database, lambda: now, Signer(SECRET, private=True), pace=pace)


def types(receiver: Receiver) -> list[str]:
    """What a receiver was told of."""
    return [json.loads(body)["type"] for _, body in receiver.told]
