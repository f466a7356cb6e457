"""Who may sit with whom, and when: a round as arrays, never a list of all (mentor, subject, meetings, request)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence, Sized
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matching import rules
from matching.board import GRADES, MILLI, NEVER, Board, Ints, Table
from matching.result import Group
from matching.round import GroupPolicy, MemberRegions, Mentor, PairRule, PeerRule, Round
from matching.week import DAY_MINUTES, Meetings, Stretch, inside, patterns, starts

MOST_BONUS = 1 << 48
"""Of a request that is required, in thousandths of a point."""


def ints(values: Iterable[int]) -> Ints:
    """Whole numbers as an array."""
    return np.array(list(values), np.int64)


def _pointers(counts: Iterable[int]) -> Ints:
    """Where each of some lists begins in one flat array, and where the last ends."""
    return np.concatenate(([0], np.cumsum(ints(counts)))).astype(np.int64)


def csr(lists: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    """Lists of lists as pointers and one flat array."""
    ptr = _pointers(len(one) for one in lists)
    return ptr, np.fromiter((x for one in lists for x in one), np.int64, ptr[-1])


class _Weeks:
    """The patterns of meetings that fit a week, each known by a number, worked out once for equal weeks."""

    def __init__(self, rnd: Round) -> None:
        self.rule = rnd.policy.group
        self.number: dict[Meetings, int] = {}
        self._seen: dict[tuple[tuple[Stretch, ...], bool], list[int]] = {}

    def of(self, availability: tuple[Stretch, ...], *, new: bool) -> list[int]:
        """The numbers of the patterns that fit; with `new`, those not met before get one, else they are left out."""
        known = self._seen.get((availability, new))
        if known is None:
            rule, number = self.rule, self.number
            free = starts(availability, rule.session_minutes, rule.start_every_minutes)
            found = patterns(free, rule.meetings_per_week, rule.same_time)
            known = [number.setdefault(p, len(number)) for p in found] if new else [number[p] for p in found if p in number]
            self._seen[availability, new] = known
        return known

    def liked(self, numbers: Sequence[int], preferred: tuple[Stretch, ...]) -> list[int]:
        """How many meetings of each pattern lie in preferred time."""
        if not preferred:
            return [0] * len(numbers)
        length, all_meetings = self.rule.session_minutes, list(self.number)
        return [sum(inside(at, at + length, preferred) for at in all_meetings[n]) for n in numbers]


def _number(texts: Iterable[str]) -> dict[str, int]:
    return {text: n for n, text in enumerate(sorted(set(texts)))}


class _Requests(NamedTuple):
    """All requests, mentee by mentee."""

    number: dict[tuple[str, str], int]  # by mentee and subject
    ptr: Ints  # [I + 1] those of each mentee
    mentee: Ints
    subject: Ints  # -1 where nobody teaches it, or the mentee may have no group
    grade: Ints
    region: Ints
    several: npt.NDArray[np.bool_]  # whether the mentee has more than one


class _Entries(NamedTuple):
    """Which request could be had at which slot: sorted by slot, grade, region and request."""

    request: Ints
    slot: Ints
    liked: Ints  # how many of its meetings the mentee prefers
    bucket_ptr: Ints  # [Q * GRADES + 1]
    slot_subject: Ints  # [Q]
    slot_pattern: Ints  # [Q]


def table_of(rnd: Round, previous: Sequence[Group] = ()) -> Table:
    """The arrays of a round; with `previous`, its groups earn `stay`."""
    policy, rule, points = rnd.policy, rnd.policy.group, rnd.policy.points
    mentors = tuple(m for m in rnd.mentors if rules.most_groups(m, policy) > 0)
    mentees = rnd.mentees
    subjects = _number(t.subject for m in mentors for t in m.teaches)
    weeks = _Weeks(rnd)
    mentor_patterns = [weeks.of(m.availability, new=True) for m in mentors]
    # Regions in path order: those that one covers stand together.
    paths = sorted(
        {tuple(m.region.split("/")) for m in mentees if m.region} | {tuple(m.home_region.split("/")) for m in mentors if m.home_region}
    )
    region_at = {"/".join(path): n for n, path in enumerate(paths)}
    requests = _requests(rnd, subjects, region_at)
    entries = _entries(rnd, weeks, _offered(mentors, mentor_patterns, subjects, len(weeks.number)), requests)
    by_request = np.lexsort((entries.slot, entries.request))

    slot_from = np.searchsorted(
        entries.slot_subject * _at_least_one(weeks.number) + entries.slot_pattern,
        np.arange(len(subjects) * _at_least_one(weeks.number) + 1),
    )
    offers = [
        _offers(rnd, mentor, able, weeks.liked(able, mentor.preferred), subjects, slot_from, entries.bucket_ptr)
        for mentor, able in zip(mentors, mentor_patterns, strict=True)
    ]
    offer_columns = np.array([offer for mine in offers for offer in mine], np.int64).reshape(-1, 4)

    genders = {"": 0}
    serve = [sorted(_covered(paths, region) for region in m.regions) for m in mentors]
    locked = np.full(len(requests.mentee), -1, np.int64)
    special = _specials(rnd, mentors, requests.number, locked, previous)
    parts = [_covered(paths, m.home_region.split("/")[0]) for m in mentors]
    peer_lists = _peers(rnd)
    halves = ints(sum(max(0, w) for _, w in p) // 2 for p in peer_lists)
    stay_mentor, stay_pattern = _stays(previous, mentors, requests.number, weeks.number)
    pattern_starts = np.array(list(weeks.number), np.int64).reshape(-1, rule.meetings_per_week)
    cells = -(-rule.session_minutes // rule.start_every_minutes)
    # Counted anew from each midnight: where the steps do not divide a day, a late meeting's last cell is not the next day's first.
    day, minute = np.divmod(pattern_starts, DAY_MINUTES)
    start_cell = day * (DAY_MINUTES + cells) + minute // rule.start_every_minutes
    entry_cell, cell_mentee, cell_time = _cells(
        requests.mentee[entries.request], requests.several[entries.request], start_cell[entries.slot_pattern[entries.slot]], cells
    )
    base = [MILLI * (points.placed * q.priority + (points.first_seat if len(m.requests) == 1 else 0)) for m in mentees for q in m.requests]
    required = locked >= 0
    bonus = _bonus(rnd, max((sum(abs(w) for _, w in p if w != NEVER) for p in peer_lists), default=0))

    board = Board(
        min_size=rule.min_size,
        target_size=rule.target_size,
        max_grade_gap=rule.max_grade_gap,
        session_minutes=rule.session_minutes,
        buffer_minutes=rule.buffer_minutes,
        off_target=MILLI * points.off_target,
        grade_gap=MILLI * points.grade_gap,
        region_mix=MILLI * points.region_mix,
        region_same=MILLI * points.region,
        region_near=MILLI * (points.region // 2),
        first_group=MILLI * points.first_group,
        first_seat=MILLI * points.first_seat,
        cap=ints(min(rules.most_groups(m, policy), _time_for(m, rule)) for m in mentors),
        size=ints(rules.mentor_max_size(m, policy) for m in mentors),
        home=ints(region_at.get(m.home_region, -1) for m in mentors),
        part_from=ints(low for low, _ in parts),
        part_until=ints(high for _, high in parts),
        gender=ints(genders.setdefault(m.gender, len(genders)) for m in mentors),
        serve_ptr=csr([[lo for lo, _ in s] for s in serve])[0],
        serve_from=csr([[lo for lo, _ in s] for s in serve])[1],
        serve_until=csr([[hi for _, hi in s] for s in serve])[1],
        special_ptr=csr([[r for r, _ in s] for s in special])[0],
        special_request=csr([[r for r, _ in s] for s in special])[1],
        special_worth=csr([[w for _, w in s] for s in special])[1],
        offer_ptr=_pointers(len(mine) for mine in offers),
        offer_slot=offer_columns[:, 0].copy(),
        offer_lowest=offer_columns[:, 1].copy(),
        offer_highest=offer_columns[:, 2].copy(),
        offer_worth=offer_columns[:, 3].copy(),
        mentee_cap=ints(rules.mentee_max_groups(m) for m in mentees),
        mentee_ptr=requests.ptr,
        peer_ptr=csr([[j for j, _ in p] for p in peer_lists])[0],
        peer_mentee=csr([[j for j, _ in p] for p in peer_lists])[1],
        peer_worth=csr([[w for _, w in p] for p in peer_lists])[1],
        mentee=requests.mentee,
        subject=requests.subject,
        base=ints(base) + bonus * required,
        bonus=bonus * int(required.sum()),
        peer_half=halves[requests.mentee],
        grade=requests.grade,
        region=requests.region,
        wants_gender=ints(genders.setdefault(m.mentor_gender, len(genders)) for m in mentees for _ in m.requests),
        locked=locked,
        stay_mentor=stay_mentor,
        stay_pattern=stay_pattern,
        stay=MILLI * points.stay,
        entry_ptr=_pointers(np.bincount(entries.request, minlength=len(requests.mentee))),
        entry_slot=entries.slot[by_request],
        entry_at=by_request.astype(np.int64),
        slot_subject=entries.slot_subject,
        slot_pattern=entries.slot_pattern,
        bucket_ptr=entries.bucket_ptr,
        entry_request=entries.request,
        entry_home=entries.slot,
        entry_worth=MILLI * points.time * entries.liked,
        entry_cell=entry_cell,
        cell_mentee=cell_mentee,
        cell_time=cell_time,
        cells=cells,
        pattern_starts=pattern_starts,
    )
    return Table(board, mentors, mentees, tuple(subjects), tuple(weeks.number), requests.number)


def _at_least_one(numbers: Sized) -> int:
    """How many there are, for numbers made of several: one where there is none."""
    return max(len(numbers), 1)


def _requests(rnd: Round, subjects: dict[str, int], region_at: dict[str, int]) -> _Requests:
    asked = [(i, mentee, request) for i, mentee in enumerate(rnd.mentees) for request in mentee.requests]
    return _Requests(
        number={(mentee.key, request.subject): r for r, (_, mentee, request) in enumerate(asked)},
        ptr=_pointers(len(mentee.requests) for mentee in rnd.mentees),
        mentee=ints(i for i, _, _ in asked),
        subject=ints(subjects.get(request.subject, -1) if rules.mentee_max_groups(mentee) else -1 for _, mentee, request in asked),
        grade=ints(mentee.grade for _, mentee, _ in asked),
        region=ints(region_at.get(mentee.region, -1) for _, mentee, _ in asked),
        several=np.array([len(mentee.requests) > 1 for _, mentee, _ in asked], bool),
    )


def _offered(
    mentors: Sequence[Mentor], mentor_patterns: Sequence[Sequence[int]], subjects: dict[str, int], patterns: int
) -> npt.NDArray[np.bool_]:
    """[subjects, patterns] whether some mentor teaches the subject and is free for the pattern, whatever the grade."""
    offered = np.zeros((_at_least_one(subjects), max(patterns, 1)), bool)
    for mentor, able in zip(mentors, mentor_patterns, strict=True):
        for teaching in mentor.teaches:
            offered[subjects[teaching.subject], np.asarray(able, np.int64)] = True
    return offered


def _entries(rnd: Round, weeks: _Weeks, offered: npt.NDArray[np.bool_], requests: _Requests) -> _Entries:
    """Entries at what is offered; the mentees of one slot may sit together as far as regions go."""
    mentees, n_patterns = rnd.mentees, offered.shape[1]
    classes: dict[str, int] = {}
    mentee_class = ints(classes.setdefault(_class(m.region, rnd.policy.group.member_regions), len(classes)) for m in mentees)
    able_of = [weeks.of(m.availability, new=False) for m in mentees]
    able_ptr, able = csr(able_of)
    liked = csr([weeks.liked(mine, m.preferred) for mine, m in zip(able_of, mentees, strict=True)])[1]
    # Each request of a subject with each pattern of its mentee.
    counts = np.where(requests.subject >= 0, np.diff(able_ptr)[requests.mentee], 0)
    request = np.repeat(np.arange(len(counts)), counts)
    which = able_ptr[requests.mentee[request]] + np.arange(len(request)) - np.repeat(np.cumsum(counts) - counts, counts)
    place = requests.subject[request] * n_patterns + able[which]
    kept = offered.ravel()[place]
    request, which, place = request[kept], which[kept], place[kept]
    slot_keys, slot = np.unique(place * _at_least_one(classes) + mentee_class[requests.mentee[request]], return_inverse=True)
    order = np.lexsort((request, requests.region[request], requests.grade[request], slot))
    request, which, slot = request[order], which[order], slot[order].astype(np.int64)
    slot_place = slot_keys // _at_least_one(classes)
    return _Entries(
        request=request,
        slot=slot,
        liked=liked[which],
        bucket_ptr=_pointers(np.bincount(slot * GRADES + requests.grade[request], minlength=len(slot_keys) * GRADES)),
        slot_subject=slot_place // n_patterns,
        slot_pattern=slot_place % n_patterns,
    )


def _offers(
    rnd: Round, mentor: Mentor, able: Sequence[int], liked: Sequence[int], subjects: dict[str, int], slot_from: Ints, bucket_ptr: Ints
) -> list[tuple[int, int, int, int]]:
    """A mentor's offers, where at least one entry's grade is taught: slot, lowest and highest grade, worth for each member."""
    points, patterns = rnd.policy.points, (len(slot_from) - 1) // max(len(subjects), 1)
    missing = MILLI * points.missing_week * rules.missing_weeks(mentor, rnd.policy.program)
    found = []
    for teaching in mentor.teaches:
        for p, likes in zip(able, liked, strict=True):
            at = subjects[teaching.subject] * patterns + p
            for q in range(slot_from[at], slot_from[at + 1]):
                if bucket_ptr[q * GRADES + teaching.highest + 1] > bucket_ptr[q * GRADES + teaching.lowest]:
                    found.append((q, teaching.lowest, teaching.highest, MILLI * points.time * likes + missing))  # noqa: PERF401  plainer so
    return sorted(found)


def _time_for(mentor: Mentor, rule: GroupPolicy) -> int:
    """So many groups at most would fill all the mentor's time."""
    return sum(stretch.end - stretch.start for stretch in mentor.availability) // (rule.meetings_per_week * rule.session_minutes)


