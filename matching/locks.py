"""What pairs.csv requires: groups that hold all of it, or a smallest set of rows that cannot all hold (ROUND.md rule 11, Exits)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from matching.arrange import Arrangement, Arranger, Ended, Outcome, Row
from matching.check import check
from matching.result import Group
from matching.round import Pair, PairRule, PeerRule, Peers, Round

WORK = 60.0
"""CP-SAT's deterministic seconds for one arrangement; most take thousandths."""

LITTLE = 0.02
"""A share of the work, for a first look at everything: a plain conflict is seen although something else is hard to arrange."""

MOST = 20
"""All arrangements together may take so many times the work of one."""


@dataclass(eq=False)
class Infeasible(Exception):
    """The rows cannot all hold; where they are `smallest`, none of them can be left out: without it the others can.

    `rows` are in the order of the files, those of pairs.csv first.
    """

    rows: tuple[Row, ...]
    smallest: bool = True

    def __str__(self) -> str:
        return f"{len(self.rows)} rows cannot all hold: " + "; ".join(told(row) for row in self.rows)


@dataclass(eq=False)
class Undecided(Exception):
    """Whether all that is required can hold was not settled: there was too little time, or too little work was allowed."""

    required: int
    in_time: bool = False

    def __str__(self) -> str:
        how = "in time" if self.in_time else "within the work allowed"
        return f"no result: it was not settled {how} whether the {self.required} rows of require in pairs.csv can all hold"


def told(row: Row) -> str:
    """A row as a person finds it in its file: `pairs.csv:12: m-0017, s-0102, math: require`."""
    place = f":{row.line}" if row.line else ""
    match row:
        case Pair():
            return f"pairs.csv{place}: {row.mentor}, {row.mentee}, {row.subject or 'any subject'}: {row.rule}"
        case Peers():
            return f"peers.csv{place}: {row.mentee}, {row.other}: {row.rule}"


def require_feasible(round: Round, *, work: float = WORK, left: Callable[[], float] = lambda: math.inf) -> tuple[Group, ...]:
    """Groups that hold every `require`, and nobody they do not need; none where nothing is required.

    The same round gives the same groups. `work` bounds each solving in CP-SAT's deterministic seconds, and a multiple of it bounds
    all of them; `left` gives the seconds until all must end, 0 as soon as somebody has asked to stop.

    Raises
    ------
    Infeasible
        They cannot all hold; names rows that conflict, which are not the smallest where there was no time or work to see that.
    Undecided
        The time or the work allowed did not suffice to tell.
    """
    required = list(dict.fromkeys(row for row in round.pairs if row.rule is PairRule.REQUIRE))
    if not required:
        return ()
    search = _Search(round, required, Arranger(round, left), work)
    try:
        groups = search.groups()
    except Ended:
        if search.known:
            raise Infeasible(_in_order(search.known), smallest=False) from None
        raise Undecided(len(required), in_time=left() <= 0) from None
    faults = check(round, groups).faults
    if faults:
        raise RuntimeError(f"an arrangement of what is required breaks a rule: {faults[0]}")
    return groups


def _in_order(rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: (isinstance(row, Peers), row.line)))


