"""The rules of a round, one function for each, as sentences that a result keeps or breaks (ROUND.md, Rules).

A rule of single groups takes a case and one group of it, a rule of whole results takes the case; each yields its violations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations, pairwise

from matching.case import Case, Seated, Violation
from matching.round import Mentee, Mentor
from matching.rules import (
    gender_suits,
    is_used,
    mentee_max_groups,
    mentor_max_groups,
    mentor_max_size,
    missing_weeks,
    regions_lie_close,
    serves,
    teaches,
    term_weeks,
)
from matching.week import DAY_MINUTES, WEEK_MINUTES, Meetings, inside, write_meetings

Found = Iterator[Violation]


def _in_group(one: Seated, source: str, sentence: str) -> Violation:
    return Violation(source=source, place=f"group {one.group.key}", sentence=sentence)


def _when(meetings: Meetings) -> str:
    """Meetings as a person reads them, also where they lie outside the week."""
    if all(0 <= start < WEEK_MINUTES for start in meetings):
        return write_meetings(meetings)
    return "; ".join(f"minute {start}" for start in meetings)


# --- single groups ----------------------------------------------------------------------------------------------------------------


def size_fits(case: Case, one: Seated) -> Found:
    """A group has `min_size` to `max_size` members, and at most the mentor's own `max_size` (ROUND.md rule 1)."""
    size, least, most = len(one.group.members), case.policy.group.min_size, mentor_max_size(one.mentor, case.policy)
    if not least <= size <= most:
        yield _in_group(one, "rule 1", f"{size} members, but {least} to {most} are allowed with {one.mentor.key}")


def members_differ(_case: Case, one: Seated) -> Found:
    """The members of a group are different mentees (ROUND.md rule 1)."""
    for mentee, times in Counter(one.group.members).items():
        if times > 1:
            yield _in_group(one, "rule 1", f"{mentee} is a member {times} times")


def members_asked(case: Case, one: Seated) -> Found:
    """Each member of a group requested its subject (ROUND.md rule 1)."""
    for member in one.members:
        if (member.key, one.group.subject) not in case.priority:
            yield _in_group(one, "rule 1", f"{member.key} did not ask for {one.group.subject}")


def meets_so_often(case: Case, one: Seated) -> Found:
    """A group meets `meetings_per_week` times a week (ROUND.md rule 2)."""
    often, asked = len(one.group.meetings), case.policy.group.meetings_per_week
    if often != asked:
        yield _in_group(one, "rule 2", f"{often} meetings a week, but it should be {asked}")


