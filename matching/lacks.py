"""What is missing where no group with a request could stand: a sentence for each reason but `no_seat` (ROUND.md, Out: `detail`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matching.case import Case
from matching.check_reasons import People, chosen, coming, meetings_of_many
from matching.result import Reason
from matching.round import GroupPolicy, MemberRegions, Mentee, Mentor, Pair, Round
from matching.rules import gender_suits, is_used, mentor_max_groups, mentor_max_size, serves, teaches
from matching.sentences import Sentence, in_turn
from matching.week import DAY_MINUTES, Meetings, patterns


def missing(people: People, mentee: Mentee, subject: str, reason: Reason) -> Sentence:
    """Names what is missing for this request, whose true reason this is; `no_seat` is told from the plan and not here."""
    mentors = people.teaching.get(subject, ())
    if reason is Reason.NO_MENTOR:
        return _no_mentor(people, mentee, subject, mentors)
    could = [mentor for mentor in mentors if people.eligible(mentor, mentee, subject)]
    if reason is Reason.NO_TIME:
        return _none_in_time(people, mentee, subject, could)
    return _no_group(people, mentee, subject, could)


def _no_mentor(people: People, mentee: Mentee, subject: str, mentors: Sequence[Mentor]) -> Sentence:
    """The first condition that leaves no mentor."""
    if not mentors:
        return Sentence("nobody teaches %(subject)s", subject=subject)
    left, who = list(mentors), Sentence("of %(subject)s", subject=subject)
    for what, holds in _conditions(people, mentee, subject):
        still = [mentor for mentor in left if holds(mentor)]
        if not still:
            return _none_of(left, who, what)
        left = still
        who = Sentence("of %(subject)s at grade %(grade)s who could be asked", subject=subject, grade=mentee.grade)
    if len(left) == 1:
        return Sentence(
            "pairs.csv forbids %(mentor)s who could have %(mentee)s for %(subject)s", mentor=left[0].key, mentee=mentee.key, subject=subject
        )
    return Sentence(
        "pairs.csv forbids each of the %(count)s mentors who could have %(mentee)s for %(subject)s",
        count=len(left),
        mentee=mentee.key,
        subject=subject,
    )


def _conditions(people: People, mentee: Mentee, subject: str) -> list[tuple[Sentence, Callable[[Mentor], bool]]]:
    """What rules 3, 8 and 10 ask of a mentor for this request, in words that follow `does not`."""
    policy = people.case.policy
    return [
        (
            Sentence("teach %(subject)s at grade %(grade)s", subject=subject, grade=mentee.grade),
            lambda mentor: teaches(mentor, subject, mentee.grade),
        ),
        (Sentence("have the gender asked for (%(gender)s)", gender=mentee.mentor_gender), lambda mentor: gender_suits(mentor, mentee)),
        (
            Sentence("serve %(region)s", region=mentee.region) if mentee.region else Sentence("serve mentees without a region"),
            lambda mentor: serves(mentor, mentee.region),
        ),
        (Sentence("cover min_weeks (%(weeks)s) weeks of the term", weeks=policy.mentor.min_weeks), lambda mentor: is_used(mentor, policy)),
    ]


def keeps_apart(people: People, mentor: Mentor, mentee: Mentee, subject: str) -> Sentence:
    """Why this mentor may not have this mentee for this subject, who is not eligible."""
    for what, holds in _conditions(people, mentee, subject):
        if not holds(mentor):
            return Sentence("%(mentor)s does not %(what)s", mentor=mentor.key, what=what)
    return Sentence(
        "pairs.csv forbids %(mentor)s to have %(mentee)s for %(subject)s", mentor=mentor.key, mentee=mentee.key, subject=subject
    )


def why_never(round: Round, pair: Pair) -> str | None:
    """Why a mentor could not have a mentee even if nobody else were there; None where one condition alone does not say it."""
    people, mentor, mentee = People(Case.of(round)), round.mentor_of[pair.mentor], round.mentee_of[pair.mentee]
    subjects = [pair.subject] if pair.subject else [request.subject for request in mentee.requests]
    asked = [subject for subject in subjects if any(request.subject == subject for request in mentee.requests)]
    if not asked:
        return f"{mentee.key} does not ask for {pair.subject}"
    able = [subject for subject in asked if people.eligible(mentor, mentee, subject)]
    if not able:
        return keeps_apart(people, mentor, mentee, asked[0])
    if not _share_time(people, mentor, mentee):
        return _no_time(people, mentee, [mentor])
    if not people.most_groups[mentor.key]:
        return room_for_no_group(people, mentor)
    return None


def _share_time(people: People, mentor: Mentor, mentee: Mentee) -> bool:
    rule = people.case.policy.group
    return next(patterns(people.shared_starts(mentor, mentee), rule.meetings_per_week, rule.same_time), None) is not None


def _none_in_time(people: People, mentee: Mentee, subject: str, mentors: Sequence[Mentor]) -> Sentence:
    """What `_no_time` says; and who would have time, were it not for a row of pairs.csv."""
    why = _no_time(people, mentee, mentors)
    conditions = _conditions(people, mentee, subject)
    barred = [
        mentor
        for mentor in people.teaching.get(subject, ())
        if people.case.said.forbids(mentor.key, mentee.key, subject)
        and all(holds(mentor) for _, holds in conditions)
        and _share_time(people, mentor, mentee)
    ]
    if not barred:
        return why
    if len(barred) == 1:
        return Sentence("%(why)s; pairs.csv forbids %(mentor)s, who would have time", why=why, mentor=barred[0].key)
    return Sentence("%(why)s; pairs.csv forbids %(count)s mentors who would have time", why=why, count=len(barred))


def _no_time(people: People, mentee: Mentee, mentors: Sequence[Mentor]) -> Sentence:
    """How much time is shared at most, and with whom; or that there would be enough of it, if weekdays or times of day were others."""
    policy = people.case.policy.group
    week = _week(policy)
    if next(patterns(people.mentee_starts[mentee.key], policy.meetings_per_week, policy.same_time), None) is None:
        times = in_turn(mentee.availability) if mentee.availability else Sentence("none is given")
        return Sentence("%(mentee)s has no time for %(week)s: %(times)s", mentee=mentee.key, week=week, times=times)
    who, what = Sentence("who may have %(mentee)s", mentee=mentee.key), Sentence("share time for %(week)s", week=week)
    nobody = _none_of(mentors, who, what)
    days, closest = max(((_days(people, mentor, mentee), mentor) for mentor in mentors), key=lambda each: each[0])
    if days >= policy.meetings_per_week:
        return Sentence(
            "%(nobody)s: on %(days)s weekdays there is time with %(mentor)s, but not at one time of day",
            nobody=nobody,
            days=days,
            mentor=closest.key,
        )
    if days:
        return Sentence(
            "%(nobody)s: there is time on %(days)s of %(count)s weekdays at most, with %(mentor)s",
            nobody=nobody,
            days=days,
            count=policy.meetings_per_week,
            mentor=closest.key,
        )
    most, nearest = 0, mentors[0]
    for mentor in mentors:
        shared = sum(max(0, min(a.end, b.end) - max(a.start, b.start)) for a in mentor.availability for b in mentee.availability)
        if shared > most:
            most, nearest = shared, mentor
    if not most:
        return Sentence("%(nobody)s, and no other time either", nobody=nobody)
    return Sentence("%(nobody)s: the most is %(minutes)s minutes, with %(mentor)s", nobody=nobody, minutes=most, mentor=nearest.key)


def _days(people: People, mentor: Mentor, mentee: Mentee) -> int:
    """On how many weekdays the two could meet."""
    return len({start // DAY_MINUTES for start in people.shared_starts(mentor, mentee)})


def _no_group(people: People, mentee: Mentee, subject: str, mentors: Sequence[Mentor]) -> Sentence:
    """Whether mentors who share a time may have no group, or how many others could come at most."""
    rule = people.case.policy.group
    sharing = [mentor for mentor in mentors if _share_time(people, mentor, mentee)]
    able = [mentor for mentor in sharing if people.most_groups[mentor.key] and people.allowed(mentor, mentee, subject)]
    if not able:
        nobody = _none_of(sharing, Sentence("with a time for %(mentee)s", mentee=mentee.key), Sentence("have room for a group"))
        return Sentence("%(nobody)s: %(why)s", nobody=nobody, why=room_for_no_group(people, sharing[0]))
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


def little_company(rule: GroupPolicy, mentee: Mentee, subject: str, found: tuple[int, str, Meetings]) -> Sentence:
    """That too few can come, or too few of those may sit together; `found` is how many there are at most, and to whom they come when."""
    others = _others(rule, mentee, subject)
    number, key, meetings = found
    if number < 1:
        return Sentence(
            "a group needs %(size)s members, and of %(others)s nobody can come when %(mentee)s and a mentor can",
            size=rule.min_size,
            others=others,
            mentee=mentee.key,
        )
    if number < rule.min_size - 1:
        return Sentence(
            "a group needs %(size)s members, and of %(others)s at most %(number)s can come when %(mentee)s can, "
            "to %(mentor)s at %(meetings)s",
            size=rule.min_size,
            others=others,
            number=number,
            mentee=mentee.key,
            mentor=key,
            meetings=meetings,
        )
    return Sentence(
        "a group needs %(size)s members, and of %(others)s too few may sit together of the %(number)s "
        "who can come to %(mentor)s at %(meetings)s",
        size=rule.min_size,
        others=others,
        number=number,
        mentor=key,
        meetings=meetings,
    )


def _others(rule: GroupPolicy, mentee: Mentee, subject: str) -> Sentence:
    """With whom the mentee could sit, as far as grade, subject and region go."""
    match rule.member_regions:
        case MemberRegions.ANY:
            return Sentence("others near grade %(grade)s who asked for %(subject)s", grade=mentee.grade, subject=subject)
        case MemberRegions.NEAR:
            return Sentence(
                "others of a region nearby, near grade %(grade)s, who asked for %(subject)s", grade=mentee.grade, subject=subject
            )
        case MemberRegions.SAME:
            return Sentence(
                "others of the same region, near grade %(grade)s, who asked for %(subject)s", grade=mentee.grade, subject=subject
            )


def room_for_no_group(people: People, mentor: Mentor) -> Sentence:
    """Why a mentor may have no group, who may be used."""
    policy = people.case.policy
    if mentor_max_size(mentor, policy) < policy.group.min_size:
        return Sentence("max_size of %(mentor)s is below min_size (%(size)s)", mentor=mentor.key, size=policy.group.min_size)
    if mentor_max_groups(mentor, policy) < 1:
        return Sentence("max_groups of %(mentor)s is 0", mentor=mentor.key)
    if mentor.max_weekly_minutes is not None and not people.most_groups[mentor.key]:
        return Sentence(
            "max_weekly_minutes of %(mentor)s (%(minutes)s) is less than one group takes",
            mentor=mentor.key,
            minutes=mentor.max_weekly_minutes,
        )
    return Sentence("pairs.csv requires another mentor than %(mentor)s", mentor=mentor.key)


def _none_of(mentors: Sequence[Mentor], who: Sentence, what: Sentence) -> Sentence:
    if len(mentors) == 1:
        return Sentence("%(mentor)s, the only mentor %(who)s, does not %(what)s", mentor=mentors[0].key, who=who, what=what)
    return Sentence("the %(count)s mentors %(who)s do not %(what)s", count=len(mentors), who=who, what=what)


def _week(rule: GroupPolicy) -> Sentence:
    if rule.meetings_per_week == 1:
        return Sentence("a meeting of %(minutes)s minutes", minutes=rule.session_minutes)
    return Sentence("%(count)s meetings of %(minutes)s minutes", count=rule.meetings_per_week, minutes=rule.session_minutes)