class _Search:
    """Looks for groups that hold all rows, or for rows that cannot all hold."""

    def __init__(self, round: Round, required: Sequence[Pair], arranger: Arranger, work: float) -> None:
        self.round, self.required, self.arranger, self.work = round, required, arranger, work
        forbids = [row for row in round.pairs if row.rule is PairRule.FORBID]
        self.bars: list[Row] = list(dict.fromkeys([*forbids, *(row for row in round.peers if row.rule is PeerRule.APART)]))
        self.known: Sequence[Row] = ()
        """The fewest rows of which it is known so far that they cannot all hold; none where nothing of the kind is known."""
        self.unsettled = False
        """Whether it was asked in vain if some rows can hold together."""

    def groups(self) -> tuple[Group, ...]:
        """Groups that hold all rows."""
        rows = [*self.required, *self.bars]
        found = self.arrange(rows, LITTLE * self.work, everything=False)
        if found.outcome is not Outcome.HELD:
            self.refuse_conflicts(LITTLE * self.work)
            found = self.arrange(rows, self.work, everything=False)
        if found.outcome is not Outcome.HELD:
            self.refuse_conflicts(self.work)
        if found.cut:
            found = self.arrange(rows, self.work)
        match found.outcome:
            case Outcome.IMPOSSIBLE:
                raise self.shrunk(rows)
            case Outcome.UNKNOWN:
                raise Undecided(len(self.required))
            case Outcome.HELD:
                return found.groups

    def arrange(self, rows: Sequence[Row], work: float, *, everything: bool = True) -> Arrangement:
        """What comes of arranging these rows; where they cannot all hold, that is kept in mind."""
        if self.arranger.spent > MOST * self.work:
            raise Ended
        found = self.arranger.arrange(rows, work, everything=everything)
        if found.outcome is Outcome.IMPOSSIBLE and not 0 < len(self.known) <= len(rows):
            self.known = rows
        return found

    def impossible(self, rows: Sequence[Row]) -> bool:
        """Whether these rows were proven not to hold together."""
        outcome = self.arrange(rows, self.work).outcome
        self.unsettled = self.unsettled or outcome is Outcome.UNKNOWN
        return outcome is Outcome.IMPOSSIBLE

    def refuse_conflicts(self, work: float) -> None:
        """Looks for rows in conflict among those that share mentors or mentees, and raises `Infeasible` where there are any."""
        for required, bars in self._components():
            rows = [*required, *bars]
            found = self.arrange(rows, work, everything=False)
            if found.cut:
                found = self.arrange(rows, work)
            if found.outcome is Outcome.IMPOSSIBLE:
                raise self.shrunk(self._one_or_two(required, bars) or rows)

    def _one_or_two(self, required: Sequence[Pair], bars: Sequence[Row]) -> Sequence[Row]:
        """A row that cannot hold alone, or two mentors required for one mentee, or `require` and `forbid` of one pair."""
        alone: list[Sequence[Row]] = [(row,) for row in required]
        of_mentee: dict[str, list[Pair]] = defaultdict(list)
        forbids: dict[tuple[str, str], list[Pair]] = defaultdict(list)
        for row in required:
            of_mentee[row.mentee].append(row)
        for bar in bars:
            if isinstance(bar, Pair):
                forbids[bar.mentor, bar.mentee].append(bar)
        two: list[Sequence[Row]] = [(a, b) for rows in of_mentee.values() for a, b in combinations(rows, 2) if a.mentor != b.mentor]
        two += [(row, bar) for row in required for bar in forbids[row.mentor, row.mentee]]
        return next((rows for rows in (*alone, *two) if self.impossible(rows)), ())

    def _components(self) -> Iterator[tuple[list[Pair], list[Row]]]:
        """The required rows that hang together by mentors or mentees, each time with the bars that could touch their groups."""
        of_mentor, of_mentee = defaultdict[str, list[Pair]](list), defaultdict[str, list[Pair]](list)
        for row in self.required:
            of_mentor[row.mentor].append(row)
            of_mentee[row.mentee].append(row)
        order = {row: n for n, row in enumerate(self.required)}
        seen: set[Pair] = set()
        for first in self.required:
            reached, waiting = set[Pair](), [first]
            while waiting:
                row = waiting.pop()
                if row not in seen:
                    seen.add(row)
                    reached.add(row)
                    waiting += of_mentor.pop(row.mentor, ())
                    waiting += of_mentee.pop(row.mentee, ())
            if reached:
                rows = sorted(reached, key=order.__getitem__)
                yield rows, self._touching({row.mentor for row in rows}, {row.mentee for row in rows})

    def _touching(self, mentors: set[str], mentees: set[str]) -> list[Row]:
        """Bars of these mentors; where groups need nobody else, only those among these mentees."""
        alone = self.round.policy.group.min_size == 1
        found: list[Row] = []
        for bar in self.bars:
            match bar:
                case Pair():
                    if bar.mentor in mentors and (not alone or bar.mentee in mentees):
                        found.append(bar)
                case Peers():
                    if not alone or {bar.mentee, bar.other} <= mentees:
                        found.append(bar)
        return found

    def shrunk(self, rows: Sequence[Row]) -> Infeasible:
        """Rows of these, which cannot all hold, that still cannot and of which none can be left out.

        Half of them at a time is left out (QuickXplain). What is not settled within the work allowed stays, and is then tried
        alone, when there are fewer others.
        """
        self.unsettled = False
        kept = self._needed([], [], list(rows))
        if self.unsettled:
            self.known, self.unsettled = kept, False
            for row in list(kept):
                fewer = [other for other in kept if other is not row]
                if self.impossible(fewer):
                    kept = fewer
        return Infeasible(_in_order(kept), smallest=not self.unsettled)

    def _needed(self, given: list[Row], added: list[Row], rows: list[Row]) -> list[Row]:
        """The fewest of `rows` that conflict with `given`, of which `added` came last."""
        if added and self.impossible(given):
            return []
        if len(rows) == 1:
            return rows
        first, second = rows[: len(rows) // 2], rows[len(rows) // 2 :]
        from_second = self._needed([*given, *first], first, second)
        from_first = self._needed([*given, *from_second], from_second, first)
        return [*from_first, *from_second]
