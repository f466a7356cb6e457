"""The rules and points of a round as rows of the flat model, one function for each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from matching.round import Round
from matching.rules import mentee_max_groups, most_groups
from matching.week import DAY_MINUTES
from tests.bench.arrays import Arrays, Ints
from tests.bench.flat import NO_LIMIT, Flat, Offers, Rows, offers


def flat(round: Round) -> Flat:
    """The whole flat model of a round.

    Raises `MemoryError` where it does not fit.
    """
    arrays = Arrays(round)
    model = _Model(arrays, offers(arrays))
    for rule in (
        _sizes,
        _requests_once,
        _mentees_limits,
        _mentors_limits,
        _grades,
        _region_mix,
        _two_mentees,
        _first_group,
        _first_seat,
    ):
        rule(model)
    return Flat(arrays, model.offers, np.concatenate(model.points), model.rows())


@dataclass(slots=True)
class _Block:
    row: Ints
    column: Ints
    factor: Ints
    lower: Ints
    upper: Ints


@dataclass(slots=True)
class _Model:
    """The model while it grows: blocks of variables' points and blocks of rows."""

    arrays: Arrays
    offers: Offers
    points: list[Ints] = field(default_factory=list)
    blocks: list[_Block] = field(default_factory=list)
    size: int = 0
    x: Ints = field(init=False)
    y: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.x = self.new(self.offers.seat_points.copy())
        self.y = self.new(np.zeros(len(self.offers.mentor), dtype=np.int64))

    def new(self, points: Ints) -> Ints:
        """New variables with these points; their numbers."""
        self.points.append(points)
        self.size += len(points)
        return np.arange(self.size - len(points), self.size)

    def add(self, terms: list[tuple[Ints, Ints, Ints | int]], lower: Ints | int, upper: Ints | int, rows: int) -> None:
        """So many new rows; each term is the rows (from 0), the variables and their factors."""
        factors = [np.full(len(row), factor) if isinstance(factor, int) else factor for row, _, factor in terms]
        self.blocks.append(
            _Block(
                np.concatenate([row for row, _, _ in terms]),
                np.concatenate([column for _, column, _ in terms]),
                np.concatenate(factors),
                np.full(rows, lower) if isinstance(lower, int) else lower,
                np.full(rows, upper) if isinstance(upper, int) else upper,
            )
        )

    def rows(self) -> Rows:
        """All rows in compressed form."""
        counts = np.concatenate([np.bincount(block.row, minlength=len(block.lower)) for block in self.blocks])
        orders = [np.argsort(block.row, kind="stable") for block in self.blocks]
        return Rows(
            start=np.concatenate([[0], np.cumsum(counts)]),
            column=np.concatenate([block.column[order] for block, order in zip(self.blocks, orders, strict=True)]),
            factor=np.concatenate([block.factor[order] for block, order in zip(self.blocks, orders, strict=True)]),
            lower=np.concatenate([block.lower for block in self.blocks]),
            upper=np.concatenate([block.upper for block in self.blocks]),
        )


def _sizes(model: _Model) -> None:
    """A group has `min_size` to so many members, and each more or fewer than the target counts (rule 1, `off_target`)."""
    given, x, y, rules = model.offers, model.x, model.y, model.arrays.round.policy.group
    here = np.arange(len(y))
    off_target = model.arrays.round.policy.points.off_target
    if not off_target:
        model.add([(given.seat_offer, x, 1), (here, y, -given.most)], -NO_LIMIT, 0, len(y))
        model.add([(given.seat_offer, x, 1), (here, y, -rules.min_size)], 0, NO_LIMIT, len(y))
        return
    spread = given.most - rules.min_size + 1
    offer = np.repeat(here, spread)
    size = rules.min_size + np.arange(len(offer)) - np.repeat(np.cumsum(spread) - spread, spread)
    has_size = model.new(off_target * np.abs(size - rules.target_size))
    model.add([(offer, has_size, 1), (here, y, -1)], 0, 0, len(y))
    model.add([(given.seat_offer, x, 1), (offer, has_size, -size)], 0, 0, len(y))


def _requests_once(model: _Model) -> None:
    """A request is in one group at most, a required one in exactly one (rules 7 and 11)."""
    requests = len(model.arrays.asks)
    least = np.full(requests, -NO_LIMIT)
    least[list(model.arrays.required)] = 1
    model.add([(model.offers.seat_request, model.x, 1)], least, 1, requests)


