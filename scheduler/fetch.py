"""Fetches the calendar that an address on the web leads to: from the public internet only, of a bounded size, within a bounded time.

The address is a secret, and so is wherever it redirects to: neither stands in an error, and the library's own client, which writes the
addresses of all requests to its log, is not used.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

import httpx

from scheduler.outside import NotOutside, pinned
from scheduler.patience import Stopped, aside, never, unless

HOSTS = "DURE_TIMETABLE_HOSTS"
Hosts = frozenset[str]
"""Names or numbers of machines."""

NOBODY: Hosts = frozenset()
MOST_BYTES = 2_000_000
MOST_REDIRECTS = 5
PATIENCE_SECONDS = 30.0
"""For all of it: a server that sends a byte now and then is not waited for."""

LONGEST = 2_000
SCHEMES = {"webcal": "https", "webcals": "https"}
HEADERS = {"accept": "text/calendar, */*;q=0.1", "accept-encoding": "identity", "user-agent": "Dure"}


class FetchError(Exception):
    """The root of why there is nothing to read at an address."""


@dataclass(eq=False)
class NoAddress(FetchError):
    """A text is no address of a calendar."""

    problem: str

    def __str__(self) -> str:
        return f"the address {self.problem}; write https://... or webcal://..."


@dataclass(eq=False)
class NotFetched(FetchError):
    """Nothing could be fetched; `host` is the machine that the address names."""

    host: str
    problem: str

    def __str__(self) -> str:
        return f"{self.host}: {self.problem}"


def near_hosts(environment: Mapping[str, str] = os.environ) -> Hosts:
    """The machines of one's own network that addresses may lead to, also without encryption: `DURE_TIMETABLE_HOSTS`, with commas."""
    return frozenset(host.strip().lower() for host in environment.get(HOSTS, "").split(",") if host.strip())


def read_address(text: str, near: Hosts = NOBODY) -> httpx.URL:
    """The address that somebody handed in; `webcal://` is another way to write `https://`, and only machines that are `near` need neither.

    Raises
    ------
    NoAddress
        It is none, or holds a name and a password.
    """
    if len(text) > LONGEST:
        raise NoAddress(f"has more than {LONGEST:,} characters")
    try:
        url = httpx.URL(text.strip())
        url = url.copy_with(scheme=SCHEMES.get(url.scheme, url.scheme), fragment=None)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise NoAddress("cannot be read") from None
    if url.scheme not in ({"https", "http"} if url.host in near else {"https"}) or not url.host:
        raise NoAddress("does not begin with https://")
    if url.userinfo:
        raise NoAddress("holds a name and a password")
    return url


def fetch(address: str, near: Hosts = NOBODY, stopped: Stopped = never) -> bytes:
    """What lies at an address; redirects are followed as far as each leads to a public machine, or to one that is `near`.

    Raises
    ------
    NoAddress
        It is none.
    NotFetched
        There is nothing to be had there now.
    """
    url = read_address(address, near)
    try:
        found = asyncio.run(unless(stopped, _within_time(url, near)))
    except TimeoutError:
        raise NotFetched(url.host, f"has not answered within {PATIENCE_SECONDS:.0f} seconds") from None
    except NotOutside as error:
        raise NotFetched(url.host, str(error)) from None
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):  # what they say may hold the address
        raise NotFetched(url.host, "cannot be spoken with") from None
    if found is None:
        raise NotFetched(url.host, "was not waited for")
    return found


async def _within_time(url: httpx.URL, near: Hosts) -> bytes:
    async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncHTTPTransport(trust_env=False) as transport:
        at = url
        for _ in range(MOST_REDIRECTS + 1):
            request = await aside(partial(pinned, "GET", at, private=at.host in near, headers=HEADERS))
            request.extensions["timeout"] = httpx.Timeout(PATIENCE_SECONDS).as_dict()
            answer = await transport.handle_async_request(request)
            try:
                if answer.status_code == HTTPStatus.OK:
                    return await body_of(url.host, answer)
                location = answer.headers.get("location", "")
                if not 300 <= answer.status_code < 400 or not location:
                    raise NotFetched(url.host, f"answered {answer.status_code}")
            finally:
                await answer.aclose()
            try:
                at = read_address(str(at.join(location)), near)
            except NoAddress as bad:
                raise NotFetched(url.host, f"leads on to an address that {bad.problem}") from None
    raise NotFetched(url.host, f"leads on more than {MOST_REDIRECTS} times")


async def body_of(host: str, answer: httpx.Response) -> bytes:
    """The bytes of an answer as they come: none that are packed, which may be small and become large.

    Raises
    ------
    NotFetched
        They are, or there are too many.
    """
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise NotFetched(host, "answered with packed bytes, which were not asked for")
    body = bytearray()
    async for some in answer.aiter_raw():
        body += some
        if len(body) > MOST_BYTES:
            raise NotFetched(host, f"answered with more than {MOST_BYTES // 1_000_000} MB")
    return bytes(body)
