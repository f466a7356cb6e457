"""Webhooks: signed, told once, tried again, and never sent into one's own network unless that is wished."""

from __future__ import annotations

import datetime as dt
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from sqlalchemy import Engine, select
from standardwebhooks import Webhook

from data.base import new_id
from data.database import reading, transaction
from data.outbox import About, Channel, Message, Notice, write
from data.sessions import Session
from data.telling import News, tell
from scheduler.hooks import BadSecret, Pace, Signer, signer
from scheduler.outbox import deliver_hooks
from scheduler.outside import NotOutside, outside
from tests.scheduler.lessons import HOUR, MONDAY, lessons

SECRET = "whsec_" + "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"
NOW = MONDAY - HOUR
MINUTE = dt.timedelta(minutes=1)


class Receiver:
    """An address that keeps what it is told, and answers as it is to; where it is slow, it never comes to the end of an answer."""

    def __init__(self, *, slow: bool = False) -> None:
        self.told: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        self._slow = slow
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


def test_a_change_is_told_once_and_signed(database: Engine) -> None:
    now = dt.datetime.now(dt.UTC)  # receivers refuse what is minutes old
    receiver = Receiver()
    with receiver.up() as address:
        session = _changed(database, address)
        deliver_hooks(database, lambda: now, Signer(SECRET, private=True))
        deliver_hooks(database, lambda: now + HOUR, Signer(SECRET, private=True))
    [(headers, told)] = receiver.told
    data = {"session": session, "sequence": 1, "state": "planned", "starts_at": MONDAY.isoformat(), "ends_at": (MONDAY + HOUR).isoformat()}
    assert Webhook(SECRET).verify(told, headers) == {"type": "session.changed", "timestamp": NOW.isoformat(), "data": data}
    assert json.loads(told)["data"] == data
    [message] = _calls(database)
    assert (headers["webhook-id"], message.sent_at) == (str(message.id), now)


@pytest.mark.parametrize(
    ("status", "given_up", "problem"),
    [
        pytest.param(500, False, "it answered 500", id="a fault is tried again"),
        pytest.param(302, False, "it answered 302", id="a redirect is not followed"),
        pytest.param(410, True, "it answered 410", id="who wants no more gets no more"),
    ],
)
def test_what_was_not_taken_is_tried_again_under_the_same_id(database: Engine, status: int, given_up: bool, problem: str) -> None:
    receiver = Receiver()
    receiver.status = status
    with receiver.up() as address:
        _changed(database, address)
        for minutes in (0, 2, 4):
            deliver_hooks(database, lambda: NOW + dt.timedelta(minutes=minutes), Signer(SECRET, private=True))  # noqa: B023
    [message] = _calls(database)
    assert (message.given_up_at is not None, message.problem) == (given_up, problem)
    assert [headers["webhook-id"] for headers, _ in receiver.told] == [str(message.id)] * (1 if given_up else 2)


def test_no_webhook_goes_into_ones_own_network_unless_that_is_wished(database: Engine) -> None:
    receiver = Receiver()
    with receiver.up() as address:
        _changed(database, address)
        deliver_hooks(database, lambda: NOW, Signer(SECRET))
    assert receiver.told == []
    assert [message.problem for message in _calls(database)] == ["127.0.0.1 is not on the public internet"]


def test_a_slow_receiver_holds_up_no_other_and_is_told_the_rest_later(database: Engine) -> None:
    quick, slow = Receiver(), Receiver(slow=True)
    with quick.up() as here, slow.up() as there:
        _written(database, *[there] * 50, *[here] * 3)
        began = time.monotonic()
        _deliver(database, NOW, Pace(call_seconds=1))
        assert time.monotonic() - began < 20
        assert (len(quick.told), len(slow.told)) == (3, 1)
        problem = "it did not answer in time"
        states = [(one.tries, one.due_at, one.problem) for one in _calls(database)]
        assert states[0] == (1, NOW + MINUTE, problem)
        assert {(tries, due_at) for tries, due_at, _ in states[1:50]} == {(0, NOW + MINUTE)}
        _written(database, here, there)
        _deliver(database, NOW + MINUTE / 2, Pace(call_seconds=1))
        assert len(quick.told) == 4
        assert slow.told[-1][0]["webhook-id"] == str(_calls(database)[-1].id)


def test_of_a_receiver_that_is_never_quick_no_more_is_begun_than_there_is_time_for(database: Engine) -> None:
    receiver = Receiver()
    with receiver.up() as address:
        _written(database, *[address] * 3)
        _deliver(database, NOW, Pace(batch_seconds=0))
        assert (receiver.told, [one.due_at for one in _calls(database)]) == ([], [NOW] * 3)
        _deliver(database, NOW, Pace())
    assert [headers["webhook-id"] for headers, _ in receiver.told] == [str(one.id) for one in _calls(database)]


def test_who_is_told_to_end_waits_for_no_receiver_and_its_webhooks_are_due_as_before(database: Engine) -> None:
    slow, ends = Receiver(slow=True), threading.Event()
    with slow.up() as there:
        _written(database, there, there)
        words = {"stopped": ends.is_set, "pace": Pace(call_seconds=100)}
        thread = threading.Thread(target=deliver_hooks, args=(database, lambda: NOW, Signer(SECRET, private=True)), kwargs=words)
        thread.start()
        assert slow.caught.wait(30)
        told = time.monotonic()
        ends.set()
        thread.join(60)
        assert time.monotonic() - told < 20
    assert [(one.tries, one.due_at) for one in _calls(database)] == [(0, NOW)] * 2


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


def _changed(database: Engine, address: str) -> str:
    """A session that has changed, of which an address and people were told."""
    [session] = lessons(database, [MONDAY], settings={"webhooks": [address]})
    with transaction(database) as db:
        one = db.get_one(Session, session)
        one.sequence += 1
        for about in (About.CHANGED, About.ADDED):
            tell(db, [News(one, [], about)], now=NOW)
    return str(session)


def _written(database: Engine, *addresses: str) -> None:
    """Something to be told to each of these addresses."""
    with transaction(database) as db:
        keyed = [(str(new_id()), address) for address in addresses]
        write(db, [Notice(key=key, channel=Channel.WEBHOOK, address=address, body={}) for key, address in keyed], now=NOW)


def _deliver(database: Engine, now: dt.datetime, pace: Pace) -> None:
    deliver_hooks(database, lambda: now, Signer(SECRET, private=True), pace=pace)


def _calls(database: Engine) -> list[Message]:
    with reading(database) as db:
        return list(db.scalars(select(Message).where(Message.channel == Channel.WEBHOOK).order_by(Message.id)))