def _mentees_limits(model: _Model) -> None:
    """A mentee is in at most `max_groups` groups, which do not overlap (rules 5 and 7)."""
    arrays, given = model.arrays, model.offers
    mentees = arrays.round.mentees
    asked = np.array([len(mentee.requests) for mentee in mentees])
    limit = np.array([mentee_max_groups(mentee) for mentee in mentees])
    seat_mentee = arrays.asker[given.seat_request]
    number, chosen = _compressed(np.flatnonzero(limit < asked), seat_mentee, len(mentees))
    model.add([(number, model.x[chosen], 1)], -NO_LIMIT, limit[limit < asked], int((limit < asked).sum()))
    several = np.flatnonzero((asked > 1)[seat_mentee] & (limit > 1)[seat_mentee])
    _at_most_one_at_a_time(model, seat_mentee[several], model.x[several], given.pattern[given.seat_offer[several]], 0)


def _mentors_limits(model: _Model) -> None:
    """A mentor has so many groups at most, which lie apart by the buffer (rules 5 and 6)."""
    round, given = model.arrays.round, model.offers
    limit = np.array([most_groups(mentor, round.policy) for mentor in round.mentors])
    model.add([(given.mentor, model.y, 1)], -NO_LIMIT, limit, len(limit))
    several = np.flatnonzero((limit > 1)[given.mentor])
    buffer = round.policy.group.buffer_minutes
    _at_most_one_at_a_time(model, given.mentor[several], model.y[several], given.pattern[several], buffer)


def _at_most_one_at_a_time(model: _Model, owner: Ints, variable: Ints, pattern: Ints, buffer: int) -> None:
    """Of an owner's variables whose meetings (with the buffer) cover a start, one at most is taken; said for starts of meetings only."""
    starts = np.array(model.arrays.starts, dtype=np.int64)
    lasts = model.arrays.round.policy.group.session_minutes + buffer
    ends = np.minimum(starts + lasts, starts - starts % DAY_MINUTES + DAY_MINUTES)
    until = np.searchsorted(starts, ends)
    begins = np.unique((owner[:, None] * len(starts) + pattern).ravel())
    keys, columns = [], []
    for meeting in pattern.T:
        covered = until[meeting] - meeting
        which = np.repeat(np.arange(len(owner)), covered)
        ahead = np.arange(len(which)) - np.repeat(np.cumsum(covered) - covered, covered)
        keys.append(owner[which] * len(starts) + meeting[which] + ahead)
        columns.append(variable[which])
    key, column = np.concatenate(keys), np.concatenate(columns)
    kept = np.isin(key, begins)
    found, row = np.unique(key[kept], return_inverse=True)
    model.add([(row, column[kept], 1)], -NO_LIMIT, 1, len(found))


def _grades(model: _Model) -> None:
    """The members' grades lie within `max_grade_gap`, and each grade between lowest and highest counts (rule 3, `grade_gap`).

    One window of grades, from a candidate's grade to a candidate's grade, is chosen for each group; seats outside it stay empty.
    """
    arrays, given, x, y = model.arrays, model.offers, model.x, model.y
    widest, each = arrays.round.policy.group.max_grade_gap, arrays.round.policy.points.grade_gap
    seat_grade = arrays.grade[arrays.asker[given.seat_request]]
    held = np.zeros((len(y), 13), dtype=np.int64)
    np.add.at(held, (given.seat_offer, seat_grade), 1)
    lowest, highest = (held > 0).argmax(axis=1), 12 - (held[:, ::-1] > 0).argmax(axis=1)
    chooses = highest - lowest > (0 if each else widest)
    offer, low, high = [], [], []
    for bottom in range(1, 13):
        for top in range(bottom, min(bottom + widest, 12) + 1):
            fits = chooses & (held[:, bottom] > 0)
            fits &= (held[:, top] > 0) if each else (np.minimum(bottom + widest, highest) == top)
            here = np.flatnonzero(fits)
            offer.append(here)
            low.append(np.full(len(here), bottom))
            high.append(np.full(len(here), top))
    windows = tuple(np.concatenate(part) for part in (offer, low, high))
    window = model.new(each * (windows[2] - windows[1]))
    number = np.cumsum(chooses) - 1
    chosen = np.flatnonzero(chooses)
    model.add([(number[windows[0]], window, 1), (number[chosen], y[chosen], -1)], 0, 0, len(chosen))
    for grade in range(1, 13):
        here = np.flatnonzero(chooses & (held[:, grade] > 0))
        number = np.cumsum(chooses & (held[:, grade] > 0)) - 1
        seats = np.flatnonzero((seat_grade == grade) & chooses[given.seat_offer])
        opens = np.flatnonzero(chooses[windows[0]] & (held[windows[0], grade] > 0) & (windows[1] <= grade) & (grade <= windows[2]))
        most = np.minimum(given.most, held[:, grade])[windows[0][opens]]
        model.add(
            [(number[given.seat_offer[seats]], x[seats], 1), (number[windows[0][opens]], window[opens], -most)], -NO_LIMIT, 0, len(here)
        )
        if each > 0:
            for end in windows[1:]:
                edge = np.flatnonzero(end == grade)
                model.add(
                    [(number[windows[0][edge]], window[edge], 1), (number[given.seat_offer[seats]], x[seats], -1)], -NO_LIMIT, 0, len(here)
                )


