"""Where additions are tried: a round with all of them at once, of which only what is tried at the moment counts.

The groups of the result are the start of every trial, and what is near the addition is solved again, first by single weeks and then by
picking whole neighbourhoods anew. So a gain is exact, and what the addition is worth at least.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from matching.around import Around
from matching.board import MILLI, NEVER, Board, Ints, Table
from matching.eligible import table_of
from matching.finish import finish
from matching.imagine import NewMentor, OneMoreGroup, OneMoreHour
from matching.named import plan_of
from matching.nearby import solve_near
from matching.plan import Plan, copy_of
from matching.polish import desk
from matching.price import Prices
from matching.result import Group
from matching.round import Round
from matching.scratch import scratch
from matching.ways import GAIN, KIND, OFFER, OTHER, SIBLING, best_way, go, go_all, no_way, standing_of
from matching.week import Stretch, merge, starts

WEEKS = 60
"""So many weeks of mentors are solved again for one addition at most."""

NEAR: tuple[int, ...] = ()
"""No neighbourhoods: single weeks near the addition only, which is quick."""

SMALL = (12,)
"""Mentors in the neighbourhoods of one that is looked into a little."""

LARGE = (16,)
"""The same for one that is looked into well: one large neighbourhood finds more than several smaller ones, in less time."""

LARGEST = (20,)
"""The same where groups may be smaller, which is tried once."""

WIDE, MANY = (14, 24, 20), 60
"""More of them where there are more than so many mentors: there, a neighbourhood is picked sooner."""

A_MENTOR, MENTORS = 60_000, 160
"""Work on programs (see `Meter`) for each mentor of the round, for so many at most: some seconds for thirty mentors."""

REACH = 4
"""A neighbourhood is within the loss of so many requests' worth, and what the addition is worth at the prices."""

SEEDS = 1, 8
"""Where groups may be smaller, so many neighbourhoods are looked at; the others where there are more than `MANY` mentors."""

KNOWN = 600
"""Among so many mentors neighbourhoods are picked anew, and it is worked out beforehand who could take members from whom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A result as advice starts from it: `groups` are the plan's, `prices` the last, and it is `proven` where nothing is better."""

    round: Round
    previous: Sequence[Group]
    table: Table
    plan: Plan
    groups: Sequence[Group]
    prices: Prices
    proven: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """An hour, and the way that it opens to a waiting request (see `matching.ways`)."""

    hour: OneMoreHour
    request: int
    way: Ints

    @property
    def gain(self) -> int:
        """What the way brings, in thousandths of a point."""
        return int(self.way[GAIN])


