"""Arranges required requests, and who else their groups need, with CP-SAT: whether they can all be held, and how.

Only groups with a required request matter: any other can be left out. Nothing is worth more than anything else here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from matching.cpsat import status_of
from matching.result import Group
from matching.round import Mentee, Mentor, Pair, Peers, Policy, Round
from matching.rules import Said, eligible, mentee_max_groups, mentor_max_size, most_groups, region_class, starts_of
from matching.week import DAY_MINUTES, Meetings, patterns

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

Row = Pair | Peers
"""A row of pairs.csv or peers.csv."""

Asked = tuple[str, str]
"""A request, by mentee and subject."""

FEW_PATTERNS = 60
FEW_FILLERS = 12
"""What is tried first of each mentor and subject, and of each group: mostly enough, and much smaller than everything."""


class Ended(Exception):
    """An arrangement did not come to an end: the time is over, somebody has asked to stop, or too much work was done already."""


class Outcome(Enum):
    """Whether an arrangement was found, proven impossible, or neither within the work allowed."""

    HELD = "held"
    IMPOSSIBLE = "impossible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What came of arranging; `groups` only where it was held, and `cut` where not everything was tried."""

    outcome: Outcome
    groups: tuple[Group, ...] = ()
    cut: bool = False


IMPOSSIBLE = Arrangement(Outcome.IMPOSSIBLE)


@dataclass(frozen=True, slots=True)
class Table:
    """A group that may be held: a mentor, a subject and meetings, with the variables of who may sit in it, by mentee."""

    mentor: Mentor
    subject: str
    meetings: Meetings
    held: cp_model.IntVar
    required: dict[str, cp_model.IntVar] = field(default_factory=dict)
    fillers: dict[str, cp_model.IntVar] = field(default_factory=dict)


class Arranger:
    """Arranges required requests of one round, for any choice of its rows."""

    def __init__(self, round: Round, left: Callable[[], float]) -> None:
        """`left` gives the seconds until all must end, 0 as soon as somebody has asked to stop."""
        self.round, self.left = round, left
        self.spent = 0.0
        """The work done so far, in deterministic seconds of CP-SAT."""
        self.policy = round.policy.group
        self.free: dict[str, frozenset[int]] = {}
        self.asking: dict[str, list[Mentee]] = defaultdict(list)
        for mentee in round.mentees:
            for request in mentee.requests:
                self.asking[request.subject].append(mentee)

    def arrange(self, rows: Sequence[Row], work: float, *, everything: bool = True) -> Arrangement:
        """Groups that hold what these rows say, as if there were no others; `work` are deterministic seconds of CP-SAT at most.

        Unless `everything` is tried, only some meetings and members are: then nothing is ever found impossible that needs them.

        Raises
        ------
        Ended
            There was no time to come to any outcome.
        """
        self.go_on()
        said = Said.of(
            replace(self.round, pairs=tuple(r for r in rows if isinstance(r, Pair)), peers=tuple(r for r in rows if isinstance(r, Peers)))
        )
        wanted = self._wanted(said)
        if wanted is None:
            return IMPOSSIBLE
        model = _Model(self, said, wanted, everything=everything)
        if not model.may_hold:
            return IMPOSSIBLE
        arrangement = model.solve(work)
        if model.cut and arrangement.outcome is not Outcome.HELD:
            return Arrangement(Outcome.UNKNOWN, cut=True)
        return arrangement

    def go_on(self) -> None:
        """Raises `Ended` where no time is left."""
        if self.left() <= 0:
            raise Ended

    def free_starts(self, mentee: Mentee) -> frozenset[int]:
        """The starts at which the mentee can meet."""
        if mentee.key not in self.free:
            self.free[mentee.key] = frozenset(starts_of(mentee, self.policy))
        return self.free[mentee.key]

    def _wanted(self, said: Said) -> dict[Asked, Mentor] | None:
        """The mentor of each required request; `None` where one has two, was not asked for or may not have its mentor, or where
        they are more than a mentee may have groups or a mentor seats."""
        wanted: dict[Asked, Mentor] = {}
        for (key, subject), mentors in said.required.items():
            mentee = self.round.mentee_of[key]
            asked = [request.subject for request in mentee.requests]
            for each in [subject] if subject else asked:
                mentor = self.round.mentor_of[min(mentors)]
                if len(mentors) > 1 or each not in asked or wanted.get((key, each), mentor) is not mentor:
                    return None
                if not eligible(mentor, mentee, each, self.round.policy, said):
                    return None
                wanted[key, each] = mentor
        of_mentee = Counter(key for key, _ in wanted)
        if any(number > mentee_max_groups(self.round.mentee_of[key]) for key, number in of_mentee.items()):
            return None
        of_mentor = Counter(mentor.key for mentor in wanted.values())
        if any(number > most_seats(self.round.mentor_of[key], self.round.policy) for key, number in of_mentor.items()):
            return None
        return wanted


