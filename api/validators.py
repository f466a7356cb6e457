"""What a client says it has already, and in which coding it wants an answer (RFC 9110, sections 8.8, 12.5.3 and 13)."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

TAG = re.compile(r'\s*(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*')
"""One entity tag; weak and strong ones are compared alike, as a GET may (8.8.3.2)."""

GZIP = "-gzip"
"""What the tag of compressed bytes ends in: two codings never have one tag."""


def http_date(at: dt.datetime) -> str:
    """An instant as HTTP tells it, in whole seconds."""
    return format_datetime(at, usegmt=True)


def is_unchanged(etag: str, last_modified: dt.datetime, if_none_match: str | None, if_modified_since: str | None) -> bool:
    """Whether the client has what it would be sent. A tag, where one is given, is all that counts; a date that is none says nothing.

    `etag` is the opaque tag of the bytes, in whichever coding; `if_none_match` may be a list, or `*` for whatever there is.
    """
    if if_none_match is not None:
        return if_none_match.strip() == "*" or any(tag.removesuffix(GZIP) == etag for tag in _tags(if_none_match))
    if if_modified_since is None:
        return False
    try:
        since = parsedate_to_datetime(if_modified_since)
    except (ValueError, OverflowError):
        return False
    if since.tzinfo is None:
        since = since.replace(tzinfo=dt.UTC)  # the old form of C's asctime has no zone
    return last_modified <= since


def _tags(header: str) -> list[str]:
    """The opaque tags of a list; what follows something that is none is not read."""
    tags, at = [], 0
    while found := TAG.match(header, at):
        tags.append(found[1])
        at = found.end() + 1
        if header[found.end() : at] != ",":
            break
    return tags


@lru_cache(maxsize=256)
def takes_gzip(accept_encoding: str | None) -> bool:
    """Whether the client would rather have gzip than the bytes as they are."""
    weights = {}
    for part in (accept_encoding or "").lower().split(","):
        coding, _, parameters = part.partition(";")
        weights[coding.strip()] = _weight(parameters)
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def _weight(parameters: str) -> float:
    """The `q` of a coding, 1 where it has none, 0 where it is no number."""
    name, _, value = parameters.partition("=")
    if name.strip() != "q":
        return 1.0
    return float(value) if re.fullmatch(r"\s*[01](\.\d{0,3})?\s*", value) else 0.0