def meets_on_different_weekdays(_case: Case, one: Seated) -> Found:
    """The meetings of a group are on different weekdays (ROUND.md rule 2)."""
    if len({start // DAY_MINUTES for start in one.group.meetings}) < len(one.group.meetings):
        yield _in_group(one, "rule 2", f"two meetings on one weekday: {_when(one.group.meetings)}")


def meets_at_one_time(case: Case, one: Seated) -> Found:
    """With `same_time` the meetings of a group start at one time of day (ROUND.md rule 2)."""
    if case.policy.group.same_time and len({start % DAY_MINUTES for start in one.group.meetings}) > 1:
        yield _in_group(one, "rule 2", f"different times of day: {_when(one.group.meetings)}")


def meetings_are_in_order(_case: Case, one: Seated) -> Found:
    """The meetings of a group are written in week order (ROUND.md, Out)."""
    if list(one.group.meetings) != sorted(one.group.meetings):
        yield _in_group(one, "groups.csv", f"meetings out of week order: {_when(one.group.meetings)}")


def mentor_teaches_members(_case: Case, one: Seated) -> Found:
    """The mentor teaches the subject at every member's grade (ROUND.md rule 3)."""
    for member in one.members:
        if not teaches(one.mentor, one.group.subject, member.grade):
            yield _in_group(one, "rule 3", f"{one.mentor.key} does not teach {one.group.subject} at {member.key}'s grade {member.grade}")


def grades_lie_close(case: Case, one: Seated) -> Found:
    """The highest grade of a group is at most `max_grade_gap` above its lowest (ROUND.md rule 3)."""
    grades = [member.grade for member in one.members]
    if grades and max(grades) - min(grades) > case.policy.group.max_grade_gap:
        yield _in_group(one, "rule 3", f"grades {min(grades)} to {max(grades)}, more than {case.policy.group.max_grade_gap} apart")


def everybody_is_free(case: Case, one: Seated) -> Found:
    """Each meeting lies inside one stretch of the mentor's and of every member's availability (ROUND.md rule 4)."""
    people: tuple[Mentor | Mentee, ...] = (one.mentor, *one.members)
    for start in one.group.meetings:
        for person in people:
            if not inside(start, start + case.policy.group.session_minutes, person.availability):
                yield _in_group(one, "rule 4", f"{person.key} is not available at {_when((start,))}")


def meetings_start_on_the_grid(case: Case, one: Seated) -> Found:
    """Meetings start on multiples of `start_every_minutes`, counted from 00:00 (ROUND.md rule 4)."""
    for start in one.group.meetings:
        if start % DAY_MINUTES % case.policy.group.start_every_minutes:
            yield _in_group(
                one, "rule 4", f"{_when((start,))} is no multiple of {case.policy.group.start_every_minutes} minutes from 00:00"
            )


def mentor_serves_members(_case: Case, one: Seated) -> Found:
    """A mentor with `regions` serves only mentees whose region one of them covers (ROUND.md rule 8)."""
    for member in one.members:
        if not serves(one.mentor, member.region):
            yield _in_group(one, "rule 8", f"{one.mentor.key} does not serve {member.key}'s region {member.region or '(none)'}")


def mentor_has_the_gender_asked(_case: Case, one: Seated) -> Found:
    """A mentee's `mentor_gender` equals the mentor's gender (ROUND.md rule 8)."""
    for member in one.members:
        if not gender_suits(one.mentor, member):
            yield _in_group(one, "rule 8", f"{member.key} asks for a mentor of gender {member.mentor_gender}, unlike {one.mentor.key}")


def member_regions_lie_close(case: Case, one: Seated) -> Found:
    """Any two members' regions are as close as `member_regions` asks (ROUND.md rule 9)."""
    allowed = case.policy.group.member_regions
    for a, b in combinations(one.members, 2):
        if not regions_lie_close(a.region, b.region, allowed):
            yield _in_group(
                one, "rule 9", f"the regions of {a.key} and {b.key} are not {allowed}: {a.region or '(none)'}, {b.region or '(none)'}"
            )


def mentor_covers_the_term(case: Case, one: Seated) -> Found:
    """A mentor who covers fewer than `min_weeks` weeks of the term is not used (ROUND.md rule 10)."""
    if not is_used(one.mentor, case.policy):
        weeks = len(term_weeks(case.policy.program))
        covered = weeks - missing_weeks(one.mentor, case.policy.program)
        yield _in_group(one, "rule 10", f"{one.mentor.key} covers {covered} weeks, fewer than {min(case.policy.mentor.min_weeks, weeks)}")


def forbidden_pairs_do_not_meet(case: Case, one: Seated) -> Found:
    """A request does not go to a mentor with whom it is forbidden (ROUND.md rule 11)."""
    for member in one.members:
        if case.said.forbids(one.mentor.key, member.key, one.group.subject):
            yield _in_group(one, "rule 11", f"{member.key} is forbidden with {one.mentor.key}")


def apart_holds(case: Case, one: Seated) -> Found:
    """Two mentees said to be apart are never in one group (ROUND.md rule 12)."""
    if case.said.apart:
        for a, b in combinations(one.members, 2):
            if case.said.are_apart(a.key, b.key):
                yield _in_group(one, "rule 12", f"{a.key} and {b.key} must be apart")


GROUP_RULES: tuple[Callable[[Case, Seated], Found], ...] = (
    size_fits,
    members_differ,
    members_asked,
    meets_so_often,
    meets_on_different_weekdays,
    meets_at_one_time,
    meetings_are_in_order,
    mentor_teaches_members,
    grades_lie_close,
    everybody_is_free,
    meetings_start_on_the_grid,
    mentor_serves_members,
    mentor_has_the_gender_asked,
    member_regions_lie_close,
    mentor_covers_the_term,
    forbidden_pairs_do_not_meet,
    apart_holds,
)
"""What one group keeps or breaks, whoever else is placed."""


# --- whole results ----------------------------------------------------------------------------------------------------------------


def keys_are_known(case: Case) -> Found:
    """The mentor and the members of every group are of this round (ROUND.md, Out)."""
    for group in case.groups:
        if group.mentor not in case.round.mentor_of:
            yield Violation(source="groups.csv", place=f"group {group.key}", sentence=f"no such mentor: {group.mentor}")
        for mentee in group.members:
            if mentee not in case.round.mentee_of:
                yield Violation(source="members.csv", place=f"group {group.key}", sentence=f"no such mentee: {mentee}")


def group_keys_differ(case: Case) -> Found:
    """No two groups have the same group_id (ROUND.md, Out)."""
    for key, times in Counter(group.key for group in case.groups).items():
        if times > 1:
            yield Violation(source="groups.csv", place=f"group {key}", sentence=f"there are {times} groups of this key")


def mentors_meetings_lie_apart(case: Case) -> Found:
    """Two meetings of a mentor never overlap, and on one day `buffer_minutes` lie between them (ROUND.md rule 5)."""
    length, buffer = case.policy.group.session_minutes, case.policy.group.buffer_minutes
    for mentor, taught in case.taught.items():
        for a, b in pairwise(sorted(start for one in taught for start in one.group.meetings)):
            if b < a + length + (buffer if a // DAY_MINUTES == b // DAY_MINUTES else 0):
                yield Violation(source="rule 5", place=f"mentor {mentor}", sentence=f"meetings too close: {_when((a, b))}")


def mentees_meetings_do_not_overlap(case: Case) -> Found:
    """Two meetings of a mentee never overlap (ROUND.md rule 5)."""
    for mentee, attended in case.attended.items():
        for a, b in pairwise(sorted(start for one in attended for start in one.group.meetings)):
            if b < a + case.policy.group.session_minutes:
                yield Violation(source="rule 5", place=f"mentee {mentee}", sentence=f"meetings overlap: {_when((a, b))}")


def mentors_have_few_enough_groups(case: Case) -> Found:
    """A mentor has at most `max_groups` groups (ROUND.md rule 6)."""
    for mentor, taught in case.taught.items():
        most = mentor_max_groups(taught[0].mentor, case.policy)
        if len(taught) > most:
            yield Violation(source="rule 6", place=f"mentor {mentor}", sentence=f"{len(taught)} groups, but at most {most} are allowed")


def mentors_teach_short_enough(case: Case) -> Found:
    """A mentor with `max_weekly_minutes` has at most so many minutes of meetings a week (ROUND.md rule 6)."""
    for mentor, taught in case.taught.items():
        most = taught[0].mentor.max_weekly_minutes
        minutes = sum(len(one.group.meetings) for one in taught) * case.policy.group.session_minutes
        if most is not None and minutes > most:
            yield Violation(source="rule 6", place=f"mentor {mentor}", sentence=f"{minutes} minutes a week, but at most {most} are allowed")


def requests_are_placed_once(case: Case) -> Found:
    """A request is in at most one group (ROUND.md rule 7)."""
    placed = Counter((mentee, one.group.subject) for one in case.seated for mentee in {member.key for member in one.members})
    for (mentee, subject), times in placed.items():
        if times > 1:
            yield Violation(source="rule 7", place=f"mentee {mentee}", sentence=f"the request for {subject} is in {times} groups")


def mentees_have_few_enough_groups(case: Case) -> Found:
    """A mentee is in at most `max_groups` groups (ROUND.md rule 7)."""
    for mentee, attended in case.attended.items():
        most = mentee_max_groups(case.round.mentee_of[mentee])
        if len(attended) > most:
            yield Violation(source="rule 7", place=f"mentee {mentee}", sentence=f"{len(attended)} groups, but at most {most} are allowed")


def required_pairs_meet(case: Case) -> Found:
    """A request that a row requires goes to that mentor; an empty subject speaks of each of the mentee's requests (ROUND.md rule 11)."""
    for (mentee, said), mentors in case.said.required.items():
        for subject in [said] if said else [request.subject for request in case.round.mentee_of[mentee].requests]:
            place = f"mentee {mentee}"
            got = {one.mentor.key for one in case.attended.get(mentee, ()) if one.group.subject == subject}
            for mentor in sorted(mentors - got):
                yield Violation(source="rule 11", place=place, sentence=f"{subject} is required with {mentor}")
            if got - mentors and not mentors - got:
                yield Violation(source="rule 11", place=place, sentence=f"{subject} is also with {', '.join(sorted(got - mentors))}")


RESULT_RULES: tuple[Callable[[Case], Found], ...] = (
    keys_are_known,
    group_keys_differ,
    mentors_meetings_lie_apart,
    mentees_meetings_do_not_overlap,
    mentors_have_few_enough_groups,
    mentors_teach_short_enough,
    requests_are_placed_once,
    mentees_have_few_enough_groups,
    required_pairs_meet,
)
"""What the groups of a result keep or break together."""


def stands_alone(case: Case, one: Seated) -> bool:
    """Whether this group breaks no rule of single groups."""
    return not any(violation for rule in GROUP_RULES for violation in rule(case, one))


def violations(case: Case) -> Iterator[Violation]:
    """Everything in a result that breaks a rule: group by group, then what the groups break together."""
    for one in case.seated:
        for group_rule in GROUP_RULES:
            yield from group_rule(case, one)
    for rule in RESULT_RULES:
        yield from rule(case)
