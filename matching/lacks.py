"""What is missing where no group with a request could stand: a sentence for each reason but `no_seat` (ROUND.md, Out: `detail`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matching.check_reasons import People, chosen, coming, meetings_of_many
from matching.result import Reason
from matching.round import GroupPolicy, MemberRegions, Mentee, Mentor
from matching.rules import gender_suits, is_used, mentor_max_groups, mentor_max_size, serves, teaches
from matching.week import Meetings, patterns, write_meetings


def missing(people: People, mentee: Mentee, subject: str, reason: Reason) -> str:
    """Names what is missing for this request, whose true reason this is; `no_seat` is told from the plan and not here."""
    mentors = people.teaching.get(subject, ())
    if reason is Reason.NO_MENTOR:
        return _no_mentor(people, mentee, subject, mentors)
    could = [mentor for mentor in mentors if people.eligible(mentor, mentee, subject)]
    if reason is Reason.NO_TIME:
        return _no_time(people, mentee, could)
    return _no_group(people, mentee, subject, could)


def _no_mentor(people: People, mentee: Mentee, subject: str, mentors: Sequence[Mentor]) -> str:
    """The first condition that leaves no mentor."""
    if not mentors:
        return f"nobody teaches {subject}"
    left, who = list(mentors), f"of {subject}"
    for what, holds in _conditions(people, mentee, subject):
        still = [mentor for mentor in left if holds(mentor)]
        if not still:
            return _none_of(left, who, what)
        left, who = still, f"of {subject} at grade {mentee.grade} who could be asked"
    whom = left[0].key if len(left) == 1 else f"each of the {len(left)} mentors"
    return f"pairs.csv forbids {whom} who could have {mentee.key} for {subject}"


def _conditions(people: People, mentee: Mentee, subject: str) -> list[tuple[str, Callable[[Mentor], bool]]]:
    """What rules 3, 8 and 10 ask of a mentor for this request, in words that follow `does not`."""
    policy = people.case.policy
    return [
        (f"teach {subject} at grade {mentee.grade}", lambda mentor: teaches(mentor, subject, mentee.grade)),
        (f"have the gender asked for ({mentee.mentor_gender})", lambda mentor: gender_suits(mentor, mentee)),
        (f"serve {mentee.region or 'mentees without a region'}", lambda mentor: serves(mentor, mentee.region)),
        (f"cover min_weeks ({policy.mentor.min_weeks}) weeks of the term", lambda mentor: is_used(mentor, policy)),
    ]


def keeps_apart(people: People, mentor: Mentor, mentee: Mentee, subject: str) -> str:
    """Why this mentor may not have this mentee for this subject, who is not eligible."""
    for what, holds in _conditions(people, mentee, subject):
        if not holds(mentor):
            return f"{mentor.key} does not {what}"
    return f"pairs.csv forbids {mentor.key} to have {mentee.key} for {subject}"


def _no_time(people: People, mentee: Mentee, mentors: Sequence[Mentor]) -> str:
    """How much time is shared at most, and with whom."""
    policy = people.case.policy.group
    week = f"{_meetings(policy.meetings_per_week)} of {policy.session_minutes} minutes"
    if next(patterns(people.mentee_starts[mentee.key], policy.meetings_per_week, policy.same_time), None) is None:
        return f"{mentee.key} has no time for {week}: {_times(mentee)}"
    most, nearest = 0, mentors[0]
    for mentor in mentors:
        shared = sum(max(0, min(a.end, b.end) - max(a.start, b.start)) for a in mentor.availability for b in mentee.availability)
        if shared > most:
            most, nearest = shared, mentor
    nobody = _none_of(mentors, f"who may have {mentee.key}", f"share time for {week}")
    return f"{nobody}: the most is {most} minutes, with {nearest.key}" if most else f"{nobody}, nor any other"


def _no_group(people: People, mentee: Mentee, subject: str, mentors: Sequence[Mentor]) -> str:
    """Whether mentors who share a time may have no group, or how many others could come at most."""
    rule = people.case.policy.group
    sharing = [
        mentor
        for mentor in mentors
        if next(patterns(people.shared_starts(mentor, mentee), rule.meetings_per_week, rule.same_time), None) is not None
    ]
    able = [mentor for mentor in sharing if people.most_groups[mentor.key] and people.allowed(mentor, mentee, subject)]
    if not able:
        return f"{_none_of(sharing, f'with a time for {mentee.key}', 'have room for a group')}: {room_for_no_group(people, sharing[0])}"
    found: tuple[int, str, Meetings] = (-1, "", ())
    others = [other for other in people.asking.get(subject, ()) if other is not mentee and people.may_sit(mentee, other)]
    for mentor in able:
        fit = [other for other in others if people.eligible(mentor, other, subject)]
        when = coming(people.shared_starts(mentor, mentee), [people.mentee_starts[other.key] for other in fit])
        for meetings, who in meetings_of_many(when, rule, 1):
            number = len(chosen(who, fit))
            if number > found[0]:
                found = (number, mentor.key, meetings)
    return little_company(rule, mentee, subject, found)


def little_company(rule: GroupPolicy, mentee: Mentee, subject: str, found: tuple[int, str, Meetings]) -> str:
    """That too few can come, or too few of those may sit together; `found` is how many there are at most, and to whom they come when."""
    region = "" if rule.member_regions is MemberRegions.ANY else f" of a {rule.member_regions} region"
    needs = f"a group needs {rule.min_size} members, and of others{region} near grade {mentee.grade} who asked for {subject}"
    number, key, meetings = found
    if number < 1:
        return f"{needs} nobody can come when {mentee.key} and a mentor can"
    at = f"to {key} at {write_meetings(meetings)}"
    if number < rule.min_size - 1:
        return f"{needs} at most {number} can come when {mentee.key} can, {at}"
    return f"{needs} too few may sit together of the {number} who can come {at}"


def room_for_no_group(people: People, mentor: Mentor) -> str:
    """Why a mentor may have no group, who may be used."""
    policy = people.case.policy
    if mentor_max_size(mentor, policy) < policy.group.min_size:
        return f"max_size of {mentor.key} is below min_size ({policy.group.min_size})"
    if mentor_max_groups(mentor, policy) < 1:
        return f"max_groups of {mentor.key} is 0"
    if mentor.max_weekly_minutes is not None and not people.most_groups[mentor.key]:
        return f"max_weekly_minutes of {mentor.key} ({mentor.max_weekly_minutes}) is less than one group takes"
    return f"pairs.csv requires another mentor than {mentor.key}"


def _none_of(mentors: Sequence[Mentor], who: str, do: str) -> str:
    if len(mentors) == 1:
        return f"{mentors[0].key}, the only mentor {who}, does not {do}"
    return f"the {len(mentors)} mentors {who} do not {do}"


def _meetings(number: int) -> str:
    return "a meeting" if number == 1 else f"{number} meetings"


def _times(mentee: Mentee) -> str:
    return "; ".join(str(stretch) for stretch in mentee.availability) or "none is given"