def _bonus(rnd: Round, of_peers: int) -> int:
    """More than breaking a requirement could bring: its seat lets a few groups come about, each member with all there is to gain.

    `of_peers` is the most that one mentee's peers are worth, in thousandths. It stays well below what `NEVER` takes.
    """
    points, of_pair = rnd.policy.points, defaultdict[tuple[str, str], int](int)
    for row in rnd.pairs:
        of_pair[row.mentor, row.mentee] += abs(row.points)
    of_kinds: int = sum(abs(getattr(points, one)) for one in points.__slots__)
    most = 9 * abs(points.placed) + of_kinds + max(of_pair.values(), default=0)
    return min(10 * rnd.policy.group.max_size * (MILLI * most + of_peers), MOST_BONUS)


def _peers(rnd: Round) -> list[list[tuple[int, int]]]:
    """For each mentee the others that something is said of, with the worth of sharing a group, NEVER where apart."""
    number = {mentee.key: i for i, mentee in enumerate(rnd.mentees)}
    worths: list[dict[int, int]] = [{} for _ in rnd.mentees]
    for row in rnd.peers:
        for a, b in ((number[row.mentee], number[row.other]), (number[row.other], number[row.mentee])):
            before = worths[a].get(b, 0)
            worths[a][b] = NEVER if row.rule is PeerRule.APART or before == NEVER else before + MILLI * row.points
    return [sorted(one.items()) for one in worths]