class Stage:
    """A board with additions that can be switched on one at a time; `gain` and `placed` are those of the last trial."""

    def __init__(
        self,
        solved: Solved,
        mentors: Sequence[NewMentor],
        more: Sequence[OneMoreGroup],
        hours: Sequence[OneMoreHour],
        left: Callable[[], float],
    ) -> None:
        """Of `more` only those with no group before need be told. `left` are the seconds that there are still; what a trial has
        found when there are none is what it is worth."""
        round, self.left, self.proven = solved.round, left, solved.proven
        longer: dict[str, list[OneMoreHour]] = {}
        for one in hours:
            longer.setdefault(one.key, []).append(one)
        mentees = tuple(
            replace(
                mentee, availability=merge(s for one in longer.get(mentee.key, ()) for s in one.mentee.availability) or mentee.availability
            )
            for mentee in round.mentees
        )
        idle = {one.key: one.mentor for one in more if not one.before}
        teachers = (*(idle.get(mentor.key, mentor) for mentor in round.mentors), *(one.mentor for one in mentors))
        table = table_of(replace(round, mentors=teachers, mentees=mentees), solved.previous)
        self.round, self.table, self.board = round, table, table.board
        self.number = {mentor.key: m for m, mentor in enumerate(table.mentors)}
        self.cap = self.board.cap.copy()
        self.cap[[self.number[key] for key in (*idle, *(one.key for one in mentors))]] = 0
        self.entry_worth = self.board.entry_worth.copy()
        for key in longer:
            self.entry_worth[self._entries(key)] = NEVER
            self._allow(self._entries(key, round.mentee_of[key].availability))
        self.start = plan_of(replace(table, board=self.board._replace(cap=self.board.cap + 1)), solved.groups)
        self.plan = copy_of(self.start)
        self.scratch = scratch(self.board._replace(cap=self.board.cap + 1))
        self.desk = desk(self.with_cap(self.cap), self.plan, 0)
        self.queue = (np.zeros(len(self.cap) + 1, np.int64), np.zeros(len(self.cap), np.int64))
        self.gain, self.placed = 0, 0
        self.unit = max(MILLI, int(np.median(self.board.base)))
        self.large = WIDE if len(round.mentors) > MANY else LARGE
        self.work = A_MENTOR * min(MENTORS, len(round.mentors))
        self.around = Around(self.board, solved.table.board, solved.prices, self.scratch, left)
        self.small = len(round.mentors) <= KNOWN
        if self.small:
            self.around.know(self.with_cap(self.cap), self.plan, 2 * self.unit)

    def is_spent(self) -> bool:
        """Whether as much is picked anew as a round of this size may take."""
        return self.around.meter.spent >= self.work

    def with_cap(self, cap: Ints) -> Board:
        """The board where mentors may have so many groups, and nobody has more time than they said."""
        return self.board._replace(cap=cap, entry_worth=self.entry_worth)

    def worth_of(self, additions: Sequence[NewMentor | OneMoreGroup]) -> list[int]:
        """What each of these is worth at the prices: a new mentor's best week, or what it gains by one more group."""
        mentors = [self.number[one.key] for one in additions]
        now = self.around.weeks(self.with_cap(self.cap), mentors)
        raised = self.cap.copy()
        for one in additions:
            raised[self.number[one.key]] = self._raised(one)[self.number[one.key]]
        then = self.around.weeks(self.with_cap(raised), mentors)
        return [int(then[m] - now[m]) for m in mentors]

    def try_mentor(self, one: NewMentor | OneMoreGroup, worth: int, sizes: Sequence[int]) -> None:
        """Solves again near a mentor who is new or has one more group, which is `worth` so much at the prices; with so many
        mentors at a time, in turn."""
        self._begin()
        board, m = self.with_cap(self._raised(one)), self.number[one.key]
        self._solve_near(board, [m])
        self._pick_around(board, [m], worth, sizes)
        self._compare()

    def ways(self, hours: Sequence[OneMoreHour]) -> Iterator[Opened]:
        """For each of these hours that opens a way that gains: the waiting request of the mentee that gains most, and how."""
        self._begin()
        board, standing, way = self.with_cap(self.cap), standing_of(self.board, self.plan), no_way()
        for one in hours:
            best: Opened | None = None
            with self._given(one):
                for r in self._waiting(one.key):
                    best_way(board, self.plan, self.desk, standing, r, way)
                    if way[KIND] and way[GAIN] > (best.gain if best else 0):
                        best = Opened(one, r, way.copy())
            if best:
                yield best

    def try_hour(self, opened: Opened, sizes: Sequence[int]) -> None:
        """Goes the way that the hour opens, and solves again near it."""
        self._begin()
        board, way = self.with_cap(self.cap), opened.way
        touched = [int(self.plan.mentor[self.plan.at[r]]) for r in way[[OTHER, SIBLING]].tolist() if r >= 0]
        touched.append(int(self.desk.offer_mentor[way[OFFER]]))
        with self._given(opened.hour):
            go(board, self.plan, self.desk, opened.request, way)
            self._solve_near(board, touched)
            self._pick_around(board, list(dict.fromkeys(touched)), opened.gain, sizes)
        self._compare()

    def try_size(self, smaller: int, sizes: Sequence[int]) -> None:
        """Solves again where groups may be smaller, around some mentors spread over all."""
        self._begin()
        board = self.with_cap(self.cap)._replace(min_size=smaller)
        finish(board, self.plan, rounds=1)
        used = np.flatnonzero(self.cap)
        seeds = SEEDS[len(used) > MANY]
        for m in used[:: max(1, len(used) // seeds)][:seeds].tolist():
            self._pick_around(board, [m], 0, sizes)
        self._compare()

    @contextmanager
    def _given(self, one: OneMoreHour) -> Iterator[None]:
        """Lets the mentee come in the hour, for a while."""
        new = self._entries(one.key, one.mentee.availability)
        new = new[self.entry_worth[new] == NEVER]
        self._allow(new)
        try:
            yield
        finally:
            self.entry_worth[new] = NEVER

    def _allow(self, entries: Ints) -> None:
        self.entry_worth[entries] = self.board.entry_worth[entries]

    def _entries(self, mentee: str, availability: tuple[Stretch, ...] | None = None) -> Ints:
        """The entries of the mentee's requests, all of them or those at meetings that lie in the availability."""
        board, first = self.board, self.table.request_of[mentee, self.round.mentee_of[mentee].requests[0].subject]
        last = first + len(self.round.mentee_of[mentee].requests)
        entries = board.entry_at[board.entry_ptr[first] : board.entry_ptr[last]]
        if availability is None:
            return entries
        rule = self.round.policy.group
        free = starts(availability, rule.session_minutes, rule.start_every_minutes)
        return entries[np.isin(board.pattern_starts[board.slot_pattern[board.entry_home[entries]]], free).all(axis=1)]

    def _raised(self, one: NewMentor | OneMoreGroup) -> Ints:
        cap = self.cap.copy()
        m = self.number[one.key]
        cap[m] = self.board.cap[m] if isinstance(one, NewMentor) else one.before + 1
        return cap

    def _begin(self) -> None:
        self._take_over(self.start)

    def _compare(self) -> None:
        """Counts what the trial gained, less what the same mentors gain by being solved again without the addition."""
        score, placed = int(self.plan.total[0]), int((self.plan.at >= 0).sum())
        now, then = self.plan, self.start
        changed = (now.offer != then.offer) | (now.size != then.size) | (now.members != then.members).any(axis=1)
        touched = np.unique(now.mentor[changed])
        touched = touched[self.cap[touched] > 0]
        self._begin()
        if not self.proven and len(touched):
            board = self.with_cap(self.cap)
            self._solve_near(board, touched.tolist())
            if self.small:
                self._pick(board, touched[: max(SMALL)], self.unit)
        self.gain = (score - int(self.plan.total[0])) // MILLI
        self.placed = placed - int((self.plan.at >= 0).sum())

    def _pick_around(self, board: Board, mentors: Sequence[int], worth: int, sizes: Sequence[int]) -> None:
        """Picks neighbourhoods of so many mentors around these anew, each as large as the next of the `sizes`; other ones every time."""
        random = np.random.default_rng(0)
        slack = max(0, worth) + REACH * self.unit
        for size in sizes:
            if self.left() <= 0 or not self.small or self.is_spent():
                return
            freed = self.around.reached(board, self.plan, mentors, slack, size, random)
            self._pick(board, freed, max(0, worth) + self.unit)
            if len(freed) < size:  # there are no others
                return

    def _pick(self, board: Board, mentors: Ints, slack: int) -> None:
        better = self.around.picked(board, self.plan, mentors, slack)
        if better is not None:
            self._take_over(better)

    def _take_over(self, plan: Plan) -> None:
        for mine, start in zip(self.plan, plan, strict=True):
            np.copyto(mine, start)

    def _solve_near(self, board: Board, mentors: Sequence[int]) -> None:
        left = WEEKS
        for m in mentors:
            left -= solve_near(board, self.plan, self.desk, self.scratch, m, left, *self.queue)
        waits = np.flatnonzero((self.start.at >= 0) & (self.plan.at < 0))
        if len(waits):
            go_all(board, self.plan, self.desk, standing_of(board, self.plan), waits, no_way(), np.zeros(len(waits), np.int64))

    def _waiting(self, mentee: str) -> list[int]:
        asked = self.round.mentee_of[mentee].requests
        return [r for request in asked if self.plan.at[r := self.table.request_of[mentee, request.subject]] < 0]
