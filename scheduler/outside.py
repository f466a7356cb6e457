"""Where an address of the web leads: to the public internet, or into one's own network, which strangers' addresses must not reach."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

import httpx

NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(eq=False)
class NotOutside(Exception):
    """An address leads to a machine that is not on the public internet, or nowhere."""

    problem: str

    def __str__(self) -> str:
        return self.problem


def pinned(method: str, url: httpx.URL, *, private: bool = False, headers: dict[str, str], content: str = "") -> httpx.Request:
    """A request that goes to the very machine that was looked at, and is for the host that the URL names.

    Raises
    ------
    NotOutside
        That machine is not public, unless that is allowed, or there is none.
    """
    return httpx.Request(
        method,
        url.copy_with(host=outside(url, private=private)),
        content=content,
        headers={**headers, "host": url.netloc.decode("ascii")},
        extensions={"sni_hostname": url.host},
    )


def outside(url: httpx.URL, *, private: bool = False) -> str:
    """The address of a URL's host, which is asked for once: who connects to it goes where was looked.

    Raises
    ------
    NotOutside
        It has none, or one that is not public, unless that is allowed.
    """
    if url.scheme not in {"http", "https"} or not url.host:
        raise NotOutside("its address does not begin with https://")
    try:
        found = socket.getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError):
        raise NotOutside(f"{url.host} is not known") from None
    addresses = [str(where[0]) for *_, where in found]
    if not private and not all(_is_public(ipaddress.ip_address(one)) for one in addresses):
        raise NotOutside(f"{url.host} is not on the public internet")
    return addresses[0]


def _is_public(at: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is public, and so is that of version 4 which it may stand for."""
    if isinstance(at, ipaddress.IPv6Address):
        within = at.ipv4_mapped or at.sixtofour or (at.teredo[1] if at.teredo else None)
        if at in NAT64:
            within = ipaddress.IPv4Address(int(at) & 0xFFFFFFFF)
        if within is not None:
            return _is_public(within)
    return at.is_global and not at.is_multicast
