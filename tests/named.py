"""A term in which two people are named wherever anybody can be: in rounds and runs, feeds, mails, records, the audit and sign-ins."""

from __future__ import annotations

import datetime as dt
import json
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from sqlalchemy import Engine, select, text

from data.access import Role as Access
from data.accounts import let_in_by_mail
from data.archive import packed
from data.attempts import begin
from data.consents import Act, Consent, Method
from data.database import transaction
from data.factors import begin_totp
from data.feeds import Audience
from data.groups import Group, Membership
from data.mailed import Purpose, mail_link
from data.outbox import Channel, claim, mark_failed
from data.people import Mentee, Mentor, Person
from data.programs import Program, Term
from data.records import Record, members_of, record
from data.roles import Given, give_role
from data.rounds import Run, RunState
from data.runs import Asked, close_round, inputs_of, open_round, queue
from data.sessions import Presence, Session
from data.signed_in import Shown, enter
from matching import solve
from matching.limits import Limits
from matching.result import Result
from matching.resultfiles import write_result
from matching.roster import roster_of
from matching.round import Round
from scheduler.changes import cancel
from scheduler.jobs import remind
from scheduler.leavers import leave_mentee
from scheduler.publish import publish
from scheduler.timetables import put, read
from tests.subscribed import Subscribed, subscribed
from tests.terms import demo_round, demo_term