def _stays(
    previous: Sequence[Group], mentors: Sequence[Mentor], request_of: dict[tuple[str, str], int], pattern_of: dict[Meetings, int]
) -> tuple[Ints, Ints]:
    """For each request the mentor and the pattern that it had, -1 for none."""
    number = {mentor.key: m for m, mentor in enumerate(mentors)}
    stay_mentor, stay_pattern = np.full(len(request_of), -1, np.int64), np.full(len(request_of), -1, np.int64)
    for group in previous:
        for member in group.members:
            r = request_of.get((member, group.subject))
            if r is not None and group.mentor in number and group.meetings in pattern_of:
                stay_mentor[r], stay_pattern[r] = number[group.mentor], pattern_of[group.meetings]
    return stay_mentor, stay_pattern


def _cells(mentee: Ints, wanted: npt.NDArray[np.bool_], first: Ints, cells: int) -> tuple[Ints, Ints, Ints]:
    """The mentees' times at which something wanted could happen: the first index for each entry and meeting; whose each is, and when."""
    entry_cell = np.full(first.shape, -1, np.int64)
    span = 1 + (int(first.max(initial=0)) + cells)
    own = mentee[wanted, None] * span + first[wanted]
    every = np.unique(own[:, :, None] + np.arange(cells))
    entry_cell[wanted] = np.searchsorted(every, own)
    return entry_cell, *np.divmod(every, span)


