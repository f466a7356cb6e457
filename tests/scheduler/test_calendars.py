"""Who sees which sessions, for how long, and what of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, event, select, update
from sqlalchemy.orm import Session as DbSession

from data.database import reading, transaction
from data.feeds import Audience
from data.groups import Group, Membership
from data.people import Mentee, Mentor, Person
from data.program_settings import change_setting
from data.programs import Program, Term
from data.records import Record, record
from data.sessions import Kind, Presence, Series, Session, State
from data.settings import BadSettings, Language, read_settings
from scheduler.calendars import HasLeft
from scheduler.changes import cancel as cancel_session, move as move_session, restore
from scheduler.feed import Entry, rendered
from scheduler.feed_words import given_name
from scheduler.group_changes import leave
from scheduler.links import change_link
from tests.scheduler.feed_checker import faults
from tests.subscribed import DAY, FIRST, NOW, a_taught_term, seen, subscribed
from tests.taught import a_group, a_session

SCHOOL = "봉화새빛중학교"
ON_23_MARCH = dt.date(2027, 3, 23)
EVERYBODY = [
    pytest.param(Audience.MENTOR, "m-01", id="its mentor"),
    pytest.param(Audience.MENTEE, "s-01", id="a mentee in it"),
    pytest.param(Audience.GROUP, "g-1", id="the group"),
    pytest.param(Audience.SCHOOL, SCHOOL, id="a school of a mentee in it"),
    pytest.param(Audience.PROGRAM, "", id="the program"),
]
NOBODY = [
    pytest.param(Audience.MENTOR, "m-02", id="another mentor"),
    pytest.param(Audience.MENTEE, "s-20", id="another mentee"),
    pytest.param(Audience.SCHOOL, "another", id="another school"),
]


def starts(entries: tuple[Entry, ...]) -> list[dt.datetime]:
    return [entry.starts_at for entry in entries]


def weeks(*numbers: int) -> list[dt.datetime]:
    return [FIRST + number * 7 * DAY for number in numbers]


def changed(database: Engine, week: int, change: Callable[[DbSession, Session], None]) -> None:
    """Changes the session of a week, now."""
    with transaction(database) as db:
        session = of_week(db, week)
        change(db, session)
        session.changed_at, session.sequence = NOW, session.sequence + 1


def of_week(db: DbSession, week: int) -> Session:
    return db.scalars(select(Session).where(Session.original_start == FIRST + week * 7 * DAY)).one()


def mentee(db: DbSession, key: str) -> Mentee:
    return db.scalars(select(Mentee).where(Mentee.key == key)).one()


def program(db: DbSession) -> Program:
    return db.scalars(select(Program)).one()


def cancel(_: DbSession, session: Session) -> None:
    session.state = State.CANCELLED


def move(_: DbSession, session: Session) -> None:
    session.starts_at, session.ends_at = FIRST + 9 * DAY, FIRST + 9 * DAY + dt.timedelta(hours=1)


def give(db: DbSession, session: Session) -> None:
    session.mentor_id = db.scalars(select(Mentor.id).where(Mentor.key == "m-02")).one()


@pytest.mark.parametrize(("audience", "owner"), EVERYBODY)
def test_all_whom_a_group_concerns_see_its_sessions_in_order_of_time(database: Engine, audience: Audience, owner: str) -> None:
    term = a_taught_term(database)
    feed = seen(database, subscribed(database, term, audience, owner)).feed
    assert starts(feed.entries) == weeks(0, 1, 2, 3)
    assert faults(rendered(feed)) == []


@pytest.mark.parametrize(("audience", "owner"), NOBODY)
def test_others_see_an_empty_feed(database: Engine, audience: Audience, owner: str) -> None:
    """FEEDS.md F22."""
    term = a_taught_term(database)
    subscription = subscribed(database, term, audience, owner)
    feed = seen(database, subscription).feed
    assert feed.entries == ()
    assert faults(rendered(feed)) == []
    assert rendered(seen(database, subscription, NOW + DAY).feed) == rendered(feed)


def test_it_takes_few_statements_however_many_sessions_there_are(database: Engine) -> None:
    term = a_taught_term(database, weeks=12)
    subscription = subscribed(database, term, Audience.MENTOR, "m-01")
    statements: list[str] = []
    event.listen(database, "before_cursor_execute", lambda *told: statements.append(told[2]))
    assert len(seen(database, subscription).feed.entries) == 12
    assert len([one for one in statements if one.startswith("SELECT")]) <= 8  # two of them are for the rows it is asked about


def test_a_mentee_sees_a_group_only_while_in_it(database: Engine) -> None:
    term = a_taught_term(database)
    with transaction(database) as db:
        one = db.scalars(select(Membership).join(Mentee).where(Mentee.key == "s-01")).one()
        one.from_on, one.until_on = dt.date(2027, 3, 9), dt.date(2027, 3, 23)
    assert starts(seen(database, subscribed(database, term, Audience.MENTEE, "s-01")).feed.entries) == weeks(1, 2)
    entries = seen(database, subscribed(database, term, Audience.GROUP, "g-1")).feed.entries
    assert [entry.lines for entry in entries] == [("1 mentee",), ("2 mentees",), ("2 mentees",), ("1 mentee",)]


def test_a_mentee_who_comes_back_sees_each_session_once(database: Engine) -> None:
    term = a_taught_term(database)
    with transaction(database) as db:
        one = db.scalars(select(Membership).join(Mentee).where(Mentee.key == "s-01")).one()
        one.until_on = dt.date(2027, 3, 9)
        db.add(Membership(group_id=one.group_id, mentee_id=one.mentee_id, from_on=dt.date(2027, 3, 16)))
    assert starts(seen(database, subscribed(database, term, Audience.MENTEE, "s-01")).feed.entries) == weeks(0, 2, 3)


def test_a_school_sees_its_own_mentees_only(database: Engine) -> None:
    term = a_taught_term(database, names="given")
    with transaction(database) as db:
        db.scalars(select(Mentee).where(Mentee.key == "s-02")).one().school = "another"
    for school, name in ((SCHOOL, "서준"), ("another", "민서")):
        entry = seen(database, subscribed(database, term, Audience.SCHOOL, school)).feed.entries[0]
        assert (entry.lines[0], entry.lines[2:]) == ("Group g-1", (name, "1 mentee"))


def test_a_cancelled_session_stays_for_the_settings_days_and_is_then_dropped(database: Engine) -> None:
    """FEEDS.md F12."""
    term = a_taught_term(database, cancelled_days=3)
    subscription = subscribed(database, term, Audience.MENTEE, "s-01")
    changed(database, 3, cancel)
    now = seen(database, subscription)
    assert [entry.cancelled for entry in now.feed.entries] == [False, False, False, True]
    assert now.feed.entries[3].sequence == 1
    last = NOW + 3 * DAY - dt.timedelta(seconds=1)
    assert len(seen(database, subscription, last).feed.entries) == 4
    assert seen(database, subscription, last).fresh_until == NOW + 3 * DAY
    assert starts(seen(database, subscription, NOW + 3 * DAY).feed.entries) == weeks(0, 1, 2)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda db, group, at: change_link(db, group, "https://meet.example/1", by="x", now=at), id="another link"),
        pytest.param(lambda db, group, at: leave(db, group, mentee(db, "s-02"), ON_23_MARCH, by="x", now=at), id="a member less"),
        pytest.param(lambda db, _, at: change_setting(db, program(db), "names", "given", by="x", now=at), id="another setting"),
    ],
)
def test_what_was_dropped_long_ago_stays_so_when_something_else_changes(
    database: Engine, change: Callable[[DbSession, Group, dt.datetime], object]
) -> None:
    """FEEDS.md F12."""
    term = a_taught_term(database, cancelled_days=3)
    subscription = subscribed(database, term, Audience.GROUP, "g-1")
    with transaction(database) as db:
        cancel_session(db, of_week(db, 3), by="x", now=NOW, reason="ill")
    assert starts(seen(database, subscription, NOW + 3 * DAY).feed.entries) == weeks(0, 1, 2)
    later = NOW + 4 * DAY
    with transaction(database) as db:
        change(db, db.scalars(select(Group)).one(), later)
        assert of_week(db, 3).changed_at == later
    assert starts(seen(database, subscription, later).feed.entries) == weeks(0, 1, 2)
    with transaction(database) as db:
        restore(db, of_week(db, 3), by="x", now=later)
    assert starts(seen(database, subscription, later).feed.entries) == weeks(0, 1, 2, 3)
    with transaction(database) as db:
        cancel_session(db, of_week(db, 3), by="x", now=later, reason="ill again")
    assert starts(seen(database, subscription, later + 2 * DAY).feed.entries) == weeks(0, 1, 2, 3)


def test_a_session_that_is_given_to_a_substitute_is_theirs_and_cancelled_for_the_other_until_it_is_over(database: Engine) -> None:
    term = a_taught_term(database, names="given")
    gave, took = (subscribed(database, term, Audience.MENTOR, key) for key in ("m-01", "m-02"))
    changed(database, 1, move)
    changed(database, 1, give)
    theirs = seen(database, took).feed.entries
    assert (starts(theirs), theirs[0].cancelled, theirs[0].lines[0]) == ([FIRST + 9 * DAY], False, "Mentor: 이도윤")
    given = seen(database, gave)
    assert [(entry.starts_at, entry.cancelled) for entry in given.feed.entries] == [
        (weeks(0)[0], False),
        (FIRST + 9 * DAY, True),
        (weeks(2)[0], False),
        (weeks(3)[0], False),
    ]
    assert seen(database, gave, FIRST + 9 * DAY).fresh_until == FIRST + 9 * DAY + dt.timedelta(hours=1)
    assert starts(seen(database, gave, FIRST + 10 * DAY).feed.entries) == weeks(0, 2, 3)


def test_the_window_begins_so_many_days_back_at_midnight_of_the_terms_zone(database: Engine) -> None:
    """FEEDS.md F22."""
    term = a_taught_term(database)
    subscription = subscribed(database, term, Audience.GROUP, "g-1", days_back=8)
    assert starts(seen(database, subscription).feed.entries) == weeks(0, 1, 2, 3)  # Tuesday of last week is eight days back
    midnight = dt.datetime(2027, 3, 10, 15, tzinfo=dt.UTC)
    assert seen(database, subscription).fresh_until == midnight
    assert starts(seen(database, subscription, midnight - dt.timedelta(seconds=1)).feed.entries) == weeks(0, 1, 2, 3)
    assert starts(seen(database, subscription, midnight).feed.entries) == weeks(1, 2, 3)


def test_what_nothing_changes_is_looked_at_again_after_a_day(database: Engine) -> None:
    term = a_taught_term(database)
    assert seen(database, subscribed(database, term, Audience.GROUP, "g-1")).fresh_until == NOW + DAY


@pytest.mark.parametrize(("audience", "key", "kind"), [(Audience.MENTOR, "m-01", Mentor), (Audience.MENTEE, "s-01", Mentee)])
def test_who_leaves_has_a_feed_until_that_day_and_none_from_it_on(
    database: Engine, audience: Audience, key: str, kind: type[Mentor | Mentee]
) -> None:
    """FEEDS.md F21."""
    term = a_taught_term(database)
    subscription = subscribed(database, term, audience, key)
    with transaction(database) as db:
        db.execute(update(kind).where(kind.key == key).values(left_on=dt.date(2027, 3, 11)))
    midnight = dt.datetime(2027, 3, 10, 15, tzinfo=dt.UTC)
    assert seen(database, subscription).fresh_until == midnight
    with pytest.raises(HasLeft):
        seen(database, subscription, midnight)


def test_names_are_shown_only_as_the_settings_say(database: Engine) -> None:
    """Nor does what is moved, cancelled or recorded tell more than the rest: a reason, a note or a topic names people, too (F14)."""
    term = a_taught_term(database)
    with transaction(database) as db:
        for person in db.scalars(select(Person)):
            person.email = f"{person.key}@example.org"
        said = Record(
            attendance={"s-01": Presence.LATE, "s-02": Presence.PRESENT}, minutes=60, topic="서준 1", note="민서 2", tasks=("하늘 3",)
        )
        record(db, of_week(db, 0), said, by="m-01", now=NOW)
        move_session(db, of_week(db, 2), FIRST + 17 * DAY, by="office", now=NOW, reason="서준 4")
        cancel_session(db, of_week(db, 3), by="office", now=NOW, reason="민서 5")
    for audience, owner in ((Audience.MENTOR, "m-01"), (Audience.MENTEE, "s-01"), (Audience.GROUP, "g-1"), (Audience.SCHOOL, SCHOOL)):
        feed = seen(database, subscribed(database, term, audience, owner)).feed
        assert len(feed.entries) == 4
        assert [one.cancelled for one in feed.entries] == [False, False, False, True]
        told = rendered(feed).decode().replace("\r\n ", "")
        assert not [word for word in ("서준", "민서", "하늘", "example.org", "s-01", "m-01", "M-01") if word in told]


def test_given_names_are_no_full_names(database: Engine) -> None:
    """FEEDS.md F14."""
    term = a_taught_term(database, names="given")
    entry = seen(database, subscribed(database, term, Audience.MENTOR, "m-01", language=Language.KO)).feed.entries[0]
    assert entry.lines == ("멘토: 김하늘", "서준, 민서", "멘티 2명")


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("이서준", "서준"),
        ("남궁민수", "민수"),
        ("남궁", "궁"),
        ("김 하늘", "하늘"),
        ("陳怡君", "怡君"),
        ("歐陽娜娜", "娜娜"),
        ("김 빛나라", "빛나라"),
        ("응우옌호", "호"),
        ("응우옌민호", ""),
        ("김민서 (형)", ""),
        ("Ana Silva", "Ana"),
        ("Kim Minseo", "Minseo"),
        ("Minseo Kim", "Minseo"),
        ("Nguyen Van An", ""),
        ("Tran Thi Mai", "Mai"),
        ("Zoë O'Neill", "Zoë"),
        ("Анна Иванова", "Анна"),
        ("Ana", ""),
        ("김민지(Minji Kim)", ""),
        ("김민지, 5학년", ""),
        ("Silva, Ana", ""),
        ("김", ""),
        ("", ""),
    ],
)
def test_of_a_name_the_family_name_is_left_out(name: str, given: str) -> None:
    """FEEDS.md F14."""
    assert given_name(name) == given


@pytest.mark.parametrize(
    ("language", "title", "lines"),
    [
        (Language.KO, "math 멘토링", ("멘티 2명",)),
        (Language.EN, "math tutoring", ("2 mentees",)),
        (Language.ZH_TW, "math 課輔", ("學員 2 位",)),
    ],
)
def test_a_subscriber_is_spoken_to_in_their_language(database: Engine, language: Language, title: str, lines: tuple[str, ...]) -> None:
    term = a_taught_term(database)
    feed = seen(database, subscribed(database, term, Audience.MENTEE, "s-01", language=language, alarms=(60,))).feed
    assert (feed.entries[0].title, feed.entries[0].lines, feed.alarms, feed.language) == (title, lines, (60,), language)


def test_a_subject_is_called_as_the_program_calls_it_in_the_readers_language(database: Engine) -> None:
    term = a_taught_term(database, subjects={"math": {"ko": "수학", "zh-TW": "數學 {mentor}"}, "art": {"en": "Painting"}})
    for language, title in ((Language.KO, "수학 멘토링"), (Language.EN, "math tutoring"), (Language.ZH_TW, "數學 {mentor} 課輔")):
        feed = seen(database, subscribed(database, term, Audience.MENTEE, "s-01", language=language)).feed
        assert feed.entries[0].title == title


def test_a_title_may_name_the_mentor_where_the_program_says_so(database: Engine) -> None:
    term = a_taught_term(database, titles={"en": "{subject} with {mentor}"})
    assert seen(database, subscribed(database, term, Audience.MENTEE, "s-01")).feed.entries[0].title == "math with 김하늘"


def test_the_link_is_the_groups_own_or_made_by_the_programs_template(database: Engine) -> None:
    """FEEDS.md F13."""
    term = a_taught_term(database, link="https://meet.example/{group}")
    subscription = subscribed(database, term, Audience.MENTEE, "s-01")
    assert seen(database, subscription).feed.entries[0].link == "https://meet.example/g-1"
    with transaction(database) as db:
        db.scalars(select(Group)).one().link = "https://own.example"
    assert seen(database, subscription).feed.entries[0].link == "https://own.example"


def test_settings_that_cannot_be_are_left_out_and_the_feed_goes_on(database: Engine) -> None:
    term = a_taught_term(database)
    with transaction(database) as db:
        row, faulty = program(db), {"link": "https://meet.example/{room}", "names": "all", "cancelled_days": 0, "nonsense": 1}
        row.settings = faulty | {"titles": {"en": "{subject} with {mentor}"}}
    entry = seen(database, subscribed(database, term, Audience.MENTEE, "s-01")).feed.entries[0]
    assert (entry.title, entry.link, entry.lines) == ("math with 김하늘", "", ("2 mentees",))
    with reading(database) as db, pytest.raises(BadSettings) as bad:
        read_settings(program(db).settings)
    assert [line.partition(":")[0] for line in bad.value.lines] == ["names", "link", "cancelled_days", "nonsense"]


def test_other_kinds_and_make_ups_say_what_they_are(database: Engine) -> None:
    term = a_taught_term(database)
    with transaction(database) as db:
        series = db.scalars(select(Series)).one()
        first = db.scalars(select(Session).order_by(Session.starts_at)).first()
        assert first is not None
        a_session(db, series, FIRST + 40 * DAY).makes_up_id = first.id
        a_session(db, a_counselling(db, series), FIRST + 41 * DAY)
    entries = seen(database, subscribed(database, term, Audience.GROUP, "g-1")).feed.entries
    assert entries[-2].lines == ("Make-up session", "2 mentees")
    assert entries[-1].title == "Counselling"


def a_counselling(db: DbSession, of: Series) -> Series:
    series = Series(group_id=of.group_id, kind=Kind.COUNSELLING, meetings=[1140], session_minutes=60, from_on=of.from_on)
    db.add(series)
    db.flush()
    return series


def test_a_program_sees_all_its_terms_and_no_others(database: Engine) -> None:
    term = a_taught_term(database, weeks=1)
    with transaction(database) as db:
        later = Term(program_id=term.program_id, key="later", zone="America/New_York", first_on=dt.date(2027, 9, 1))
        db.add(later)
        db.flush()
        mentor = db.scalars(select(Mentor).where(Mentor.key == "m-01")).one()
        db.add(Mentor(term_id=later.id, person_id=mentor.person_id, key="m-01", subjects="math:7", availability="Mon 18:00-21:00"))
        db.flush()
        a_session(db, a_group(db, later, "g-9", members=()), FIRST + 200 * DAY)
    for audience, owner in ((Audience.PROGRAM, ""), (Audience.MENTOR, "m-01")):
        feed = seen(database, subscribed(database, term, audience, owner)).feed
        assert (starts(feed.entries), feed.zone) == ([FIRST, FIRST + 200 * DAY], "America/New_York")
    assert seen(database, subscribed(database, term, Audience.GROUP, "g-1")).feed.name == "Rural tutoring · g-1"
