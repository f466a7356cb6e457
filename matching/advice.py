"""The additions that would help most, each with its gain, confirmed by solving again with it (advice.csv).

Additions are ranked by what they are worth at most, at the prices, and the first of each kind are tried: all a little, then the best of
them with much work and the others with some, as long as there is work to spend. A gain is what the score rises by at least: the trial
starts from the result and solves again near the addition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, repeat, zip_longest

import numpy as np

from matching.board import MILLI, Ints, Table
from matching.demand import new_names, wanted_mentors
from matching.imagine import Addition, NewMentor, OneMoreGroup, SmallerGroups, more_hours, one_more_group
from matching.plan import Plan
from matching.result import Advice
from matching.round import Mentee, Round
from matching.rules import most_groups, teaches
from matching.sentences import Sentence
from matching.stage import LARGEST, NEAR, SMALL, Opened, Solved, Stage
from matching.week import DAY_MINUTES

TWENTY = 20
"""So many new mentors are advised at most."""

OTHERS = 5
"""So many advices at most of each kind that needs no new mentor."""

TRIED = 4
"""Of each kind so many times as many are tried as advised."""

ALIKE = 5
"""So many mentors for one subject, school and region come before the others."""

WORTHWHILE = 0.1
"""Such a part of a request's worth is worth advising where nobody more is placed."""

LOOKED_INTO, FEW = 2, 2
"""So many new mentors, and so many of each other kind, are tried with much work; then the others with some, until it is spent."""

RANKED = 300
"""So many mentors who have all the groups they may have, and so many mentees who wait, are looked at."""

Wish = NewMentor | OneMoreGroup | Opened | SmallerGroups
"""What can be tried."""

Trial = tuple[Addition, int, int]
"""An addition, the points that it gains, and how many more requests are placed."""


def advice(solved: Solved, left: Callable[[], float]) -> tuple[Advice, ...]:
    """The best additions, best first; of what is tried while there are seconds `left`."""
    tried = {one: (one, gain, placed) for one, gain, placed in sorted(_trials(solved, left), key=lambda trial: trial[1])}
    least = WORTHWHILE * solved.round.policy.points.placed
    found = [(one, gain, placed) for one, gain, placed in tried.values() if gain > 0 and (placed > 0 or gain >= least)]
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


def _trials(solved: Solved, left: Callable[[], float]) -> Iterator[Trial]:
    """Tries what is worth most at the prices."""
    round, table, plan = solved.round, solved.table, solved.plan
    waiting = _wanted(solved, waiting=True)
    if not waiting or left() <= 0:
        return
    mentors = wanted_mentors(round, waiting, _wanted(solved, waiting=False))
    more = _full_mentors(round, table, plan) + _idle_mentors(round, waiting)
    hours = [hour for mentee in dict.fromkeys(mentee for mentee, _, _ in waiting[:RANKED]) for hour in more_hours(mentee)]
    if left() <= 0:
        return
    stage = Stage(solved, mentors, more, hours, left)
    at_prices: list[NewMentor | OneMoreGroup] = [*mentors, *more]
    worth = dict(zip(at_prices, stage.worth_of(at_prices), strict=True))
    some_mentors = _unlike(sorted((one for one in mentors if worth[one] > 0), key=lambda one: -worth[one]))[: TWENTY * TRIED]
    some_more = sorted((one for one in more if worth[one] > 0), key=lambda one: -worth[one])[: OTHERS * TRIED]
    opened = [] if left() <= 0 else _one_each(stage.ways(hours))
    some_hours = sorted(opened, key=lambda one: -one.gain)[: OTHERS * TRIED]
    smaller = [SmallerGroups(min_size=round.policy.group.min_size - 1)] if round.policy.group.min_size > 1 else []

    yield from _looked_into(stage, worth, (some_mentors, some_more, some_hours), smaller, left)