def _class(region: str, closeness: MemberRegions) -> str:
    """The class of regions whose mentees may share a group: all, one first part, or one path (rule 9)."""
    match closeness:
        case MemberRegions.ANY:
            return ""
        case MemberRegions.NEAR:
            return region.split("/", maxsplit=1)[0]
        case MemberRegions.SAME:
            return region


def _covered(paths: list[tuple[str, ...]], region: str) -> tuple[int, int]:
    """The interval of `paths` that a region covers: itself and all below it (rule 8)."""
    wide = tuple(region.split("/"))
    first = bisect_left(paths, wide)
    return first, bisect_right(paths, wide, lo=first, key=lambda path: path[: len(wide)])


def _specials(
    rnd: Round, mentors: Sequence[Mentor], request_of: dict[tuple[str, str], int], locked: Ints, previous: Sequence[Group]
) -> list[list[tuple[int, int]]]:
    """For each mentor the requests worth more or less with them (continuity, pairs, stay) or NEVER; fills `locked`."""
    number = {m.key: n for n, m in enumerate(mentors)}
    worth: list[dict[int, int]] = [{} for _ in mentors]

    def add(mentor: str, r: int, points: int) -> None:
        if mentor in number:
            mine = worth[number[mentor]]
            mine[r] = NEVER if NEVER in (points, mine.get(r)) else mine.get(r, 0) + MILLI * points

    for group in previous:
        for member in group.members:
            if (member, group.subject) in request_of:
                add(group.mentor, request_of[member, group.subject], 0)
    for mentee in rnd.mentees:
        for request in mentee.requests if mentee.previous_mentor else ():
            add(mentee.previous_mentor, request_of[mentee.key, request.subject], rnd.policy.points.continuity)
    for row in rnd.pairs:
        for request in rnd.mentee_of[row.mentee].requests:
            if row.subject in ("", request.subject):
                r = request_of[row.mentee, request.subject]
                match row.rule:
                    case PairRule.REQUIRE:
                        locked[r] = number[row.mentor]
                    case PairRule.FORBID:
                        add(row.mentor, r, NEVER)
                    case PairRule.POINTS:
                        add(row.mentor, r, row.points)
    return [sorted(mine.items()) for mine in worth]
