"""All that is held on somebody, as one document: what they are asked to be given, or ask for themselves.

Of others it holds no more than what the person has seen of them: the keys of groups. What mentors wrote for the office of a session of
several mentees may speak of others: to the person themselves it is given only where the session was theirs alone.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session as DbSession

from data.audit import Deed
from data.base import Base, Document
from data.calendars import parts
from data.consents import Consent
from data.factors import Totp
from data.feeds import Audience, Calendar, Subscription
from data.grants import Account, Grant
from data.groups import Group, Membership
from data.outbox import Message
from data.passkeys import Passkey
from data.people import CameAs, Mentee, Mentor, PairRow, PeerRow, Person, Request
from data.programs import Program, Term
from data.rounds import Round, Run
from data.sessions import Attendance, Booking, Session, Task
from data.signed_in import Visit
from data.timetables import Timetable

INPUTS = {CameAs.MENTOR: "mentors.csv", CameAs.MENTEE: "mentees.csv"}


def held_on(db: DbSession, person: Person, programs: Collection[UUID], *, for_office: bool) -> Document:
    """What is held on a person in some programs, by kind of data; what is of no program, such as how they sign in, only where these are
    all that they are in."""
    rows = [row for row in rows_of(db, person) if _program(db, row) in programs]
    whole = programs_of(db, person) <= {*programs}
    held = {
        "person": _values(person, {"organisation_id"}),
        "in_terms": [_in_term(db, row) for row in rows],
        "consents": [_values(one, {"program_id", "person_id"}) for one in _consents(db, person, programs)],
        "groups": list(_groups(db, rows)),
        "sessions": list(_sessions(db, person, rows, for_office=for_office)),
        "rounds": list(_rounds(db, person, rows)),
        "subscriptions": list(_subscriptions(db, person, programs)),
        "audit": list(_audit(db, person, rows, programs, whole=whole)),
    }
    if whole:
        held["messages"] = [_values(one, {"key", "person_id"}) for one in _of(db, Message, Message.person_id == person.id)]
        held["accounts"] = [_account(db, one) for one in _accounts(db, person)]
    return held


def rows_of(db: DbSession, person: Person) -> Sequence[Mentor | Mentee]:
    """What a person is in each term."""
    if person.came_as is CameAs.MENTOR:
        return db.scalars(select(Mentor).where(Mentor.person_id == person.id).order_by(Mentor.id)).all()
    return db.scalars(select(Mentee).where(Mentee.person_id == person.id).order_by(Mentee.id)).all()


def programs_of(db: DbSession, person: Person) -> set[UUID]:
    """The programs that a person is or was in."""
    return {_program(db, row) for row in rows_of(db, person)}


def _program(db: DbSession, row: Mentor | Mentee) -> UUID:
    return db.get_one(Term, row.term_id).program_id


def _consents(db: DbSession, person: Person, programs: Collection[UUID]) -> Sequence[Consent]:
    return _of(db, Consent, (Consent.person_id == person.id) & Consent.program_id.in_(programs))


def own_rows(document: Document) -> bytes:
    """What they are in each term as a table, a line for each."""
    held = io.StringIO()
    lines = [{name: _text(value) for name, value in one["row"].items()} | {"term": one["term"]} for one in document["in_terms"]]
    if lines:
        table = csv.DictWriter(held, ["term", *(name for name in lines[0] if name != "term")], lineterminator="\n")
        table.writeheader()
        table.writerows(lines)
    return held.getvalue().encode()


def _in_term(db: DbSession, row: Mentor | Mentee) -> Document:
    term = db.get_one(Term, row.term_id)
    told: Document = {"term": f"{db.get_one(Program, term.program_id).key}/{term.key}", "row": _values(row, {"term_id", "person_id"})}
    if isinstance(row, Mentor):
        told["pairs"] = [_values(one, {"term_id", "mentor_id", "mentee_id"}) for one in _of(db, PairRow, PairRow.mentor_id == row.id)]
        told["timetable"] = next((_values(one, {"mentor_id"}) for one in _of(db, Timetable, Timetable.mentor_id == row.id)), None)
    else:
        told["requests"] = [_values(one, {"mentee_id"}) for one in _of(db, Request, Request.mentee_id == row.id)]
        told["pairs"] = [_values(one, {"term_id", "mentor_id", "mentee_id"}) for one in _of(db, PairRow, PairRow.mentee_id == row.id)]
        either = or_(PeerRow.mentee_id == row.id, PeerRow.other_id == row.id)
        told["peers"] = [_values(one, {"term_id", "mentee_id", "other_id"}) for one in _of(db, PeerRow, either)]
    return told


def _groups(db: DbSession, rows: Iterable[Mentor | Mentee]) -> Iterator[Document]:
    ids = [row.id for row in rows]
    for group in db.scalars(select(Group).where(Group.mentor_id.in_(ids)).order_by(Group.from_on, Group.key)):
        yield _group("mentor", group, group.from_on, group.until_on)
    asked = select(Membership, Group).join(Group, Group.id == Membership.group_id).where(Membership.mentee_id.in_(ids))
    for member, group in db.execute(asked.order_by(Membership.from_on, Group.key)):
        yield _group("mentee", group, member.from_on, member.until_on)


def _group(role: str, group: Group, from_on: dt.date, until_on: dt.date | None) -> Document:
    return {"group": group.key, "as": role, "subject": group.subject, "from_on": _text(from_on), "until_on": _text(until_on)}


def _sessions(db: DbSession, person: Person, rows: Sequence[Mentor | Mentee], *, for_office: bool) -> Iterator[Document]:
    ids = [row.id for row in rows]
    seen = dict(db.execute(select(Attendance.session_id, Attendance.presence).where(Attendance.mentee_id.in_(ids))).all())
    booked = select(Booking.session_id).where(Booking.person_id == person.id)
    groups = select(Membership.group_id).where(Membership.mentee_id.in_(ids))
    theirs = or_(
        Session.id.in_(booked),
        Session.mentor_id.in_(ids),
        Session.id.in_(select(Attendance.session_id).where(Attendance.mentee_id.in_(ids))),
    )
    called_off = Session.group_id.in_(groups) & (Session.cancelled_why != "")
    here = Group.term_id.in_([row.term_id for row in rows])
    asked = select(Session, Group.key).join(Group, Group.id == Session.group_id).where(here, or_(theirs, called_off))
    found = db.execute(asked.order_by(Session.starts_at, Session.id)).all()
    alone, tasks = set[UUID](), dict[UUID, list[str]]()
    for some in parts(session.id for session, _ in found):
        counted = select(Attendance.session_id).where(Attendance.session_id.in_(some)).group_by(Attendance.session_id)
        alone |= set(db.scalars(counted.having(func.count() == 1)))
        for task in db.scalars(select(Task).where(Task.session_id.in_(some)).order_by(Task.id)):
            tasks.setdefault(task.session_id, []).append(task.text)
    for session, group in found:
        notes = for_office or person.came_as is CameAs.MENTOR or session.id in alone
        yield {
            "group": group,
            "starts_at": _text(session.starts_at),
            "ends_at": _text(session.ends_at),
            "state": session.state.value,
            "cancelled_reason": session.cancelled_why,
            "presence": seen[session.id].value if session.id in seen else None,
            "minutes_held": session.minutes_held,
            "topic": session.topic,
            "tasks": tasks.get(session.id, []),
            **({"note": session.note} if notes else {}),
        }


def _rounds(db: DbSession, person: Person, rows: Iterable[Mentor | Mentee]) -> Iterator[Document]:
    """What rounds asked of them, and where runs placed them, as the files say that are kept."""
    for row in rows:
        asked = select(Round.number, Round.inputs, Round.left_out, Round.id).where(Round.term_id == row.term_id).order_by(Round.number)
        for number, inputs, left_out, key in db.execute(asked).all():
            told: Document = {"round": number, "left_out": str(row.id) in (left_out or ())}
            told["asked"] = next(_lines(inputs, INPUTS[person.came_as], row.key), None) if inputs else None
            runs = db.execute(select(Run.number, Run.result).where(Run.round_id == key, Run.result.is_not(None)).order_by(Run.number))
            told["runs"] = [{"run": run, **_placed(result, row.key)} for run, result in runs if result]
            yield told


def _placed(result: bytes, key: str) -> Document:
    names = ("groups.csv", "members.csv", "unplaced.csv", "changes.csv")
    return {name.removesuffix(".csv"): list(_lines(result, name, key)) for name in names}


def _lines(archive: bytes, name: str, key: str) -> Iterator[dict[str, str]]:
    """The lines of a table in a ZIP in which a key stands."""
    with zipfile.ZipFile(io.BytesIO(archive)) as held:
        if name in held.namelist():
            for row in csv.DictReader(io.StringIO(held.read(name).decode())):
                if key in (row.get("mentor_id"), row.get("mentee_id")):
                    yield row


def _subscriptions(db: DbSession, person: Person, programs: Collection[UUID]) -> Iterator[Document]:
    own = (Calendar.owner == str(person.id)) & Calendar.audience.in_([Audience.MENTOR, Audience.MENTEE])
    asked = select(Subscription).join(Calendar, Calendar.id == Subscription.calendar_id).where(own & Calendar.program_id.in_(programs))
    shown = ("key", "name", "language", "alarms", "days_back", "created_at", "last_used_at", "revoked_at")
    for one in db.scalars(asked.order_by(Subscription.id)):
        yield {name: _text(getattr(one, name)) for name in shown}


def _accounts(db: DbSession, person: Person) -> Sequence[Account]:
    """Those by which they sign in; those of who is there for them are these people's own."""
    own = select(Grant.account_id).where(Grant.person_id == person.id, Grant.role == person.came_as.value)
    return db.scalars(select(Account).where(Account.id.in_(own)).order_by(Account.id)).all()


