"""What becomes of each job that is late, or runs twice: what its own words say of it, job by job."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import pytest
from sqlalchemy import Engine, select

from data.access import Right, Role
from data.accounts import account_for, close_account, find_account
from data.audit import Deed, write_down
from data.base import new_id
from data.clients import Token, issue, make_client
from data.database import reading, transaction
from data.erasures import Erasure
from data.events import Event, Happening, happened
from data.feeds import Audience, calendar_of, look_up, revoke, subscribe
from data.grants import Account
from data.leases import claim
from data.matches import ask_match
from data.outbox import About, Message, Notice, about_session, mark_sent, write
from data.people import Mentor, Person
from data.programs import Organisation, Program, Term
from data.replies import Answer, Reply, Retriable, keep
from data.retention import ACCOUNTS_KEPT, PERIODS, Kept
from data.roles import Given, give_role, roles_in, take_role
from data.rounds import Match, Run, RunState
from data.runs import Asked
from data.sessions import Booking, Session, Task
from data.settings import Language
from data.signed_in import Shown, Visit, enter
from data.telling import News, tell
from data.ticks import last_tick
from data.timetables import Timetable
from data.webhooks import make_webhook
from scheduler.erasure import erase_person
from scheduler.finding import mentor_named
from scheduler.hooks import Signer
from scheduler.jobs import HEARTBEAT, KEPT_FOR, Post, beat, jobs, remind
from scheduler.timetables import put, read
from tests.runs import NOW as QUEUED_AT, closed_term, queued
from tests.scheduler.lessons import HOUR, MONDAY, lessons, let_them_meet
from tests.scheduler.mailbox import Mailbox
from tests.scheduler.repairs import result
from tests.scheduler.test_hooks import SECRET, Receiver
from tests.scheduler.test_timetables import lectures
from tests.sessions import at, taught_term
from tests.solved import SOLVED_AT, done_run
from tests.terms import demo_round, demo_term

DAY = dt.timedelta(days=1)
WEEK = 7 * DAY
MONTH = 30 * DAY
BEFORE = MONDAY - HOUR


@dataclass(frozen=True, slots=True)
class World:
    """Where jobs run: a database, and those to whom messages go; what is `there` is so until the test ends."""

    database: Engine
    box: Mailbox
    receiver: Receiver
    there: ExitStack


@dataclass(frozen=True, slots=True)
class Late:
    """A job that should have run long before an instant: what is `seen` then, before it runs and after that, however often it does."""

    runs_at: dt.datetime
    seen: Callable[[], object]
    before: object
    after: object


def late_heartbeat(world: World) -> Late:
    def seen() -> object:
        with reading(world.database) as db:
            return last_tick(db, HEARTBEAT)

    beat(world.database, lambda: BEFORE)
    return Late(BEFORE + DAY, seen, BEFORE, BEFORE + DAY)


def late_producing(world: World) -> Late:
    """What has begun meanwhile is left out."""

    def seen() -> object:
        with reading(world.database) as db:
            return db.scalars(select(Session.starts_at).order_by(Session.starts_at)).all()

    lessons(world.database, [MONDAY])
    let_them_meet(world.database)
    return Late(BEFORE + 3 * WEEK, seen, [MONDAY], [MONDAY, *(MONDAY + n * WEEK for n in range(3, 12))])


def late_reminding(world: World) -> Late:
    """Of both times that have passed one is left; who has begun is not reminded."""
    lessons(world.database, [MONDAY, MONDAY - 2 * HOUR])
    return Late(MONDAY - HOUR / 2, partial(_written, world, 3), [], [("m-000@b.example", "60"), ("s-000@b.example", "60")])


def late_asking(world: World) -> Late:
    """Once for each session of the last 14 days."""
    lessons(world.database, [MONDAY, MONDAY - 12 * DAY])
    return Late(MONDAY + 3 * DAY, partial(_written, world, 2), [], [("m-000@b.example", "48")])


def late_reading(world: World) -> Late:
    """What a file says of the weeks that are left is known then."""

    def seen() -> object:
        with reading(world.database) as db:
            return db.scalars(select(Timetable.weekly)).all()

    _hand_in(world)
    return Late(at("2026-03-17 12:00"), seen, ["Mon 19:00-20:00"], [""])


def late_expiring(world: World) -> Late:
    def seen() -> object:
        with reading(world.database) as db:
            return [(run.state, run.leased_by) for run in db.scalars(select(Run))]

    queued(world.database, closed_term(world.database))
    with transaction(world.database) as db:
        assert claim(db, by="gone", now=QUEUED_AT, lease=dt.timedelta(seconds=20))
    return Late(QUEUED_AT + DAY, seen, [(RunState.RUNNING, "gone")], [(RunState.QUEUED, "")])


def late_forgetting_of_messages(world: World) -> Late:
    def seen() -> object:
        with reading(world.database) as db:
            return db.scalars(select(Message.key).order_by(Message.key)).all()

    with transaction(world.database) as db:
        write(db, [Notice(key=key, address="a@b.example", body={}) for key in ("sent", "waits")], now=BEFORE)
        mark_sent(db, db.scalars(select(Message).where(Message.key == "sent")).one(), now=BEFORE)
    return Late(BEFORE + KEPT_FOR + MONTH, seen, ["sent", "waits"], ["waits"])


def late_forgetting_of_links(world: World) -> Late:
    lessons(world.database, [MONDAY])
    with transaction(world.database) as db:
        calendar = calendar_of(db, db.scalars(select(Program.id)).one(), Audience.PROGRAM, "", BEFORE)
        subscribing = partial(subscribe, db, calendar, language=Language.EN, alarms=(), days_back=60, by="office", now=BEFORE)
        (phone, token), (_, other) = (subscribing(name=name) for name in ("my phone", "my desk"))
        revoke(db, str(phone.id), by="office", now=BEFORE)

    def seen() -> object:
        with reading(world.database) as db:
            return [look_up(db, one) is not None for one in (token, other)]

    return Late(BEFORE + kept(Kept.LINKS) + MONTH, seen, [True, True], [False, True])


def late_forgetting_of_results(world: World) -> Late:
    def seen() -> object:
        with reading(world.database) as db:
            return [run.result is not None for run in db.scalars(select(Run))]

    term = demo_term(world.database)
    with transaction(world.database) as db:
        done_run(db, db.get_one(Term, term.id), result())
    return Late(SOLVED_AT + kept(Kept.RESULTS) + MONTH, seen, [True], [False])


def late_forgetting_of_timetables(world: World) -> Late:
    def seen() -> object:
        with reading(world.database) as db:
            return len(db.scalars(select(Timetable)).all())

    _hand_in(world)
    return Late(at("2026-12-01 12:00"), seen, 1, 0)


def late_forgetting_of_events(world: World) -> Late:
    term = demo_term(world.database)

    def seen() -> object:
        with reading(world.database) as db:
            return [one.type for one in db.scalars(select(Event).where(Event.type.in_(("old", "young"))).order_by(Event.number))]

    with transaction(world.database) as db:
        happened(db, [Happening(term.program_id, "old", {})], now=BEFORE)
        happened(db, [Happening(term.program_id, "young", {})], now=BEFORE + MONTH + DAY)
    return Late(BEFORE + kept(Kept.EVENTS) + MONTH, seen, ["old", "young"], ["young"])


def kept(what: Kept) -> dt.timedelta:
    """For how long it is, where a program says nothing."""
    return dt.timedelta(days=PERIODS[what].days)


def late_forgetting_of_records(world: World) -> Late:
    def seen() -> object:
        with reading(world.database) as db:
            words = db.scalars(select(Session.note).where(Session.note != "")).all()
            return len(words), len(db.scalars(select(Task)).all()), sorted(set(db.scalars(select(Session.minutes_held))), key=str)

    lessons(world.database, [MONDAY])
    with transaction(world.database) as db:
        db.scalars(select(Term)).one().last_on = MONDAY.date()
        session = db.scalars(select(Session)).one()
        session.note, session.minutes_held = "was tired", 50
        db.add(Task(session_id=session.id, text="page 12"))
    return Late(MONDAY + kept(Kept.RECORDS) + MONTH, seen, (1, 1, [50]), (0, 0, [50]))


def late_forgetting_of_the_audit(world: World) -> Late:
    """Who read is forgotten before who changed something."""
    term = demo_term(world.database)

    def seen() -> object:
        with reading(world.database) as db:
            return db.scalars(select(Deed.what).order_by(Deed.at, Deed.what)).all()

    with transaction(world.database) as db:
        for at_, of in ((BEFORE, term.id), (BEFORE, None), (BEFORE + 2 * MONTH, term.id)):
            for what in ("mentees read", "policy changed"):
                write_down(db, at=at_, by="test", what=what, whom="term x", term=of)
    young = ["mentees read", "policy changed"]
    every = ["mentees read", "mentees read", "policy changed", "policy changed", *young]
    return Late(BEFORE + kept(Kept.READING) + MONTH, seen, every, ["policy changed", "policy changed", *young])


def late_forgetting_of_people(world: World) -> Late:
    """Those of a term that was over long ago, but not who is in another still."""

    def seen() -> object:
        with reading(world.database) as db:
            return sorted(db.scalars(select(Person.name)))

    lessons(world.database, [MONDAY])
    with transaction(world.database) as db:
        term = db.scalars(select(Term)).one()
        term.last_on = MONDAY.date()
        later = Term(id=new_id(), program_id=term.program_id, key="later", zone="Asia/Seoul", first_on=MONDAY.date())
        db.add(later)
        db.flush()
        teaches = db.scalars(select(Person.id).where(Person.key == "m-000")).one()
        db.add(Mentor(term_id=later.id, person_id=teaches, key="m-000", subjects="math:7", availability="Mon 18:00-21:00"))
    return Late(MONDAY + kept(Kept.PEOPLE) + MONTH, seen, ["Name of m-000", "Name of s-000"], ["", "Name of m-000"])


def late_forgetting_of_accounts(world: World) -> Late:
    """One that was closed, one that lost its role, and not one that has one."""

    def seen() -> object:
        with reading(world.database) as db:
            return sorted(db.scalars(select(Account.email)))

    term = taught_term(world.database)
    with transaction(world.database) as db:
        program = db.get_one(Program, term.program_id)
        for name in ("closed", "lost", "lost later", "owner"):
            give_role(db, None, program, f"{name.replace(' ', '-')}@example.org", Given(Role.OWNER), by="test", now=BEFORE)
        close_account(db, find_account(db, "closed@example.org"), by="test", now=BEFORE)
        for name, at_ in (("lost", BEFORE), ("lost-later", BEFORE + HOUR)):
            account = find_account(db, f"{name}@example.org")
            (role,) = db.scalars(roles_in(program.id).where(Account.id == account.id))
            take_role(db, None, program, str(role.id), by="test", now=at_)
    left = ["lost-later@example.org", "owner@example.org"]
    return Late(BEFORE + ACCOUNTS_KEPT, seen, sorted(["closed@example.org", "lost@example.org", *left]), left)


def late_forgetting_of_replies(world: World) -> Late:
    def seen() -> object:
        with reading(world.database) as db:
            return db.scalars(select(Reply.status).order_by(Reply.status)).all()

    with transaction(world.database) as db:
        keep(db, Retriable("a client", "1", bytes(32)), Answer(201, {}, b"old"), now=BEFORE)
        keep(db, Retriable("a client", "2", bytes(32)), Answer(204, {}, b"young"), now=BEFORE + MONTH)
    return Late(BEFORE + MONTH + HOUR, seen, [201, 204], [204])


def late_forgetting_of_tokens(world: World) -> Late:
    def seen() -> object:
        with reading(world.database) as db:
            return len(db.scalars(select(Token)).all())

    demo_term(world.database)
    with transaction(world.database) as db:
        client, secret = make_client(db, db.scalars(select(Organisation)).one(), "platform", tuple(Right), by="test", now=BEFORE)
        for at_ in (BEFORE, BEFORE + MONTH):
            assert issue(db, str(client.id), secret, None, now=at_)
    return Late(BEFORE + MONTH + HOUR / 2, seen, 2, 1)


def late_forgetting_of_matches(world: World) -> Late:
    def seen() -> object:
        with reading(world.database) as db:
            return db.scalars(select(Match.owner).order_by(Match.owner)).all()

    with transaction(world.database) as db:
        for owner, asked_at in (("old", BEFORE), ("young", BEFORE + MONTH)):
            ask_match(db, demo_round(), Asked(), owner=owner, now=asked_at)
    return Late(BEFORE + MONTH + HOUR, seen, ["old", "young"], ["young"])


def late_forgetting_of_sign_ins(world: World) -> Late:
    def seen() -> object:
        with reading(world.database) as db:
            return db.scalars(select(Visit.source).order_by(Visit.source)).all()

    with transaction(world.database) as db:
        account = account_for(db, "kim@example.org", by="test", now=BEFORE)
        for source, at_ in (("old", BEFORE), ("young", BEFORE + MONTH)):
            enter(db, account, Shown(at_, two_factors=False), source=source, agent="", now=at_)
    return Late(BEFORE + MONTH + HOUR, seen, ["old", "young"], ["young"])


def late_wiping(world: World) -> Late:
    def seen() -> object:
        with reading(world.database) as db:
            return db.scalars(select(Erasure.wiped_at)).all()

    demo_term(world.database)
    with transaction(world.database) as db:
        erase_person(db, db.scalars(select(Person).where(Person.key == "s-01")).one(), by="test", now=BEFORE)
    return Late(BEFORE + MONTH, seen, [None], [BEFORE + MONTH])


def late_mail(world: World) -> Late:
    """All that still makes sense: not the reminder of what has begun."""
    world.there.enter_context(world.box.up())
    [session] = lessons(world.database, [MONDAY])
    assert remind(world.database, lambda: BEFORE) == 2
    with transaction(world.database) as db:
        body = about_session(About.CHANGED, session)
        write(db, [Notice(key="changed", address="a@b.example", body=body)], now=BEFORE)
    return Late(MONDAY + DAY, lambda: [str(mail["To"]) for mail in world.box.arrived], [], ["a@b.example"])


def late_hooks(world: World) -> Late:
    """All of it."""
    [session] = lessons(world.database, [MONDAY])
    with transaction(world.database) as db:
        address = world.there.enter_context(world.receiver.up())
        make_webhook(db, db.scalars(select(Program)).one(), address, ["session.changed"], SECRET, by="test", now=MONDAY - 10 * DAY)
        people = db.scalars(select(Booking.person_id)).all()
        tell(db, [News(db.get_one(Session, session), people, About.CHANGED)], now=MONDAY - 9 * DAY)
    return Late(MONDAY + DAY, lambda: len(world.receiver.told), 0, 1)


LATE: Mapping[str, Callable[[World], Late]] = {
    "heartbeat": late_heartbeat,
    "produce sessions": late_producing,
    "remind": late_reminding,
    "ask for records": late_asking,
    "read timetables": late_reading,
    "expire runs": late_expiring,
    "forget": late_forgetting_of_messages,
    "forget links": late_forgetting_of_links,
    "forget results": late_forgetting_of_results,
    "forget matches": late_forgetting_of_matches,
    "forget sign-ins": late_forgetting_of_sign_ins,
    "forget timetables": late_forgetting_of_timetables,
    "forget events": late_forgetting_of_events,
    "forget records": late_forgetting_of_records,
    "forget audit": late_forgetting_of_the_audit,
    "forget people": late_forgetting_of_people,
    "forget accounts": late_forgetting_of_accounts,
    "forget replies": late_forgetting_of_replies,
    "forget tokens": late_forgetting_of_tokens,
    "wipe": late_wiping,
    "deliver mail": late_mail,
    "deliver webhooks": late_hooks,
}


@pytest.mark.parametrize("name", LATE)
def test_a_late_job_does_what_is_said_of_it_and_running_twice_does_nothing_more(database: Engine, name: str) -> None:
    box = Mailbox()
    work = {job.name: job.work for job in jobs(Post(box.server, Signer(SECRET, private=True)))}[name]
    with ExitStack() as there:
        late = LATE[name](World(database, box, Receiver(), there))
        assert late.seen() == late.before
        for _ in range(2):
            work(database, lambda: late.runs_at)
            assert late.seen() == late.after


def test_each_job_has_words_on_what_becomes_of_it_and_a_test_of_them() -> None:
    table = jobs(Post(Mailbox().server, Signer(SECRET)))
    assert [job.name for job in table] == list(LATE)
    for job in table:
        said = (job.work.func if isinstance(job.work, partial) else job.work).__doc__ or ""
        assert {"late", "twice", "never"} <= set(re.findall(r"[a-z]+", said.lower())), job.name


def _written(world: World, place: int) -> list[tuple[str, str]]:
    """To whom something was written, and what stands in a place of its key."""
    with reading(world.database) as db:
        return sorted((one.address, one.key.split(":")[place]) for one in db.scalars(select(Message)))


def _hand_in(world: World) -> None:
    """A file of lectures in the first two weeks of a term."""
    term = taught_term(world.database)
    now = at("2026-03-01 12:00")
    content = lectures("MO19").replace(b"WEEKLY", b"WEEKLY;COUNT=2")
    with transaction(world.database) as db:
        put(db, mentor_named(db, term, "m-1"), read(term, content, now), address="", by="test", now=now)
