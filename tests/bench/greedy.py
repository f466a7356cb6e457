"""A peer: takes the best free place for each request, the highest priority first, and never looks back.

A *place* is a mentor with meetings. It is free while the mentor has room and nothing else near these meetings.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from matching.result import Group
from matching.round import Round
from matching.rules import Said, mentee_max_groups, mentor_max_size, missing_weeks, most_groups, two
from matching.week import DAY_MINUTES
from tests.bench.arrays import Arrays, Bools, Ints
from tests.bench.outcome import Limits, Outcome

TRIES = 12
"""Where a group needs more than one, companions are looked for at so many of the best places."""


def solve(round: Round, limits: Limits) -> Outcome:
    """Groups for as many requests as fit one after another; proves nothing."""
    greedy = _Greedy(round)
    limits.built(f"{len(greedy.mentor):,} places")
    for request in greedy.order():
        if limits.left() <= 0:
            break
        greedy.place(request)
    return Outcome(groups=greedy.groups())


class _Greedy:
    """What is free and what is taken so far, by number: requests, mentees and places."""

    def __init__(self, round: Round) -> None:
        self.round, self.arrays, self.said = round, Arrays(round), Said.of(round)
        self.rules, self.points = round.policy.group, round.policy.points
        self.free: Bools = self.arrays.mentee_free.copy()
        self.waiting = np.ones(len(self.arrays.asks), dtype=np.bool_)
        self.left = np.array([mentee_max_groups(mentee) for mentee in round.mentees])
        self.room = np.array([most_groups(mentor, round.policy) for mentor in round.mentors])
        self.used = np.zeros(len(round.mentors), dtype=np.bool_)
        self.members: dict[int, list[int]] = {}
        self.subject: dict[int, str] = {}
        self.joinable: dict[str, list[int]] = defaultdict(list)
        self._lay_out_places()
        self._note_mentors()

    def _lay_out_places(self) -> None:
        arrays, rules = self.arrays, self.rules
        patterns = [arrays.patterns(mentor) for mentor in range(len(self.round.mentors))]
        self.first = np.concatenate([[0], np.cumsum([len(rows) for rows in patterns])])
        self.pattern = np.concatenate([np.zeros((0, rules.meetings_per_week), dtype=np.int64), *patterns])
        self.mentor: Ints = np.repeat(np.arange(len(patterns)), np.diff(self.first))
        self.liked = arrays.mentor_likes[self.mentor[:, None], self.pattern].sum(axis=1)
        self.open = self.room[self.mentor] > 0
        starts = np.array(arrays.starts, dtype=np.int64)
        apart = np.abs(starts[:, None] - starts)
        same_day = starts[:, None] // DAY_MINUTES == starts // DAY_MINUTES
        self.clashes: Bools = apart < rules.session_minutes
        self.too_close: Bools = apart < rules.session_minutes + rules.buffer_minutes * same_day

    def _note_mentors(self) -> None:
        """Who teaches what, who comes into question for whom, and for how many points at times that nobody prefers."""
        round, arrays = self.round, self.arrays
        self.gender = np.array([mentor.gender for mentor in round.mentors], dtype=np.str_)
        program = round.policy.program
        self.missing: Ints = self.points.missing_week * np.array([missing_weeks(mentor, program) for mentor in round.mentors])
        teaching: dict[tuple[str, int], list[int]] = defaultdict(list)
        for number, mentor in enumerate(round.mentors):
            for taught in mentor.teaches:
                for grade in range(taught.lowest, taught.highest + 1):
                    teaching[taught.subject, grade].append(number)
        self.teaching = {key: np.array(mentors) for key, mentors in teaching.items()}
        self.serves = np.array([arrays.served(mentor) for mentor in round.mentors])
        self.near = np.array([arrays.nearness(mentor) for mentor in round.mentors])
        self.places: dict[tuple[str, int], Ints] = {}

    def order(self) -> list[int]:
        """The requests, required ones first, then by priority, then in the order of the round."""
        arrays = self.arrays
        return sorted(range(len(arrays.asks)), key=lambda request: (request not in arrays.required, -arrays.priority[request]))

    def place(self, request: int) -> None:
        """Puts the request into the best group or opens one at the best free place, if either gains."""
        mentee, subject = self.arrays.asks[request]
        if not self.waiting[request] or not self.left[mentee]:
            return
        seat = self.points.first_seat * self._is_new(mentee)
        gain, joined = self._best_group(request)
        solo = self.rules.min_size == 1
        if joined >= 0 and gain + seat > 0 and not solo:
            self._seat(joined, request)
            return
        places, worth = self._worth(request, self._free_places(subject, int(self.arrays.grade[mentee])))
        worth += self.points.first_group * ~self.used[self.mentor[places]]
        if not solo:
            self._open_with_others(request, places[np.argsort(-worth, kind="stable")[:TRIES]])
            return
        best = int(worth.argmax()) if len(worth) else -1
        alone = worth[best] + self.points.off_target * abs(1 - self.rules.target_size) if best >= 0 else 0
        if best >= 0 and alone + seat > 0 and (joined < 0 or alone > gain):
            self._open(int(places[best]), subject, [request])
        elif joined >= 0 and gain + seat > 0:
            self._seat(joined, request)

    def _is_new(self, mentee: int) -> bool:
        return bool(self.left[mentee] == mentee_max_groups(self.round.mentees[mentee]))

    def _free_places(self, subject: str, grade: int) -> Ints:
        """The open places of mentors who teach this; kept short from call to call."""
        key = (subject, grade)
        if key not in self.places:
            mentors = self.teaching.get(key, np.zeros(0, dtype=np.int64))
            ranges = [np.arange(self.first[mentor], self.first[mentor + 1]) for mentor in mentors]
            self.places[key] = np.concatenate(ranges) if ranges else np.zeros(0, dtype=np.int64)
        places = self.places[key]
        open_ones = places[self.open[places]]
        if len(open_ones) < 0.8 * len(places):
            self.places[key] = open_ones
        return open_ones

    def _worth(self, request: int, places: Ints) -> tuple[Ints, Ints]:
        """At which of these places the request may be (sizes, grades and the other members aside), and its own points there."""
        mentee, subject = self.arrays.asks[request]
        row = self.round.mentees[mentee]
        places = places[self.free[mentee][self.pattern[places]].all(axis=1)]
        mentors = self.mentor[places]
        may = self.serves[mentors, self.arrays.region[mentee]]
        if row.mentor_gender:
            may &= self.gender[mentors] == row.mentor_gender
        for name in self.arrays.required.get(request, ()):
            may &= np.array([self.round.mentors[mentor].key == name for mentor in mentors], dtype=np.bool_)
        places, mentors = places[may], mentors[may]
        worth = self.near[mentors, self.arrays.region[mentee]] + self.missing[mentors] + self.points.placed * self.arrays.priority[request]
        worth += self.points.continuity * (mentors == self.arrays.previous[mentee])
        worth += self.points.time * (self.liked[places] + self.arrays.mentee_likes[mentee][self.pattern[places]].sum(axis=1))
        kept = np.ones(len(places), dtype=np.bool_)
        for mentor, about, points in self.arrays.told_of_mentee.get(mentee, ()):
            if about in ("", subject):
                here = mentors == mentor
                if points is None:
                    kept &= ~here
                else:
                    worth[here] += points
        return places[kept], worth[kept]

    def _best_group(self, request: int) -> tuple[int, int]:
        """The gain of joining the best group there is, and that group's place, -1 where none can be joined."""
        mentee, subject = self.arrays.asks[request]
        places, worth = self._worth(request, np.array(self.joinable[subject], dtype=np.int64))
        grade, best = int(self.arrays.grade[mentee]), (0, -1)
        for place, own in zip(places.tolist(), worth.tolist(), strict=True):
            taught = self.teaching.get((subject, grade), ())
            if self.mentor[place] not in taught:
                continue
            gain = self._change(place, self.members[place], mentee)
            if gain is not None and (best[1] < 0 or own + gain > best[0]):
                best = (own + gain, place)
        return best

    def _change(self, place: int, requests: list[int], mentee: int) -> int | None:
        """What this mentee's coming changes for a group as a whole; `None` where they cannot sit together (rules 1, 3, 9, 12)."""
        arrays, rules, points = self.arrays, self.rules, self.points
        others = [int(arrays.asker[request]) for request in requests]
        if len(others) >= mentor_max_size(self.round.mentors[self.mentor[place]], self.round.policy):
            return None
        grades = [int(arrays.grade[other]) for other in others]
        now = max(grades) - min(grades)
        later = max(*grades, int(arrays.grade[mentee])) - min(*grades, int(arrays.grade[mentee]))
        if later > rules.max_grade_gap or arrays.region_class[others[0]] != arrays.region_class[mentee]:
            return None
        gain = points.grade_gap * (later - now)
        gain += points.off_target * (abs(len(others) + 1 - rules.target_size) - abs(len(others) - rules.target_size))
        gain += points.region_mix * all(arrays.region[other] != arrays.region[mentee] for other in others)
        for other in others:
            pair = two(self.round.mentees[mentee].key, self.round.mentees[other].key)
            if pair in self.said.apart:
                return None
            gain += self.said.peers.get(pair, 0)
        return gain

    def _open_with_others(self, request: int, places: Ints) -> None:
        """Opens a group of `min_size` at the first of these places where enough others wait who gain from it."""
        for place in places.tolist():
            chosen = self._companions(request, place)
            if len(chosen) == self.rules.min_size:
                self._open(place, self.arrays.asks[request][1], chosen)
                return

    def _companions(self, request: int, place: int) -> list[int]:
        """The request and the best others waiting that can come to this place, up to `min_size`."""
        arrays = self.arrays
        mentee, subject = arrays.asks[request]
        asked = arrays.by_subject[subject]
        asked = asked[self.waiting[asked]]
        mentees = arrays.asker[asked]
        mentor = int(self.mentor[place])
        may = (self.left[mentees] > 0) & (mentees != mentee) & self.free[mentees[:, None], self.pattern[place]].all(axis=1)
        may &= np.abs(arrays.grade[mentees] - arrays.grade[mentee]) <= self.rules.max_grade_gap
        may &= (arrays.region_class[mentees] == arrays.region_class[mentee]) & self.serves[mentor, arrays.region[mentees]]
        asked = asked[may]
        likely = asked[np.argsort(-arrays.priority[asked], kind="stable")][: 4 * TRIES]
        chosen = [request]
        while len(chosen) < self.rules.min_size:
            best, gain_of_best = -1, 0
            for other in likely.tolist():
                who = int(arrays.asker[other])
                worth = self._worth(other, np.array([place]))[1]
                change = self._change(place, chosen, who) if len(worth) and other not in chosen else None
                if change is None or mentor not in self.teaching.get((subject, int(arrays.grade[who])), ()):
                    continue
                gain = int(worth[0]) + change + self.points.first_seat * self._is_new(who)
                if gain > gain_of_best:
                    best, gain_of_best = other, gain
            if best < 0:
                break
            chosen.append(best)
        return chosen

    def _open(self, place: int, subject: str, requests: list[int]) -> None:
        mentor = self.mentor[place]
        self.members[place], self.subject[place] = [], subject
        self.joinable[subject].append(place)
        self.room[mentor] -= 1
        self.used[mentor] = True
        own = slice(self.first[mentor], self.first[mentor + 1])
        busy = self.too_close[self.pattern[place]].any(axis=0)
        self.open[own] &= ~busy[self.pattern[own]].any(axis=1) & (self.room[mentor] > 0)
        for request in requests:
            self._seat(place, request)

    def _seat(self, place: int, request: int) -> None:
        mentee, subject = self.arrays.asks[request]
        self.members[place].append(request)
        self.waiting[request] = False
        self.left[mentee] -= 1
        self.free[mentee] &= ~self.clashes[self.pattern[place]].any(axis=0)
        if len(self.members[place]) >= mentor_max_size(self.round.mentors[self.mentor[place]], self.round.policy):
            self.joinable[subject].remove(place)

    def groups(self) -> tuple[Group, ...]:
        """The groups formed."""
        round, arrays = self.round, self.arrays
        return tuple(
            Group(
                key=f"g-{place:06d}",
                mentor=round.mentors[self.mentor[place]].key,
                subject=self.subject[place],
                meetings=arrays.meetings(self.pattern[place]),
                members=tuple(sorted(round.mentees[arrays.asker[request]].key for request in requests)),
            )
            for place, requests in sorted(self.members.items())
        )
