"""When the weekly meetings of a series are that has changed its times: the same for sessions that are there and those to come.

The i-th meeting of a week goes over to the i-th of the new times. In the week of a change, a meeting whose new time would lie before
the day from which the change holds keeps its old one. Pure; days are those of the term's zone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from matching.week import DAY_MINUTES, Meetings
from scheduler.term import DAY, instant

Change = tuple[dt.date, Meetings]
"""From a day on, the meetings are at these weekly times."""


def held_at(meetings: Meetings, changes: Sequence[Change], monday: dt.date, place: int) -> tuple[dt.date, int]:
    """When the meeting of a place within its week, counted from 0, is held: the day, and minutes from midnight.

    `meetings` are the series' first times, `changes` are in order of their days; all are in week order.
    """
    day, minutes = divmod(meetings[place], DAY_MINUTES)
    for from_on, others in changes:
        new_day, new_minutes = divmod(others[place], DAY_MINUTES)
        if monday + new_day * DAY >= from_on:
            day, minutes = new_day, new_minutes
    return monday + day * DAY, minutes


def place_of(meetings: Meetings, zone: str, original_start: dt.datetime) -> tuple[dt.date, int] | None:
    """The Monday of a session's week and its place there, by its original start; None where that is no meeting of the series.

    It is looked for among the instants of the meetings: one in the hour that a change of clocks leaves out is at another wall time.
    """
    on = original_start.astimezone(ZoneInfo(zone)).date()
    monday = on - on.weekday() * DAY
    for place, start in enumerate(meetings):
        day, minutes = divmod(start, DAY_MINUTES)
        if instant(zone, monday + day * DAY, minutes) == original_start:
            return monday, place
    return None
