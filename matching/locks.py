"""What pairs.csv requires: groups that hold all of it, or a smallest set of rows that cannot all hold (ROUND.md rule 11, Exits)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from matching.arrange import Arranger, Outcome, Row
from matching.check import check
from matching.result import Group
from matching.round import Pair, PairRule, PeerRule, Peers, Round

WORK = 60.0
"""CP-SAT's deterministic seconds for one arrangement; most take thousandths."""


@dataclass(eq=False)
class Infeasible(Exception):
    """The rows cannot all hold, and none of them can be left out: without it the others can.

    `rows` are in the order of the files, those of pairs.csv first.
    """

    rows: tuple[Row, ...]

    def __str__(self) -> str:
        return f"{len(self.rows)} rows cannot all hold: " + "; ".join(told(row) for row in self.rows)


@dataclass(eq=False)
class Undecided(Exception):
    """Whether all that is required can hold was not settled within the work allowed."""

    required: int

    def __str__(self) -> str:
        return f"it was not settled whether the {self.required} rows of require in pairs.csv can all hold"


def told(row: Row) -> str:
    """A row as a person finds it in its file: `pairs.csv:12: m-0017, s-0102, math: require`."""
    place = f":{row.line}" if row.line else ""
    match row:
        case Pair():
            return f"pairs.csv{place}: {row.mentor}, {row.mentee}, {row.subject or 'any subject'}: {row.rule}"
        case Peers():
            return f"peers.csv{place}: {row.mentee}, {row.other}: {row.rule}"


def require_feasible(round: Round, *, work: float = WORK) -> tuple[Group, ...]:
    """Groups that hold every `require`, and nobody they do not need; none where nothing is required.

    The same round gives the same groups. `work` bounds each solving, in CP-SAT's deterministic seconds.

    Raises
    ------
    Infeasible
        They cannot all hold; names rows that conflict.
    Undecided
        The work allowed did not suffice to tell.
    """
    required = list(dict.fromkeys(row for row in round.pairs if row.rule is PairRule.REQUIRE))
    if not required:
        return ()
    search = _Search(round, required, Arranger(round, work))
    rows = [*required, *search.bars]
    found = search.arranger.arrange(rows, everything=False)
    if found.outcome is not Outcome.HELD:
        conflict = search.conflict()
        if conflict:
            raise Infeasible(conflict)
        found = search.arranger.arrange(rows)
    match found.outcome:
        case Outcome.IMPOSSIBLE:
            raise Infeasible(search.shrink(rows))
        case Outcome.UNKNOWN:
            raise Undecided(len(required))
        case Outcome.HELD:
            faults = check(round, found.groups).faults
            if faults:
                raise RuntimeError(f"an arrangement of what is required breaks a rule: {faults[0]}")
            return found.groups


class _Search:
    """Looks for rows that cannot all hold."""

    def __init__(self, round: Round, required: Sequence[Pair], arranger: Arranger) -> None:
        self.round, self.required, self.arranger = round, required, arranger
        forbids = [row for row in round.pairs if row.rule is PairRule.FORBID]
        self.bars: list[Row] = list(dict.fromkeys([*forbids, *(row for row in round.peers if row.rule is PeerRule.APART)]))

    def impossible(self, rows: Sequence[Row]) -> bool:
        """Whether these rows were proven not to hold together."""
        return self.arranger.arrange(rows).outcome is Outcome.IMPOSSIBLE

    def conflict(self) -> tuple[Row, ...]:
        """Rows in conflict among those that share mentors or mentees; empty where none of these are at odds with each other."""
        for required, bars in self._components():
            rows = [*required, *bars]
            if self.arranger.arrange(rows, everything=False).outcome is not Outcome.HELD and self.impossible(rows):
                return self._one_or_two(required, bars) or self.shrink(rows)
        return ()

    def _one_or_two(self, required: Sequence[Pair], bars: Sequence[Row]) -> tuple[Row, ...]:
        """A row that cannot hold alone, or two mentors required for one mentee, or `require` and `forbid` of one pair."""
        forbids = [bar for bar in bars if isinstance(bar, Pair)]
        alone: list[tuple[Row, ...]] = [(row,) for row in required]
        two: list[tuple[Row, ...]] = [(a, b) for a, b in combinations(required, 2) if a.mentee == b.mentee and a.mentor != b.mentor]
        two += [(row, bar) for row in required for bar in forbids if (row.mentor, row.mentee) == (bar.mentor, bar.mentee)]
        return next((rows for rows in (*alone, *two) if self.impossible(rows)), ())

    def _components(self) -> Iterator[tuple[list[Pair], list[Row]]]:
        """The required rows that hang together by mentors or mentees, each time with the bars that could touch their groups."""
        found: list[tuple[set[str], set[str], list[Pair]]] = []
        for row in self.required:
            mentors, mentees, rows = {row.mentor}, {row.mentee}, [row]
            others = []
            for one in found:
                if row.mentor in one[0] or row.mentee in one[1]:
                    mentors |= one[0]
                    mentees |= one[1]
                    rows = [*one[2], *rows]
                else:
                    others.append(one)
            found = [*others, (mentors, mentees, rows)]
        for mentors, mentees, rows in found:
            yield rows, self._touching(mentors, mentees)

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

    def shrink(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        """Rows of these, which cannot all hold, that still cannot and of which none can be left out.

        Half of them at a time is left out first (QuickXplain), then each of the rest alone. What is not settled within the
        work allowed stays.
        """
        kept = self._needed([], [], list(rows))
        for row in list(kept):
            fewer = [other for other in kept if other is not row]
            if self.impossible(fewer):
                kept = fewer
        return tuple(sorted(kept, key=lambda row: (isinstance(row, Peers), row.line)))

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
