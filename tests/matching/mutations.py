"""Ways to spoil a result, each of which may break a rule."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from matching.result import Group
from matching.round import Round
from matching.week import DAY_MINUTES

Groups = tuple[Group, ...]
Mutation = Callable[[random.Random, Round, Group], Group]


def _one_fewer(rng: random.Random, _round: Round, group: Group) -> Group:
    left = rng.sample(group.members, max(0, len(group.members) - 1))
    return replace(group, members=tuple(sorted(left)))


def _one_more(rng: random.Random, round: Round, group: Group) -> Group:
    return replace(group, members=tuple(sorted((*group.members, rng.choice(round.mentees).key))))


def _somebody_else(rng: random.Random, round: Round, group: Group) -> Group:
    kept = _one_fewer(rng, round, group)
    return _one_more(rng, round, kept)


def _a_stranger(_rng: random.Random, _round: Round, group: Group) -> Group:
    return replace(group, members=(*group.members, "nobody"))


def _another_mentor(rng: random.Random, round: Round, group: Group) -> Group:
    return replace(group, mentor=rng.choice([*(mentor.key for mentor in round.mentors), "nobody"]))


def _another_subject(rng: random.Random, _round: Round, group: Group) -> Group:
    return replace(group, subject=rng.choice(("math", "english", "korean", "science")))


def _another_time(rng: random.Random, round: Round, group: Group) -> Group:
    step = round.policy.group.start_every_minutes
    by = rng.choice((step, -step, 15, DAY_MINUTES, -DAY_MINUTES))
    return replace(group, meetings=tuple(start + by for start in group.meetings))


def _one_other_time(rng: random.Random, round: Round, group: Group) -> Group:
    by = rng.choice((round.policy.group.start_every_minutes, DAY_MINUTES, -DAY_MINUTES))
    at = rng.randrange(len(group.meetings)) if group.meetings else 0
    return replace(group, meetings=tuple(start + by if n == at else start for n, start in enumerate(group.meetings)))


def _fewer_meetings(_rng: random.Random, _round: Round, group: Group) -> Group:
    return replace(group, meetings=group.meetings[1:])


def _a_meeting_twice(_rng: random.Random, _round: Round, group: Group) -> Group:
    return replace(group, meetings=group.meetings[:1] + group.meetings)


def _out_of_order(_rng: random.Random, _round: Round, group: Group) -> Group:
    return replace(group, meetings=group.meetings[::-1])


OF_ONE: tuple[Mutation, ...] = (
    _one_fewer,
    _one_more,
    _somebody_else,
    _a_stranger,
    _another_mentor,
    _another_subject,
    _another_time,
    _one_other_time,
    _fewer_meetings,
    _a_meeting_twice,
    _out_of_order,
)


def spoil(rng: random.Random, round: Round, groups: Sequence[Group]) -> Groups:
    """One change: of a group, or a group left out, held twice, or without members."""
    found = list(groups)
    if not found:
        key = rng.choice(round.mentors)
        return (Group(key="g0", mentor=key.key, subject="math", meetings=(18 * 60,), members=(rng.choice(round.mentees).key,)),)
    at = rng.randrange(len(found))
    draw = rng.random()
    if draw < 0.08:
        found.append(replace(found[at], key=f"again{len(found)}"))
    elif draw < 0.12:
        found.append(replace(found[at], key=f"empty{len(found)}", members=()))
    elif draw < 0.2:
        del found[at]
    else:
        found[at] = rng.choice(OF_ONE)(rng, round, found[at])
    return tuple(found)
