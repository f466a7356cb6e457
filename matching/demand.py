"""Mentors who would be wanted: for what, when and where most could be had by one mentor together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

from matching.imagine import NewMentor
from matching.round import GroupPolicy, Mentee, Mentor, Round, Teaching
from matching.rules import starts_of
from matching.week import DAY_MINUTES, Meetings, Stretch, merge, patterns

LEVELS = ((1, 6), (7, 9), (10, 12))
"""The grades of one school: who teaches some of them can mostly teach all."""

MOST = 400
"""So many mentors are imagined at most, for requests of one kind."""

MOST_REQUESTS = 5_000
"""So many requests are looked at."""

MOST_PATTERNS = 500
"""So many meetings of one mentee are looked at."""

Wish = tuple[str, str, tuple[int, int]]
"""Where, what and for which grades a mentor would be wanted."""


def wanted_mentors(round: Round, *kinds: Sequence[tuple[Mentee, str, int]]) -> list[NewMentor]:
    """Mentors for requests of some kinds, each with its worth: of each kind those for whom there is most in one group, as many as
    `MOST`. Requests that come first count first."""
    policy = round.policy.group
    best = dict.fromkeys(wish for requests in kinds for wish in _best(requests, policy))
    names = new_names(round)
    usual = round.policy.mentor.max_groups
    groups = max(1, min(2, usual))
    return [
        NewMentor(
            mentor=Mentor(
                key=next(names),
                teaches=(Teaching(subject, *level),),
                availability=hours(meetings, policy, groups),
                home_region=region,
                regions=(region,) if region else (),
                max_groups=None if usual else 1,
            )
        )
        for (region, subject, level), meetings in best
    ]


def _best(requests: Sequence[tuple[Mentee, str, int]], policy: GroupPolicy) -> list[tuple[Wish, Meetings]]:
    """Where and when most of the worth of these requests could be had in one group; some for every wish."""
    worth: dict[tuple[Wish, Meetings], int] = defaultdict(int)
    members: dict[tuple[Wish, Meetings], int] = defaultdict(int)
    for mentee, subject, points in requests[:MOST_REQUESTS]:
        wish = (mentee.region.split("/")[0], subject, next(level for level in LEVELS if level[0] <= mentee.grade <= level[1]))
        for meetings in islice(patterns(starts_of(mentee, policy), policy.meetings_per_week, policy.same_time), MOST_PATTERNS):
            if members[wish, meetings] < policy.max_size:
                members[wish, meetings] += 1
                worth[wish, meetings] += points
    of_wish: dict[Wish, list[tuple[int, Meetings]]] = defaultdict(list)
    for (wish, meetings), points in worth.items():
        if points > 0:
            of_wish[wish].append((points, meetings))
    each = max(2, MOST // max(1, len(of_wish)))
    found = [
        (points, wish, meetings)
        for wish, asked in of_wish.items()
        for points, meetings in sorted(asked, key=lambda one: (-one[0], one[1]))[:each]
    ]
    return [(wish, meetings) for _, wish, meetings in sorted(found, key=lambda one: (-one[0], one[1], one[2]))[:MOST]]


def hours(meetings: Meetings, policy: GroupPolicy, groups: int) -> tuple[Stretch, ...]:
    """Time for so many groups one after another, the first at these meetings; fewer where the day ends."""
    found = []
    for start in meetings:
        midnight = start - start % DAY_MINUTES
        end = start + policy.session_minutes
        for _ in range(groups - 1):
            then = midnight - -(end + policy.buffer_minutes - midnight) // policy.start_every_minutes * policy.start_every_minutes
            if then + policy.session_minutes <= midnight + DAY_MINUTES:
                end = then + policy.session_minutes
        found.append(Stretch(start, end))
    return merge(found)


def new_names(round: Round) -> Iterator[str]:
    """Keys that no mentor has."""
    taken = round.mentor_of
    number = 0
    while True:
        number += 1
        name = f"new-{number}"
        if name not in taken:
            yield name