class _Model:
    """One CP-SAT model: a variable for each table, and for each mentee at each table."""

    def __init__(self, arranger: Arranger, said: Said, wanted: Mapping[Asked, Mentor], *, everything: bool) -> None:
        from ortools.sat.python import cp_model

        self.arranger, self.said, self.wanted, self.everything = arranger, said, wanted, everything
        self.round, self.policy = arranger.round, arranger.policy
        self.cut = False
        """Whether something was left out of the model that could be needed."""
        self.model = cp_model.CpModel()
        self.tables: list[Table] = []
        self.turn = 0
        of_mentor: dict[tuple[str, str], list[Mentee]] = defaultdict(list)
        for (key, subject), mentor in wanted.items():
            of_mentor[mentor.key, subject].append(self.round.mentee_of[key])
        self.may_hold = all(most_groups(mentor, self.round.policy) for mentor in wanted.values())
        if self.may_hold:
            for (key, subject), mentees in of_mentor.items():
                self.tables += self._tables(self.round.mentor_of[key], subject, mentees)
            self.may_hold = all(self._place_required())
        if self.may_hold:
            for table in self.tables:
                arranger.go_on()
                self._seat_together(table)
            self._keep_mentors_apart()
            self._keep_mentees_apart()

    def _tables(self, mentor: Mentor, subject: str, mentees: Sequence[Mentee]) -> Iterator[Table]:
        """The tables of a mentor and subject at which at least one of the required mentees can sit, with everybody who may."""
        starts, policy = starts_of(mentor, self.policy), self.policy
        wanted_at: dict[Meetings, list[Mentee]] = {}
        for mentee in mentees:
            free = self.arranger.free_starts(mentee)
            of_mentee = patterns((start for start in starts if start in free), policy.meetings_per_week, policy.same_time)
            for n, meetings in enumerate(of_mentee):
                self.arranger.go_on()
                if n >= FEW_PATTERNS and not self.everything:
                    self.cut = True
                    break
                wanted_at.setdefault(meetings, [])
        for mentee in mentees:
            self.arranger.go_on()
            free = self.arranger.free_starts(mentee)
            for meetings, sitting in wanted_at.items():
                if free.issuperset(meetings):
                    sitting.append(mentee)
        others = self._others(mentor, subject) if policy.min_size > 1 else []
        for meetings, sitting in wanted_at.items():
            self.arranger.go_on()
            table = Table(mentor, subject, meetings, self.model.new_bool_var(""))
            table.required.update((mentee.key, self.model.new_bool_var("")) for mentee in sitting)
            table.fillers.update((mentee.key, self.model.new_bool_var("")) for mentee in self._fillers(others, meetings, sitting))
            yield table

    def _others(self, mentor: Mentor, subject: str) -> list[Mentee]:
        """The mentees who asked for the subject, are not required for it, and may have this mentor."""
        return [
            mentee
            for mentee in self.arranger.asking[subject]
            if (mentee.key, subject) not in self.wanted
            and mentee_max_groups(mentee) > 0
            and eligible(mentor, mentee, subject, self.round.policy, self.said)
        ]

    def _fillers(self, others: Sequence[Mentee], meetings: Meetings, sitting: Sequence[Mentee]) -> Sequence[Mentee]:
        """Those of the others who can come and could sit with one of the required: all of them, or some, each time others."""
        coming = [
            mentee
            for mentee in others
            if self.arranger.free_starts(mentee).issuperset(meetings) and any(self._could_sit(mentee, member) for member in sitting)
        ]
        most = max(FEW_FILLERS, 2 * self.policy.min_size)
        if self.everything or len(coming) <= most:
            return coming
        self.cut = True
        self.turn = (self.turn + most) % len(coming)
        return (coming[self.turn :] + coming[: self.turn])[:most]

    def _could_sit(self, a: Mentee, b: Mentee) -> bool:
        near = self.policy.member_regions
        return abs(a.grade - b.grade) <= self.policy.max_grade_gap and region_class(a.region, near) == region_class(b.region, near)

    def _place_required(self) -> Iterator[bool]:
        """Each required request sits at exactly one table (ROUND.md rules 7 and 11); says whether there is any for it."""
        seats: dict[Asked, list[cp_model.IntVar]] = defaultdict(list)
        for table in self.tables:
            for key, seat in table.required.items():
                seats[key, table.subject].append(seat)
        for asked in self.wanted:
            if seats[asked]:
                self.model.add_exactly_one(seats[asked])
            yield bool(seats[asked])

    def _seat_together(self, table: Table) -> None:
        """Who sits at a held table is neither too few nor too many, and may sit together (ROUND.md rules 1, 3, 9 and 12)."""
        model, seats = self.model, {**table.required, **table.fillers}
        for seat in seats.values():
            model.add_implication(seat, table.held)
        model.add(sum(seats.values()) >= self.policy.min_size * table.held)
        model.add(sum(seats.values()) <= mentor_max_size(table.mentor, self.round.policy) * table.held)
        mentees = {key: self.round.mentee_of[key] for key in seats}
        grades = sorted({mentee.grade for mentee in mentees.values()})
        gap = self.policy.max_grade_gap
        if grades[-1] - grades[0] > gap:
            lowest = {grade: model.new_bool_var("") for grade in grades}
            model.add_exactly_one(lowest.values())
            for key, seat in seats.items():
                grade = mentees[key].grade
                model.add_bool_or([seat.negated(), *(low for at, low in lowest.items() if at <= grade <= at + gap)])
        classes = {key: region_class(mentee.region, self.policy.member_regions) for key, mentee in mentees.items()}
        if len(set(classes.values())) > 1:
            chosen = {each: model.new_bool_var("") for each in dict.fromkeys(classes.values())}
            model.add_exactly_one(chosen.values())
            for key, seat in seats.items():
                model.add_implication(seat, chosen[classes[key]])
        for one, other in sorted(self.said.apart):
            if one in seats and other in seats:
                model.add_at_most_one(seats[one], seats[other])

    def _keep_mentors_apart(self) -> None:
        """A mentor's groups are few enough, and their meetings lie apart (ROUND.md rules 5 and 6)."""
        of_mentor: dict[str, list[Table]] = defaultdict(list)
        for table in self.tables:
            of_mentor[table.mentor.key].append(table)
        for tables in of_mentor.values():
            self.arranger.go_on()
            self.model.add(sum(table.held for table in tables) <= most_groups(tables[0].mentor, self.round.policy))
            self._no_overlap([(table.meetings, table.held) for table in tables], self.policy.session_minutes + self.policy.buffer_minutes)

    def _keep_mentees_apart(self) -> None:
        """A mentee's groups are few enough, none is for the same request, and their meetings lie apart (ROUND.md rules 5 and 7)."""
        of_mentee: dict[str, dict[str, list[tuple[Meetings, cp_model.IntVar]]]] = defaultdict(lambda: defaultdict(list))
        for table in self.tables:
            for key, seat in (*table.required.items(), *table.fillers.items()):
                of_mentee[key][table.subject].append((table.meetings, seat))
        for key, requests in of_mentee.items():
            self.arranger.go_on()
            for subject, seats in requests.items():
                if (key, subject) not in self.wanted:
                    self.model.add_at_most_one(seat for _, seat in seats)
            everywhere = [seat for seats in requests.values() for seat in seats]
            if len(requests) > 1:
                self._no_overlap(everywhere, self.policy.session_minutes)
            most = mentee_max_groups(self.round.mentee_of[key])
            if len(requests) > most:
                self.model.add(sum(seat for _, seat in everywhere) <= most)

    def _no_overlap(self, meant: Sequence[tuple[Meetings, cp_model.IntVar]], minutes: int) -> None:
        """Of all that is on at one start, `minutes` from the beginning of its meeting and on the same day, at most one is held."""
        at_start: dict[int, list[cp_model.IntVar]] = defaultdict(list)
        for meetings, chosen in meant:
            for start in meetings:
                at_start[start].append(chosen)
        days: dict[int, list[int]] = defaultdict(list)
        for start in sorted(at_start):
            days[start // DAY_MINUTES].append(start)
        for starts in days.values():
            for start in starts:
                on = [chosen for earlier in starts if earlier <= start < earlier + minutes for chosen in at_start[earlier]]
                if len(on) > 1:
                    self.model.add_at_most_one(on)

    def solve(self, work: float) -> Arrangement:
        """One worker, a fixed seed, limits counted in work: the same model always comes to the same arrangement.

        That nothing is possible is believed only if a solve without presolve says the same (or-tools issues 5274 and 5295).
        """
        from ortools.sat.python import cp_model

        for presolve in (True, False):
            solver = cp_model.CpSolver()
            solver.parameters.num_workers = 1
            solver.parameters.linearization_level = 2
            solver.parameters.random_seed = 1
            solver.parameters.max_deterministic_time = work
            solver.parameters.presolve_inclusion_work_limit = 0  # or-tools issue 5293
            solver.parameters.cp_model_presolve = presolve
            status = status_of(solver, self.model, self.arranger.left)
            self.arranger.spent += solver.response_proto.deterministic_time
            if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
                return Arrangement(Outcome.HELD, tuple(self._read(solver)))
            if status != cp_model.INFEASIBLE:
                self.arranger.go_on()
                return Arrangement(Outcome.UNKNOWN)
        return IMPOSSIBLE

    def _read(self, solver: cp_model.CpSolver) -> Iterator[Group]:
        """The groups held, without those that nobody required sits in, and with no more others than they need."""
        number = 0
        for table in sorted(self.tables, key=lambda table: (table.mentor.key, table.subject, table.meetings)):
            required = _seated(solver, table.required)
            if required:
                number += 1
                fillers = _seated(solver, table.fillers)[: max(0, self.policy.min_size - len(required))]
                yield Group(
                    key=f"g-{number:05d}",
                    mentor=table.mentor.key,
                    subject=table.subject,
                    meetings=table.meetings,
                    members=tuple(sorted((*required, *fillers))),
                )


def most_seats(mentor: Mentor, policy: Policy) -> int:
    """A mentor has at most so many seats in all groups together (ROUND.md rules 1 and 6)."""
    return most_groups(mentor, policy) * mentor_max_size(mentor, policy)


def _seated(solver: cp_model.CpSolver, seats: Mapping[str, cp_model.IntVar]) -> list[str]:
    return sorted(key for key, seat in seats.items() if solver.boolean_value(seat))