PUBLISHED_AT = dt.datetime(2027, 2, 22, 3, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
LATER = PUBLISHED_AT + 21 * DAY
"""A Monday in the term's third week."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who is named."""

    key: str
    name: str
    given: str
    email: str

    def forms(self) -> Iterator[bytes]:
        """All that names them, in the ways in which it may be written."""
        for word in (self.key, self.name, self.given, self.email):
            for form in {word, unicodedata.normalize("NFD", word)}:
                yield form.encode()
                yield json.dumps(form)[1:-1].encode()


MENTEE = Somebody("s-durena-4471", "김두레나", "두레나", "durena.kim@example.org")
MENTOR = Somebody("m-haneulbit-881", "박하늬볕", "하늬볕", "haneulbit@example.org")


def named_round() -> Round:
    """The demo's round, in which a mentee and a mentor of whom pairs speak are these, and the mentor taught somebody before."""
    round = demo_round()
    pupil, teacher = round.pairs[0].mentee, round.pairs[0].mentor

    def mentee(key: str) -> str:
        return MENTEE.key if key == pupil else key

    def mentor(key: str) -> str:
        return MENTOR.key if key == teacher else key

    mentees = [replace(one, key=MENTEE.key, name=MENTEE.name, email=MENTEE.email) if one.key == pupil else one for one in round.mentees]
    mentees[0] = replace(mentees[0], previous_mentor=MENTOR.key)
    mentors = [replace(one, key=MENTOR.key, name=MENTOR.name, email=MENTOR.email) if one.key == teacher else one for one in round.mentors]
    return replace(
        round,
        mentors=tuple(mentors),
        mentees=tuple(mentees),
        pairs=tuple(replace(one, mentor=mentor(one.mentor), mentee=mentee(one.mentee)) for one in round.pairs),
        peers=tuple(replace(one, mentee=mentee(one.mentee), other=mentee(one.other)) for one in round.peers),
    )


@cache
def named_result() -> Result:
    """What comes of that round in a second."""
    return solve(named_round(), limits=Limits(effort=0.2), workers=1, clock=time.monotonic)


def named_everywhere(database: Engine) -> tuple[Term, dict[str, Subscribed]]:
    """The term, and a subscription to the calendar of each kind that shows them."""
    if database.dialect.name == "postgresql":
        _keep_plain(database)
    term = demo_term(database, named_round())
    with transaction(database) as db:
        db.get_one(Program, term.program_id).settings = {"names": "given"}
    _solve_and_publish(database, term)
    feeds = {
        "mentee": subscribed(database, term, Audience.MENTEE, MENTEE.key),
        "mentor": subscribed(database, term, Audience.MENTOR, MENTOR.key),
        "program": subscribed(database, term, Audience.PROGRAM),
    }
    with transaction(database) as db:
        mentee = db.scalars(select(Mentee).where(Mentee.key == MENTEE.key)).one()
        group = db.scalars(select(Group).join(Membership).where(Membership.mentee_id == mentee.id).order_by(Group.key)).first()
        assert group
        group.link = f"https://meet.example/{MENTOR.email}"
        key, teaches = group.key, db.get_one(Mentor, group.mentor_id).key
        school = mentee.school
    feeds["group"] = subscribed(database, term, Audience.GROUP, key)
    feeds["teacher"] = subscribed(database, term, Audience.MENTOR, teaches)
    feeds["school"] = subscribed(database, term, Audience.SCHOOL, school)
    _teach(database, term)
    _sign_in(database, term)
    remind(database, lambda: LATER)
    with transaction(database) as db:
        for message in claim(db, Channel.MAIL, now=LATER, lease=DAY, most=500):
            mark_failed(db, message, f"550 no such user {message.address}", now=LATER)
    return term, feeds


def _keep_plain(database: Engine) -> None:
    """Lets the server compress no text, so that what it keeps can be searched."""
    with database.begin() as connection:
        asked = text(
            "SELECT quote_ident(table_name), quote_ident(column_name) FROM information_schema.columns"
            " WHERE table_schema = 'public' AND udt_name IN ('varchar', 'text', 'json', 'bytea')"
        )
        for table, column in connection.execute(asked).all():
            connection.execute(text(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL"))


def _solve_and_publish(database: Engine, term: Term) -> None:
    round = named_round()
    with transaction(database) as db:
        of = db.get_one(Term, term.id)
        open_round(db, of, by="test", now=PUBLISHED_AT)
        closed = close_round(db, of, by="test", now=PUBLISHED_AT)
        assert inputs_of(closed)
        run = queue(db, of, Asked(effort=0.2), by="test", now=PUBLISHED_AT)
        found = named_result()
        run.state, run.ended_at, run.started_at = RunState.DONE, PUBLISHED_AT, PUBLISHED_AT
        run.placed, run.score, run.bound = sum(len(one.members) for one in found.groups), found.score, found.bound
        run.result = packed(lambda folder: write_result(found, folder, roster=roster_of(round)))
        run.problem = f"{MENTEE.key} was in doubt"
        publish(db, db.get_one(Run, run.id), PUBLISHED_AT, "test")


def _teach(database: Engine, term: Term) -> None:
    """Records, with what mentors write, a session that is called off, a timetable, and somebody else's leaving for them."""
    with transaction(database) as db:
        mentee = db.scalars(select(Mentee).where(Mentee.key == MENTEE.key)).one()
        groups = select(Membership.group_id).where(Membership.mentee_id == mentee.id)
        taught = Group.mentor_id.in_(select(Mentor.id).where(Mentor.key == MENTOR.key))
        sessions = db.scalars(
            select(Session).join(Group).where(Group.id.in_(groups) | taught).where(Session.ends_at < LATER).order_by(Session.starts_at)
        ).all()
        assert len(sessions) > 2
        for session in sessions:
            members = members_of(db, session)
            there = [MENTEE] if MENTEE.key in members else []
            there += [MENTOR] if db.get_one(Mentor, session.mentor_id).key == MENTOR.key else []
            said = Record(
                attendance=dict.fromkeys(members, Presence.PRESENT),
                minutes=50,
                topic=f"{MENTEE.name}의 질문",
                note=f"{MENTEE.name}이(가) {MENTOR.name} 선생님께 물었다 ({MENTEE.email}).",
                tasks=tuple(f"{who.given}는 10쪽까지" for who in there),
            )
            record(db, session, said, by="test", now=LATER)
            record(db, session, replace(said, minutes=55), by="test", now=LATER)
        to_come = select(Session).where(Session.group_id.in_(groups), Session.starts_at > LATER)
        next_one = db.scalars(to_come.order_by(Session.starts_at)).first()
        assert next_one
        cancel(db, next_one, by="test", now=LATER, reason=f"{unicodedata.normalize('NFD', MENTEE.name)} 아픔, {MENTEE.email.upper()}")
        other = db.scalars(select(Mentee).where(Mentee.key == "s-02")).one()
        leave_mentee(db, other, LATER.date() + 3 * DAY, by="test", now=LATER, reason=f"not with {MENTEE.name} nor {MENTOR.key}")
        mentor = db.scalars(select(Mentor).where(Mentor.key == MENTOR.key)).one()
        busy = "BEGIN:VEVENT\nDTSTART:20270303T010000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY\nEND:VEVENT\n"
        content = f"BEGIN:VCALENDAR\n{busy}END:VCALENDAR\n".encode()
        put(db, mentor, read(term, content, LATER), address=f"https://calendar.example/{MENTOR.email}", by="test", now=LATER)
        person = {"program_id": term.program_id, "person_id": mentee.person_id, "at": LATER, "noted_at": LATER, "noted_by": "test"}
        db.add(Consent(act=Act.GIVEN, method=Method.PAPER, version="1", guardian=f"mother of {MENTEE.name}", **person))


def _sign_in(database: Engine, term: Term) -> None:
    """Accounts of both, and of who is there for the mentee, with all that lets people in."""
    with transaction(database) as db:
        for who in (MENTEE, MENTOR):
            account = let_in_by_mail(db, who.email, now=LATER)
            enter(db, account, Shown(LATER, two_factors=False), source="192.0.2.7", agent=f"{who.key} phone", now=LATER)
            begin_totp(db, account)
            begin(db, who.email, "192.0.2.7", now=LATER)
            mail_link(db, Purpose.SIGN_IN, who.email, "https://dure.example/in", now=LATER)
        child = db.scalars(select(Person).where(Person.key == MENTEE.key)).one()
        program = db.get_one(Program, term.program_id)
        address = "mother.of.durena.kim@example.org"
        give_role(db, None, program, address, Given(Access.GUARDIAN, person=child), by="test", now=LATER)
        mail_link(db, Purpose.INVITE, address, "https://dure.example/in", now=LATER)
