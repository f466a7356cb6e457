"""The additions that would help most, each with its gain, confirmed by solving again with it (advice.csv).

Additions are ranked by what they are worth at most, at the prices, and the first of each kind are tried. A gain is what the score rises
by at least: the trial starts from the result and solves again only near the addition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np

from matching.board import MILLI, Ints, Table
from matching.demand import new_names, wanted_mentors
from matching.finish import finish
from matching.imagine import Addition, NewMentor, OneMoreGroup, SmallerGroups, more_hours, one_more_group
from matching.plan import Plan, copy_of
from matching.price import Prices
from matching.result import Advice, Group
from matching.round import Mentee, Round
from matching.sentences import Sentence
from matching.stage import Opened, Stage

TWENTY = 20
"""So many new mentors are advised at most."""

OTHERS = 5
"""So many advices at most of each kind that needs no new mentor."""

TRIED = 2
"""Of each kind so many times as many are tried as advised."""

ALIKE = 3
"""So many mentors at most for one subject, school and region, each on another day."""

RANKED = 300
"""So many mentors who have all the groups they may have, and so many mentees who wait, are looked at."""

Trial = tuple[Addition, int, int]
"""An addition, the points that it gains, and how many more requests are placed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A result as advice starts from it: `groups` are the plan's, and `prices` the last."""

    round: Round
    previous: Sequence[Group]
    table: Table
    plan: Plan
    groups: Sequence[Group]
    prices: Prices


def advice(solved: Solved, over: Callable[[], bool]) -> tuple[Advice, ...]:
    """The best additions, best first; as soon as it is `over`, what is confirmed by then."""
    found = [trial for trial in _trials(solved, over) if trial[1] > 0]
    best = sorted(found, key=lambda trial: (-trial[1], trial[0].file, trial[0].key, trial[0].change))
    kept, of_kind, names = [], Counter[type](), new_names(solved.round)
    for one, gain, placed in best:
        if of_kind[type(one)] < (TWENTY if isinstance(one, NewMentor) else OTHERS):
            of_kind[type(one)] += 1
            named = replace(one, mentor=replace(one.mentor, key=next(names))) if isinstance(one, NewMentor) else one
            kept.append(_told(named, gain, placed))
    return tuple(kept)


def _told(one: Addition, gain: int, placed: int) -> Advice:
    if placed == 1:
        more = Sentence("1 more request placed")
    elif placed > 1:
        more = Sentence("%(count)s more requests placed", count=placed)
    else:
        more = Sentence("%(points)s points more", points=gain)
    sentence = Sentence("%(addition)s: %(more)s", addition=one.sentence, more=more)
    return Advice(sentence=sentence, file=one.file, key=one.key, change=one.change, gain=gain, placed=placed)


def _trials(solved: Solved, over: Callable[[], bool]) -> Iterator[Trial]:
    round = solved.round
    waiting = _waiting(round, solved.table, solved.plan)
    if not waiting or over():
        return
    if round.policy.group.min_size > 1:
        yield _smaller(round, solved.table, solved.plan)
    mentors = wanted_mentors(round, waiting)
    more = _full_mentors(round, solved.table, solved.plan)
    hours = [hour for mentee in dict.fromkeys(mentee for mentee, _, _ in waiting[:RANKED]) for hour in more_hours(mentee)]
    if over():
        return
    stage = Stage(round, solved.previous, solved.groups, mentors, hours)
    at_prices: list[NewMentor | OneMoreGroup] = [*mentors, *more]
    worth = dict(zip(at_prices, stage.worth_of(solved.prices, at_prices), strict=True))
    some_mentors = _unlike(sorted(mentors, key=lambda one: -worth[one]))[: TWENTY * TRIED]
    some_more = sorted(more, key=lambda one: -worth[one])[: OTHERS * TRIED]
    opened = [] if over() else _one_each(stage.ways(hours))
    some_hours = sorted(opened, key=lambda one: -one.gain)[: OTHERS * TRIED]
    for mentor, group, hour in zip_longest(some_mentors, some_more, some_hours):
        for one in (mentor, group):
            if one and not over():
                stage.try_mentor(one)
                yield one, stage.gain, stage.placed
        if hour and not over():
            stage.try_hour(hour)
            yield hour.hour, stage.gain, stage.placed


def _waiting(round: Round, table: Table, plan: Plan) -> list[tuple[Mentee, str, int]]:
    """The requests that wait and whose mentee may have one more group, with what they are worth in points; most first."""
    board, found = table.board, []
    for mentee in round.mentees:
        for request in mentee.requests:
            r = table.request_of[mentee.key, request.subject]
            i = board.mentee[r]
            if plan.at[r] < 0 and plan.attends[i] < board.mentee_cap[i]:
                seat = board.first_seat if len(mentee.requests) > 1 and not plan.attends[i] else 0
                found.append((mentee, request.subject, int(board.base[r] + seat) // MILLI))
    return sorted(found, key=lambda one: -one[2])


def _full_mentors(round: Round, table: Table, plan: Plan) -> list[OneMoreGroup]:
    """Mentors who have as many groups as they may, those for whom most requests wait."""
    board = table.board
    if not len(board.offer_slot):
        return []
    waits = np.bincount(board.entry_home[plan.at[board.entry_request] < 0], minlength=len(board.slot_subject))
    most = np.zeros(len(board.cap), np.int64)
    np.maximum.at(most, np.repeat(np.arange(len(board.cap)), np.diff(board.offer_ptr)), waits[board.offer_slot])
    most[plan.groups < board.cap] = 0
    order: Ints = np.argsort(-most, kind="stable")[:RANKED]
    return [one_more_group(table.mentors[m], round.policy, int(board.cap[m])) for m in order.tolist() if most[m]]


def _unlike(mentors: Sequence[NewMentor]) -> list[NewMentor]:
    """Of those for one subject, school and region only the first few, each on another day."""
    found, days = [], Counter[object]()
    for one in mentors:
        mentor = one.mentor
        kind = (mentor.teaches, mentor.regions)
        day = (*kind, mentor.availability[0].start // (24 * 60))
        if days[kind] < ALIKE and not days[day]:
            days[kind] += 1
            days[day] += 1
            found.append(one)
    return found


def _one_each(opened: Iterable[Opened]) -> list[Opened]:
    """The best hour of each mentee."""
    best: dict[str, Opened] = {}
    for one in opened:
        if one.hour.key not in best or one.gain > best[one.hour.key].gain:
            best[one.hour.key] = one
    return list(best.values())


def _smaller(round: Round, table: Table, plan: Plan) -> Trial:
    """Groups may be smaller by one: then there are new chances."""
    smaller = round.policy.group.min_size - 1
    after = copy_of(plan)
    finish(table.board._replace(min_size=smaller), after, rounds=1)
    gain, placed = int(after.total[0] - plan.total[0]) // MILLI, int((after.at >= 0).sum() - (plan.at >= 0).sum())
    return SmallerGroups(min_size=smaller), gain, placed
