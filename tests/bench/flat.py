"""The flat model of a round, as arrays for any solver: one group for each mentor, subject and meetings, one seat for each request in it.

An *offer* is a mentor, a subject, meetings and (where regions may not mix) a class of regions; y = 1 where its group is held. A *seat*
is a request in an offer; x = 1 where it is taken. All variables are binary and all numbers whole. Seats come first, then offers, then
what `flat_rows` adds for sizes, grades, regions, peers, mentors and mentees. Everything in ROUND.md is in the model but `stay`: the
benchmark solves no round again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.result import Group
from matching.rules import mentor_max_size, most_groups
from tests.bench.arrays import Arrays, Ints


@dataclass(frozen=True, slots=True)
class Offers:
    """The offers and their seats; seats lie in the order of their offers.

    For each offer: its mentor, subject, pattern (a row of start numbers) and the most members it can have. For each seat: its offer,
    request and points.
    """

    mentor: Ints
    subject: tuple[str, ...]
    pattern: Ints
    most: Ints
    seat_offer: Ints
    seat_request: Ints
    seat_points: Ints


def offers(arrays: Arrays) -> Offers:
    """Lists every offer that `min_size` requests or more could take, with all its seats."""
    round, rules = arrays.round, arrays.round.policy.group
    mentor_of: list[Ints] = []
    pattern_of: list[Ints] = []
    most_of: list[Ints] = []
    subjects: list[str] = []
    seat_offer: list[Ints] = []
    seat_request: list[Ints] = []
    seat_points: list[Ints] = []
    count, classes = 0, int(arrays.region_class.max(initial=0)) + 1
    for mentor, who in enumerate(round.mentors):
        if not most_groups(who, round.policy):
            continue
        patterns = arrays.patterns(mentor)
        mentor_liked = arrays.mentor_likes[mentor][patterns].sum(axis=1)
        for taught in who.teaches:
            asked, worth = arrays.choices(mentor, taught)
            mentees = arrays.asker[asked]
            free = arrays.mentee_free[mentees]
            fits = np.ones((len(asked), len(patterns)), dtype=np.bool_)
            for column in patterns.T:
                fits &= free[:, column]
            at, request = np.nonzero(fits.T)
            cell = at * classes + arrays.region_class[mentees[request]]
            order = np.argsort(cell, kind="stable")
            cells, local, sizes = np.unique(cell, return_inverse=True, return_counts=True)
            stands = sizes >= rules.min_size
            keep = order[stands[local[order]]]
            if not len(keep):
                continue
            renumbered = np.cumsum(stands) - 1
            at, request = at[keep], request[keep]
            liked = mentor_liked[at]
            for column in patterns.T:
                liked = liked + arrays.mentee_likes[mentees[request], column[at]]
            seat_offer.append(count + renumbered[local[keep]])
            seat_request.append(asked[request])
            seat_points.append(worth[request] + round.policy.points.time * liked)
            found = int(stands.sum())
            mentor_of.append(np.full(found, mentor, dtype=np.int64))
            pattern_of.append(patterns[cells[stands] // classes])
            most_of.append(np.minimum(sizes[stands], mentor_max_size(who, round.policy)))
            subjects += [taught.subject] * found
            count += found
    return Offers(
        mentor=_joined(mentor_of),
        subject=tuple(subjects),
        pattern=np.concatenate(pattern_of) if pattern_of else np.zeros((0, rules.meetings_per_week), dtype=np.int64),
        most=_joined(most_of),
        seat_offer=_joined(seat_offer),
        seat_request=_joined(seat_request),
        seat_points=_joined(seat_points),
    )


def _joined(parts: Sequence[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows `lower <= a x <= upper` in compressed form: row r has the terms from `start[r]` to `start[r + 1]`."""

    start: Ints
    column: Ints
    factor: Ints
    lower: Ints
    upper: Ints


NO_LIMIT = 1 << 40
"""A row has no lower (or upper) end where it stands at minus (or plus) this."""


@dataclass(frozen=True, slots=True)
class Flat:
    """Maximise `points` times binary variables, so that the rows hold.

    That a seat needs its offer follows from the rows of sizes; how a solver is best told once more is its own affair.
    """

    arrays: Arrays
    offers: Offers
    points: Ints
    rows: Rows

    def groups(self, taken: npt.NDArray[np.bool_]) -> tuple[Group, ...]:
        """The groups that the values of the variables stand for."""
        offers, arrays = self.offers, self.arrays
        members: dict[int, list[str]] = {}
        for seat in np.flatnonzero(taken[: len(offers.seat_offer)]):
            mentee, _ = arrays.asks[offers.seat_request[seat]]
            members.setdefault(int(offers.seat_offer[seat]), []).append(arrays.round.mentees[mentee].key)
        return tuple(
            Group(
                key=f"g-{offer:06d}",
                mentor=arrays.round.mentors[offers.mentor[offer]].key,
                subject=offers.subject[offer],
                meetings=arrays.meetings(offers.pattern[offer]),
                members=tuple(sorted(keys)),
            )
            for offer, keys in sorted(members.items())
        )