def _account(db: DbSession, account: Account) -> Document:
    totp = db.get(Totp, account.id)
    keys = _of(db, Passkey, Passkey.account_id == account.id)
    return {
        **_values(account, {"password"}),
        "has_password": bool(account.password),
        "totp": totp is not None and totp.confirmed_at is not None,
        "passkeys": [_values(one, {"account_id", "credential", "public_key"}) for one in keys],
        "signed_in": [_values(one, {"account_id", "hash"}) for one in _of(db, Visit, Visit.account_id == account.id)],
    }


def _audit(
    db: DbSession, person: Person, rows: Iterable[Mentor | Mentee], programs: Collection[UUID], *, whole: bool
) -> Iterator[Document]:
    """What was done to them, and by whom: others who are named beside them stay out of it. And what they did themselves, and what was done
    to their accounts; what is of no program, such as signing in, only where these are all that they are in, which makes it `whole`."""
    accounts = [f"account {one.id}" for one in _accounts(db, person)]
    here = or_(Deed.program_id.in_(programs), Deed.program_id.is_(None)) if whole else Deed.program_id.in_(programs)
    for one in db.scalars(select(Deed).where(or_(Deed.by.in_(accounts), Deed.whom.in_(accounts)), here).order_by(Deed.at, Deed.id)):
        yield _deed(one) | ({"source": one.source} if one.by in accounts else {})
    for row in rows:
        whom = f"{person.came_as} {row.key}"
        for one in db.scalars(select(Deed).where(Deed.term_id == row.term_id, Deed.by.not_in(accounts)).order_by(Deed.at, Deed.id)):
            table = f"{person.came_as}s"
            if one.whom == whom or any(_is_named(row.key, some) for some in (one.details.get(table), one.details.get("people"))):
                yield _deed(one)


def _is_named(key: str, told: object) -> bool:
    """Whether somebody is among those of whom a row of the audit tells: in a list of keys, or in lists of these by what became of them."""
    if isinstance(told, dict):
        return key in told or any(_is_named(key, some) for some in told.values())
    return isinstance(told, list) and key in told


def _deed(deed: Deed) -> Document:
    path = {"path": deed.details["path"]} if "path" in deed.details else {}
    return {"at": _text(deed.at), "by": deed.by, "what": deed.what, "reason": deed.reason, **path}


def _of(db: DbSession, table: type[Any], where: Any) -> Sequence[Any]:  # noqa: ANN401  a table, and a condition of it
    return db.scalars(select(table).where(where).order_by(*table.__table__.primary_key.columns)).all()


def _values(row: Base, but: Iterable[str] = ()) -> Document:
    return {column.name: _text(getattr(row, column.name)) for column in row.__table__.columns if column.name not in {*but}}


def _text(value: object) -> Any:  # noqa: ANN401  a value of JSON
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value) if isinstance(value, (UUID, str)) else value
