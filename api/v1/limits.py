"""How often a caller may ask: so many requests a minute, told in the header fields `RateLimit` and `RateLimit-Policy`.

Requests are counted by the minute of the clock; of the minute before, what would still be within the last sixty seconds counts too, as if
it had been even. Each process counts for itself.
"""

from __future__ import annotations

import datetime as dt
import math
import threading
from collections import Counter

from api.problems import Problem

A_MINUTE = 1200
SECONDS = 60


class Limits:
    """Counts the requests of each caller in this minute and the last; of no other it knows anything."""

    def __init__(self, most: int = A_MINUTE) -> None:
        self._most = most
        self._minute = 0
        self._now, self._before = Counter[str](), Counter[str]()
        self._alone = threading.Lock()

    def count(self, caller: str, now: dt.datetime) -> dict[str, str]:
        """Counts one request, and gives the fields that tell how many are left.

        Raises
        ------
        Problem
            There were too many: 429.
        """
        minute, second = divmod(now.timestamp(), SECONDS)
        with self._alone:
            self._turn_to(int(minute))
            before, here = self._before[caller], self._now[caller]
            left = math.floor(self._most - here - before * (1 - second / SECONDS))
            if left >= 1:
                self._now[caller] += 1
        wait = math.ceil(self._free_in(before, here, second)) if left < 1 else math.ceil(SECONDS - second)
        fields = {
            "RateLimit-Policy": f'"minute";q={self._most};w={SECONDS}',
            "RateLimit": f'"minute";r={max(left - 1, 0)};t={wait}',
        }
        if left < 1:
            headers = {**fields, "Retry-After": str(wait)}
            raise Problem(429, "too-many-requests", "these are too many requests", f"wait {wait} seconds", headers=headers)
        return fields

    def _turn_to(self, minute: int) -> None:
        if minute != self._minute:
            self._before = self._now if minute == self._minute + 1 else Counter()
            self._minute, self._now = minute, Counter()

    def _free_in(self, before: int, here: int, second: float) -> float:
        """In how many seconds there is room for one more."""
        if here < self._most:
            return SECONDS * (1 - (self._most - 1 - here) / before) - second
        return SECONDS - second + SECONDS * (1 - (self._most - 1) / here)
