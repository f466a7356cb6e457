"""Rounds made of other rounds, of which it is known how their best scores compare: renamed, doubled, tightened, with a useless mentor."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from matching.result import Group
from matching.round import GroupPolicy, MemberRegions, Mentee, Mentor, Pair, PairRule, PeerRule, Peers, Policy, Request, Round, Teaching
from matching.week import Stretch

NOWHERE = "Nowhere"
"""The region of those without one, where it must have a name; nobody lives there or serves it by name."""

Tighten = Callable[[random.Random, Round], Round]


def renamed(rng: random.Random, round: Round, earlier: Sequence[Group]) -> tuple[Round, tuple[Group, ...]]:
    """The same people, subjects and regions under other keys, in another order, and the earlier groups likewise."""
    people = _other_names(rng, _people(round))
    subjects = _other_names(rng, sorted(_subjects(round)))
    firsts = _other_names(rng, sorted({path.split("/")[0] for path in _paths(round)}))
    mentors = [_renamed_mentor(mentor, people, subjects, firsts) for mentor in round.mentors]
    mentees = [_renamed_mentee(mentee, people, subjects, firsts) for mentee in round.mentees]
    pairs = [
        replace(row, mentor=people[row.mentor], mentee=people[row.mentee], subject=subjects.get(row.subject, row.subject))
        for row in round.pairs
    ]
    peers = [replace(row, mentee=people[row.other], other=people[row.mentee]) for row in round.peers]
    for rows in (mentors, mentees, pairs, peers):
        rng.shuffle(rows)
    changed = replace(round, mentors=tuple(mentors), mentees=tuple(mentees), pairs=tuple(pairs), peers=tuple(peers))
    return changed, tuple(_renamed_group(group, people, subjects) for group in earlier)


def _other_names(rng: random.Random, names: Sequence[str]) -> dict[str, str]:
    numbers = rng.sample(range(10, 100_000), len(names))
    return {name: f"{number}-새 이름" for name, number in zip(names, numbers, strict=True)}


def _people(round: Round) -> list[str]:
    return [*(mentor.key for mentor in round.mentors), *(mentee.key for mentee in round.mentees)]


def _subjects(round: Round) -> set[str]:
    asked = {request.subject for mentee in round.mentees for request in mentee.requests}
    return asked | {taught.subject for mentor in round.mentors for taught in mentor.teaches}


def _paths(round: Round) -> set[str]:
    of_mentors = {path for mentor in round.mentors for path in (mentor.home_region, *mentor.regions)}
    return (of_mentors | {mentee.region for mentee in round.mentees}) - {""}


def _moved(path: str, firsts: Mapping[str, str]) -> str:
    """The path with another first part; an empty one stays empty."""
    first, slash, rest = path.partition("/")
    return firsts[first] + slash + rest if path else ""


def _renamed_mentor(mentor: Mentor, people: Mapping[str, str], subjects: Mapping[str, str], firsts: Mapping[str, str]) -> Mentor:
    return replace(
        mentor,
        key=people[mentor.key],
        teaches=tuple(replace(taught, subject=subjects[taught.subject]) for taught in mentor.teaches),
        home_region=_moved(mentor.home_region, firsts),
        regions=tuple(_moved(path, firsts) for path in mentor.regions),
    )


def _renamed_mentee(mentee: Mentee, people: Mapping[str, str], subjects: Mapping[str, str], firsts: Mapping[str, str]) -> Mentee:
    return replace(
        mentee,
        key=people[mentee.key],
        requests=tuple(replace(request, subject=subjects[request.subject]) for request in reversed(mentee.requests)),
        region=_moved(mentee.region, firsts),
        previous_mentor=people.get(mentee.previous_mentor, mentee.previous_mentor),
    )


def _renamed_group(group: Group, people: Mapping[str, str], subjects: Mapping[str, str]) -> Group:
    return replace(
        group,
        mentor=people.get(group.mentor, group.mentor),
        subject=subjects.get(group.subject, group.subject),
        members=tuple(sorted(people.get(member, member) for member in group.members)),
    )


def doubled(round: Round, earlier: Sequence[Group]) -> tuple[Round, tuple[Group, ...]]:
    """The round twice, in regions that nobody of the other half serves: whatever the policy, its best score is twice that of the round.

    Who lives nowhere gets a region that is like no other, and who serves everywhere serves every region of their half.
    """
    firsts = sorted({path.split("/")[0] for path in _paths(round)} | {NOWHERE})
    halves = []
    for half in ("east", "west"):
        people = {key: f"{half} {key}" for key in _people(round)}
        halves.append((people, {subject: subject for subject in _subjects(round)}, {first: f"{first} {half}" for first in firsts}))
    mentors = [
        _renamed_mentor(replace(mentor, regions=mentor.regions or tuple(firsts)), *names) for names in halves for mentor in round.mentors
    ]
    mentees = [_renamed_mentee(replace(mentee, region=mentee.region or NOWHERE), *names) for names in halves for mentee in round.mentees]
    twice = replace(
        round,
        mentors=tuple(mentors),
        mentees=tuple(mentees),
        pairs=tuple(replace(row, mentor=people[row.mentor], mentee=people[row.mentee]) for people, _, _ in halves for row in round.pairs),
        peers=tuple(replace(row, mentee=people[row.mentee], other=people[row.other]) for people, _, _ in halves for row in round.peers),
    )
    before = [(names, group) for names in halves for group in earlier]
    return twice, tuple(replace(_renamed_group(group, names[0], names[1]), key=f"e{n}") for n, (names, group) in enumerate(before))


Useless = Callable[[Mentor], Mentor]

NEVER_ELIGIBLE: Mapping[str, Useless] = {
    "teaches what nobody asks for": lambda model: replace(model, teaches=(Teaching("harpsichord", 1, 12),)),
    "teaches other grades": lambda model: replace(model, teaches=tuple(replace(taught, lowest=1, highest=1) for taught in model.teaches)),
    "serves where nobody lives": lambda model: replace(model, regions=("Atlantis",)),
}
"""Makes of a mentor one whom no mentee may have: not even a reason knows of them."""

USELESS: Mapping[str, Useless] = {
    **NEVER_ELIGIBLE,
    "may have no group": lambda model: replace(model, max_groups=0),
    "may not teach a minute": lambda model: replace(model, max_weekly_minutes=0),
    "is never free for long enough": lambda model: replace(model, availability=(Stretch(600, 605),)),
}
"""Makes of a mentor one who can have no group."""


def with_another_mentor(rng: random.Random, round: Round, change: Useless) -> Round:
    """The round with one mentor more, made of one of the others, at a place drawn."""
    one_more = replace(change(rng.choice(round.mentors)), key="one more")
    n = rng.randint(0, len(round.mentors))
    return replace(round, mentors=(*round.mentors[:n], one_more, *round.mentors[n:]))


# What makes a round tighter: whoever keeps the rules of the tighter one keeps those of the round, and has the same points.


def _one_mentor(change: Callable[[random.Random, Mentor, Policy], Mentor]) -> Tighten:
    def tighten(rng: random.Random, round: Round) -> Round:
        n = rng.randrange(len(round.mentors))
        changed = change(rng, round.mentors[n], round.policy)
        return replace(round, mentors=(*round.mentors[:n], changed, *round.mentors[n + 1 :]))

    return tighten


def _one_mentee(change: Callable[[random.Random, Mentee], Mentee]) -> Tighten:
    def tighten(rng: random.Random, round: Round) -> Round:
        n = rng.randrange(len(round.mentees))
        return replace(round, mentees=(*round.mentees[:n], change(rng, round.mentees[n]), *round.mentees[n + 1 :]))

    return tighten


def _less_free(rng: random.Random, availability: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """One stretch less, or one that begins later or ends sooner."""
    if not availability:
        return ()
    n = rng.randrange(len(availability))
    stretch, by = availability[n], rng.choice((15, 30, 60))
    shorter = rng.choice(((), (stretch.start + by, stretch.end), (stretch.start, stretch.end - by)))
    left = (Stretch(*shorter),) if shorter and shorter[0] < shorter[1] else ()
    return (*availability[:n], *left, *availability[n + 1 :])


def _fewer_grades(rng: random.Random, mentor: Mentor, _: Policy) -> Mentor:
    taught = rng.choice(mentor.teaches)
    others = tuple(other for other in mentor.teaches if other is not taught)
    return replace(mentor, teaches=(*others, replace(taught, lowest=rng.randint(taught.lowest, taught.highest))))


def _fewer_regions(rng: random.Random, mentor: Mentor, _: Policy) -> Mentor:
    regions = mentor.regions or ("Gyeongbuk", "Jeonnam", "경북", "전남")
    return replace(mentor, regions=tuple(rng.sample(regions, max(1, len(regions) - 1))))


def _fewer_groups(_: random.Random, mentor: Mentor, policy: Policy) -> Mentor:
    most = policy.mentor.max_groups if mentor.max_groups is None else mentor.max_groups
    return replace(mentor, max_groups=max(0, most - 1))


def _smaller_groups(_: random.Random, mentor: Mentor, policy: Policy) -> Mentor:
    most = policy.group.max_size if mentor.max_size is None else mentor.max_size
    return replace(mentor, max_size=max(1, most - 1))


def _less_teaching(_: random.Random, mentor: Mentor, policy: Policy) -> Mentor:
    a_group = policy.group.session_minutes * policy.group.meetings_per_week
    most = 2 * a_group if mentor.max_weekly_minutes is None else mentor.max_weekly_minutes - 1
    return replace(mentor, max_weekly_minutes=max(0, most))


def _fewer_requests(rng: random.Random, mentee: Mentee) -> Mentee:
    most = len(mentee.requests) if mentee.max_groups is None else mentee.max_groups
    return replace(mentee, max_groups=rng.randint(0, max(0, most - 1)))


def _one_gender(rng: random.Random, mentee: Mentee) -> Mentee:
    return replace(mentee, mentor_gender=mentee.mentor_gender or rng.choice("FM"))


def _group_policy(change: Callable[[GroupPolicy], GroupPolicy]) -> Tighten:
    return lambda _, round: replace(round, policy=replace(round.policy, group=change(round.policy.group)))


def _members_closer(group: GroupPolicy) -> GroupPolicy:
    return replace(group, member_regions=MemberRegions.NEAR if group.member_regions is MemberRegions.ANY else MemberRegions.SAME)


def _more_weeks(_: random.Random, round: Round) -> Round:
    return replace(round, policy=replace(round.policy, mentor=replace(round.policy.mentor, min_weeks=round.policy.mentor.min_weeks + 1)))


def _pair(rule: PairRule) -> Tighten:
    def tighten(rng: random.Random, round: Round) -> Round:
        mentee = rng.choice(round.mentees)
        asked: Request = rng.choice(mentee.requests)
        row = Pair(mentor=rng.choice(round.mentors).key, mentee=mentee.key, subject=rng.choice(("", asked.subject)), rule=rule, line=99)
        return replace(round, pairs=(*round.pairs, row))

    return tighten


def _apart(rng: random.Random, round: Round) -> Round:
    one, other = rng.sample(round.mentees, 2)
    return replace(round, peers=(*round.peers, Peers(mentee=one.key, other=other.key, rule=PeerRule.APART, line=99)))


TIGHTER: Mapping[str, Tighten] = {
    "a mentor is less free": _one_mentor(lambda rng, mentor, _: replace(mentor, availability=_less_free(rng, mentor.availability))),
    "a mentor teaches fewer grades": _one_mentor(_fewer_grades),
    "a mentor serves fewer regions": _one_mentor(_fewer_regions),
    "a mentor may have fewer groups": _one_mentor(_fewer_groups),
    "a mentor may have smaller groups": _one_mentor(_smaller_groups),
    "a mentor may teach less": _one_mentor(_less_teaching),
    "a mentee is less free": _one_mentee(lambda rng, mentee: replace(mentee, availability=_less_free(rng, mentee.availability))),
    "a mentee may have fewer groups": _one_mentee(_fewer_requests),
    "a mentee wants a mentor of one gender": _one_mentee(_one_gender),
    "groups have more members at least": _group_policy(lambda group: replace(group, min_size=min(group.min_size + 1, group.max_size))),
    "groups have fewer members at most": _group_policy(lambda group: replace(group, max_size=max(group.min_size, group.max_size - 1))),
    "grades lie closer": _group_policy(lambda group: replace(group, max_grade_gap=max(0, group.max_grade_gap - 1))),
    "buffers are longer": _group_policy(lambda group: replace(group, buffer_minutes=group.buffer_minutes + 15)),
    "meetings start more seldom": _group_policy(lambda group: replace(group, start_every_minutes=2 * group.start_every_minutes)),
    "members live closer": _group_policy(_members_closer),
    "meetings are at one time of day": _group_policy(lambda group: replace(group, same_time=True)),
    "mentors cover more weeks": _more_weeks,
    "somebody is forbidden": _pair(PairRule.FORBID),
    "somebody is required": _pair(PairRule.REQUIRE),
    "two are kept apart": _apart,
}
