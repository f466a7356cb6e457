"""Rounds with every group listed, and what follows for groups from the rules alone."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from matching.board import MILLI, Board, Ints, Table
from matching.candidates import groups_within
from matching.case import Case
from matching.check_rules import violations
from matching.cuts import Item, Triple
from matching.eligible import table_of
from matching.listing import Listing, listing_of
from matching.price import Pricer, Prices
from matching.program import Row, meets_of, starts_of
from matching.result import Group
from matching.round import PairRule, Round
from tests.matching.brute import Best, TooLarge, brute_force
from tests.rounds.random_rounds import earlier_groups, tiny_round

ANY_LOSS = 1 << 55
MOST_LISTED = 50_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A round, its groups as the solver lists them, and the same groups by their names."""

    round: Round
    table: Table
    listing: Listing
    names: tuple[Group, ...]

    def may_be_held(self, which: Iterable[int]) -> bool:
        """Whether these groups keep all rules together, `require` aside."""
        without = replace(self.round, pairs=tuple(row for row in self.round.pairs if row.rule is not PairRule.REQUIRE))
        groups = [replace(self.names[g], key=f"g{g}") for g in which]
        return not any(violations(Case.of(without, groups)))

    def numbers_of(self, groups: Iterable[Group]) -> list[int]:
        """Where these groups are in the list."""
        number = {replace(name, key=""): n for n, name in enumerate(self.names)}
        return [number[replace(group, key="")] for group in groups]


def listed(round: Round, earlier: Sequence[Group] = ()) -> Listed:
    """All groups of a round."""
    table = table_of(round, earlier)
    board, pricer = table.board, Pricer(table.board, 0)
    quote = pricer.quote()
    groups = groups_within(board, np.arange(len(board.cap)), quote.weeks, ANY_LOSS, pricer.view, pricer.scratch, MOST_LISTED)
    assert groups is not None
    names = tuple(
        replace(one, key="")
        for m, o, n, members in zip(groups.mentor, groups.offer, groups.size, groups.members, strict=True)
        for one in table.groups([(int(m), int(board.offer_slot[o]), members[:n].tolist())])
    )
    return Listed(round, table, listing_of(board, groups), names)


def tiny(seed: int, requires: int | None = 0) -> Listed:
    """A tiny round with every rule and every kind of point in play."""
    rng = random.Random(seed)
    round = tiny_round(rng, requires=requires)
    return listed(round, earlier_groups(rng, round) if rng.random() < 0.5 else ())


def tiny_and_best(seed: int) -> tuple[Listed, Best] | None:
    """A tiny round and a best result of it; none where brute force takes too long."""
    rng = random.Random(seed)
    round = tiny_round(rng, requires=0)
    earlier = earlier_groups(rng, round) if rng.random() < 0.5 else ()
    try:
        best = brute_force(round, earlier)
    except TooLarge:
        return None
    assert best is not None
    return listed(round, earlier), best


def random_prices(board: Board, rng: np.random.Generator, most: int = 1500 * MILLI) -> Prices:
    """Any prices that there may be, some of them nothing."""

    def drawn(which: Ints) -> Ints:
        return np.where(rng.random(len(which)) < 0.7, rng.integers(0, most, len(which)), 0) * which

    requests = np.diff(board.mentee_ptr)
    return Prices(
        drawn(np.ones(len(board.mentee), np.int64)),
        drawn((board.mentee_cap < requests).astype(np.int64)),
        np.where(requests > 1, rng.integers(0, max(0, board.first_seat) + 1, len(requests)), 0),
        drawn(np.ones(len(board.cell_mentee), np.int64)),
    )


def single_items(board: Board) -> list[Item]:
    """Everything that can be had once."""
    requests = np.diff(board.mentee_ptr)
    once = np.flatnonzero((board.mentee_cap == 1) & (requests > 1))
    mentor = np.repeat(np.arange(len(board.cap)), np.diff(board.offer_ptr))
    meets, _ = meets_of(board, board.slot_pattern[board.offer_slot], mentor)
    owners = {
        Row.REQUEST: np.arange(len(board.mentee)),
        Row.LIMIT: once,
        Row.TIME: np.arange(len(board.cell_mentee)),
        Row.MENTOR: np.flatnonzero(board.cap == 1),
        Row.MEET: np.unique(meets[np.isin(meets // starts_of(board), np.flatnonzero(board.cap > 1))]),
    }
    return [(int(kind), int(owner)) for kind, those in owners.items() for owner in those]


def random_triples(board: Board, rng: random.Random, count: int) -> list[Triple]:
    """Some triples of them, kinds mixed as evenly as there are any."""
    by_kind: dict[int, list[Item]] = {}
    for item in single_items(board):
        by_kind.setdefault(item[0], []).append(item)
    found = []
    for _ in range(count if by_kind else 0):
        drawn = {rng.choice(by_kind[rng.choice(list(by_kind))]) for _ in range(3)}
        if len(drawn) == 3:
            a, b, c = sorted(drawn)
            found.append((a, b, c))
    return found


def unlimited() -> float:
    """The seconds left where there is no limit."""
    return float("inf")