def _region_mix(model: _Model) -> None:
    """Each region of a group beyond its first counts (`region_mix`)."""
    arrays, given = model.arrays, model.offers
    each = arrays.round.policy.points.region_mix
    if not each:
        return
    pairs = given.seat_offer * len(arrays.regions) + arrays.region[arrays.asker[given.seat_request]]
    found, number, sizes = np.unique(pairs, return_inverse=True, return_counts=True)
    offer = found // len(arrays.regions)
    has_region = model.new(np.full(len(found), each))
    model.points[1] -= each
    here = np.arange(len(found))
    model.add([(number, model.x, 1), (here, has_region, -np.minimum(given.most[offer], sizes))], -NO_LIMIT, 0, len(found))
    if each > 0:
        model.add([(here, has_region, 1), (number, model.x, -1)], -NO_LIMIT, 0, len(found))


def _two_mentees(model: _Model) -> None:
    """Some two mentees never share a group, others count for each group they share (rule 12, peers.csv)."""
    arrays, given = model.arrays, model.offers
    number = {mentee.key: place for place, mentee in enumerate(arrays.round.mentees)}
    seat_mentee = arrays.asker[given.seat_request]
    order = np.argsort(seat_mentee, kind="stable")
    first = np.searchsorted(seat_mentee[order], np.arange(len(number) + 1))
    for two in sorted(arrays.said.apart | arrays.said.peers.keys()):
        a, b = (order[first[number[key]] : first[number[key] + 1]] for key in two)
        offer, at_a, at_b = np.intersect1d(given.seat_offer[a], given.seat_offer[b], return_indices=True)
        here, one, other = np.arange(len(offer)), model.x[a[at_a]], model.x[b[at_b]]
        if two in arrays.said.apart:
            model.add([(here, one, 1), (here, other, 1), (here, model.y[offer], -1)], -NO_LIMIT, 0, len(here))
        elif each := arrays.said.peers[two]:
            both = model.new(np.full(len(here), each))
            model.add([(here, both, 1), (here, one, -1)], -NO_LIMIT, 0, len(here))
            model.add([(here, both, 1), (here, other, -1)], -NO_LIMIT, 0, len(here))
            model.add([(here, one, 1), (here, other, 1), (here, both, -1)], -NO_LIMIT, 1, len(here))


def _first_group(model: _Model) -> None:
    """A mentor with at least one group counts once (`first_group`)."""
    round, offer_mentor = model.arrays.round, model.offers.mentor
    each = round.policy.points.first_group
    limit = np.array([most_groups(mentor, round.policy) for mentor in round.mentors])
    model.points[1][limit[offer_mentor] == 1] += each
    several = np.flatnonzero(limit > 1)
    number, chosen = _compressed(several, offer_mentor, len(limit))
    used = model.new(np.full(len(several), each))
    here = np.arange(len(several))
    if each > 0:
        model.add([(here, used, 1), (number, model.y[chosen], -1)], -NO_LIMIT, 0, len(here))
    else:
        model.add([(number, model.y[chosen], 1), (here, used, -limit[several])], -NO_LIMIT, 0, len(here))


def _first_seat(model: _Model) -> None:
    """A mentee with at least one group counts once (`first_seat`)."""
    arrays = model.arrays
    each = arrays.round.policy.points.first_seat
    seat_mentee = arrays.asker[model.offers.seat_request]
    several = np.array([min(len(mentee.requests), mentee_max_groups(mentee)) > 1 for mentee in arrays.round.mentees])
    model.points[0][~several[seat_mentee]] += each
    number, chosen = _compressed(np.flatnonzero(several), seat_mentee, len(several))
    seated = model.new(np.full(int(several.sum()), each))
    here = np.arange(len(seated))
    if each > 0:
        model.add([(here, seated, 1), (number, model.x[chosen], -1)], -NO_LIMIT, 0, len(here))
    else:
        most = np.array([len(mentee.requests) for mentee in arrays.round.mentees])[several]
        model.add([(number, model.x[chosen], 1), (here, seated, -most)], -NO_LIMIT, 0, len(here))


def _compressed(kept: Ints, owner: Ints, owners: int) -> tuple[Ints, Ints]:
    """Which entries of `owner` are among the kept ones, as (their owner's place in `kept`, the entries)."""
    place = np.full(owners, -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    entries = np.flatnonzero(place[owner] >= 0)
    return place[owner[entries]], entries