def _looked_into(
    stage: Stage,
    worth: Mapping[NewMentor | OneMoreGroup, int],
    kinds: tuple[Sequence[Wish], Sequence[Wish], Sequence[Wish]],
    smaller: Sequence[Wish],
    left: Callable[[], float],
) -> Iterator[Trial]:
    """Tries each a little, then those of most hope with much work, and the others with some; `kinds` are mentors, groups and hours."""
    gains: dict[Addition, int] = {}
    for one in chain(*kinds, smaller):
        if left() <= 0:
            return
        trial = _tried(stage, worth, one, NEAR)
        gains[trial[0]] = trial[1]
        yield trial

    def hoped(one: Wish) -> int:
        match one:
            case Opened():
                return -one.gain - gains[one.hour] * MILLI
            case SmallerGroups():
                return -gains[one] * MILLI
        return -worth[one] - gains[one] * MILLI

    mentors, more, hours = (sorted(some, key=hoped) for some in kinds)
    much = _in_turn(mentors[:LOOKED_INTO], more[:FEW], hours[:FEW])
    little = _in_turn(mentors[LOOKED_INTO:], more[FEW:], hours[FEW:])
    for one, sizes in chain(zip(smaller, repeat(LARGEST)), zip(much, repeat(stage.large)), zip(little, repeat(SMALL))):
        if left() <= 0 or stage.is_spent():
            return
        yield _tried(stage, worth, one, sizes)


def _tried(stage: Stage, worth: Mapping[NewMentor | OneMoreGroup, int], one: Wish, sizes: Sequence[int]) -> Trial:
    match one:
        case Opened():
            stage.try_hour(one, sizes)
            return one.hour, stage.gain, stage.placed
        case SmallerGroups():
            stage.try_size(one.min_size, sizes)
        case _:
            stage.try_mentor(one, worth[one], sizes)
    return one, stage.gain, stage.placed


def _in_turn(*kinds: Sequence[Wish]) -> Iterator[Wish]:
    """One of each kind, the next of each, and so on."""
    return (one for some in zip_longest(*kinds) for one in some if one)


def _wanted(solved: Solved, *, waiting: bool) -> list[tuple[Mentee, str, int]]:
    """The requests that wait and whose mentee may have one more group, or those that are placed; with what they are worth to
    another mentor in points, most first."""
    board, plan, prices, found = solved.table.board, solved.plan, solved.prices, []
    for mentee in solved.round.mentees:
        for request in mentee.requests:
            r = solved.table.request_of[mentee.key, request.subject]
            i = board.mentee[r]
            if waiting and plan.at[r] < 0 and plan.attends[i] < board.mentee_cap[i]:
                worth = board.base[r] + (board.first_seat if len(mentee.requests) > 1 and not plan.attends[i] else 0)
            elif not waiting and plan.at[r] >= 0 and board.locked[r] < 0:
                worth = board.base[r] - prices.request[r] - prices.limit[i]
            else:
                continue
            found.append((mentee, request.subject, int(worth) // MILLI))
    return sorted((one for one in found if one[2] > 0), key=lambda one: -one[2])


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


def _idle_mentors(round: Round, waiting: Sequence[tuple[Mentee, str, int]]) -> list[OneMoreGroup]:
    """Mentors who may have no group and with one more could have one, those first at whose subjects and grades most requests wait."""
    wanted = Counter((subject, mentee.grade) for mentee, subject, _ in waiting)
    found = []
    for mentor in round.mentors:
        if not most_groups(mentor, round.policy):
            one = one_more_group(mentor, round.policy, 0)
            waits = sum(number for (subject, grade), number in wanted.items() if teaches(mentor, subject, grade))
            if waits and most_groups(one.mentor, round.policy):
                found.append((waits, one))
    return [one for _, one in sorted(found, key=lambda each: -each[0])[:RANKED]]


def _unlike(mentors: Sequence[NewMentor]) -> list[NewMentor]:
    """Of those for one subject, school and region on the same days only the best; first a few of each, then the others."""
    first: list[NewMentor] = []
    others: list[NewMentor] = []
    seen, alike = set[object](), Counter[object]()
    for one in mentors:
        kind = (one.mentor.teaches, one.mentor.regions)
        days = (kind, *(stretch.start // DAY_MINUTES for stretch in one.mentor.availability))
        if days not in seen:
            seen.add(days)
            alike[kind] += 1
            (first if alike[kind] <= ALIKE else others).append(one)
    return first + others


def _one_each(opened: Iterable[Opened]) -> list[Opened]:
    """The best hour of each mentee."""
    best: dict[str, Opened] = {}
    for one in opened:
        if one.hour.key not in best or one.gain > best[one.hour.key].gain:
            best[one.hour.key] = one
    return list(best.values())
