"""Calendars are fetched from the public internet only, small and soon; their addresses are told to nobody."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import time
from collections.abc import Callable

import pytest

from scheduler import fetch as room
from scheduler.fetch import FetchError, fetch, near_hosts, read_address
from tests.scheduler.served import Page

HERE = frozenset({"127.0.0.1"})
CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


def test_what_lies_at_an_address_is_fetched_and_the_address_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    page = Page(CALENDAR)
    with page.up() as address:
        assert fetch(address, HERE) == CALENDAR
    [(path, headers)] = page.asked
    assert path == "/secret.ics?token=abc"
    assert headers["host"] == address.split("/")[2]
    assert "secret" not in caplog.text
    assert "token" not in caplog.text


def test_ones_own_network_is_not_asked_unless_that_is_allowed() -> None:
    page = Page(CALENDAR)
    with page.up() as address, pytest.raises(FetchError, match="does not begin with https://"):
        fetch(address)
    with page.up() as address, pytest.raises(FetchError, match=r"^127.0.0.1: 127.0.0.1 is not on the public internet$"):
        fetch(address.replace("http://", "webcal://"))
    assert page.asked == []
    assert near_hosts({"DURE_TIMETABLE_HOSTS": "Campus.local, 10.0.0.1,"}) == {"campus.local", "10.0.0.1"}
    assert near_hosts({}) == frozenset()


def test_a_redirect_is_followed() -> None:
    end = Page(CALENDAR)
    with end.up() as address:
        page = Page(status=302, headers={"location": address})
        with page.up() as first:
            assert fetch(first, HERE) == CALENDAR
    assert len(page.asked) == len(end.asked) == 1


@pytest.mark.parametrize(
    ("location", "why"),
    [
        pytest.param("https://127.0.0.2/x", "127.0.0.2 is not on the public internet", id="this machine"),
        pytest.param("https://localhost/x", "localhost is not on the public internet", id="its name"),
        pytest.param("https://169.254.169.254/latest/meta-data", "169.254.169.254 is not on the public internet", id="a cloud's own data"),
        pytest.param("https://[::ffff:10.0.0.1]/", "::ffff:10.0.0.1 is not on the public internet", id="a private one in new clothes"),
        pytest.param("http://93.184.216.34/", "leads on to an address that does not begin with https://", id="without encryption"),
        pytest.param("file:///etc/passwd", "leads on to an address that does not begin with https://", id="a file"),
        pytest.param("https://a:b@93.184.216.34/", "leads on to an address that holds a name and a password", id="a password"),
        pytest.param("https://a:port/", "cannot be spoken with", id="nonsense"),
    ],
)
def test_a_redirect_is_looked_at_like_an_address(location: str, why: str) -> None:
    page = Page(status=302, headers={"location": location})
    with page.up() as address, pytest.raises(FetchError) as refused:
        fetch(address, HERE)
    assert str(refused.value) == f"127.0.0.1: {why}"
    assert len(page.asked) == 1


@pytest.mark.parametrize(
    ("page", "why"),
    [
        pytest.param(Page(status=404), "answered 404", id="nothing is there"),
        pytest.param(Page(status=304), "answered 304", id="an answer to another question"),
        pytest.param(Page(status=302, headers={"location": "?again"}), "leads on more than 5 times", id="in circles"),
        pytest.param(Page(b" " * 2_000_001), "answered with more than 2 MB", id="too much"),
        pytest.param(
            Page(gzip.compress(b" " * 10_000_000), headers={"content-encoding": "gzip"}), "answered with packed bytes", id="packed bytes"
        ),
        pytest.param(Page(b"", headers={"content-length": "12"}), "cannot be spoken with", id="less than it says"),
    ],
)
def test_what_is_not_had_is_told_without_the_address(page: Page, why: str) -> None:
    with page.up() as address, pytest.raises(FetchError) as refused:
        fetch(address, HERE)
    assert str(refused.value).startswith(f"127.0.0.1: {why}")
    assert "secret" not in str(refused.value)


def test_a_server_that_sends_a_byte_now_and_then_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(write: Callable[[bytes], object]) -> None:
        for _ in range(100):
            write(b" ")
            time.sleep(0.05)

    page = Page()
    page.send = slowly
    monkeypatch.setattr(room, "PATIENCE_SECONDS", 0.3)
    began = time.monotonic()
    with page.up() as address, pytest.raises(FetchError, match="has not answered within"):
        fetch(address, HERE)
    assert time.monotonic() - began < 3


def test_who_is_told_to_end_waits_for_no_name_to_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, ends, answers = threading.Event(), threading.Event(), threading.Event()

    def never_found(*_: object, **__: object) -> None:
        asked.set()
        ends.set()
        answers.wait(30)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", never_found)
    began = time.monotonic()
    with pytest.raises(FetchError, match=r"^calendar.example: was not waited for$"):
        fetch("https://calendar.example/x", stopped=ends.is_set)
    assert time.monotonic() - began < 5
    assert asked.is_set()
    answers.set()


def test_nobody_there_is_told_without_the_address() -> None:
    with Page().up() as address:
        pass
    with pytest.raises(FetchError, match=r"^127.0.0.1: cannot be spoken with$"):
        fetch(address, HERE)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        pytest.param("ftp://a.example/x", "does not begin with https://", id="another way"),
        pytest.param("https:///x", "does not begin with https://", id="no host"),
        pytest.param("https://a:b@a.example/x", "holds a name and a password", id="a password"),
        pytest.param("https://a.example:port/", "cannot be read", id="no port"),
        pytest.param("https://a.example/\x00", "cannot be read", id="a sign that is none"),
        pytest.param("https://a.example/" + "x" * 2000, "has more than 2,000 characters", id="long"),
    ],
)
def test_what_is_no_address_is_told(address: str, why: str) -> None:
    with pytest.raises(FetchError) as refused:
        fetch(address)
    assert str(refused.value) == f"the address {why}; write https://... or webcal://..."


@pytest.mark.parametrize(
    "address", ["webcal://a.example/x?y#z", "webcals://a.example/x?y", "https://a.example/x?y", " HTTPS://a.example/x?y "]
)
def test_a_calendars_own_way_to_write_an_address_is_known(address: str) -> None:
    assert str(read_address(address)) == "https://a.example/x?y"
