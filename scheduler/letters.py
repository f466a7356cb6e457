"""A message of the outbox becomes a mail: plain text in the person's language, and for a change an invitation to their calendar.

What it says is what holds when it is made. It names no mentee, and no mentor beyond the title that the program's settings give a session.
The invitation has the same UID as the feeds, so that a calendar takes both for one session (RFC 5546, RFC 6047; FEEDS.md F25).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, get_day_names
from icalendar import Calendar, vCalAddress
from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.base import Document
from data.groups import Group
from data.outbox import INVITING, About, Message
from data.people import Mentor, Person
from data.programs import Program, Term
from data.sessions import Booking, Kind, Series, Session, Shift, State
from data.settings import Language, Settings, settings_of
from matching.week import DAY_MINUTES, clock
from scheduler.account_letters import OF_AN_ACCOUNT, is_over, said_to_account
from scheduler.calendars import title_of
from scheduler.feed import PRODUCT, Entry, Feed, components, plain
from scheduler.letter_words import WORDS
from scheduler.mail import address_of

LISTING = (About.PUBLISHED, About.PUT_BACK)
OF_A_TERM = (*LISTING, About.WITHDRAWN)


class NotToBeSent(Exception):
    """A message has no sense any more, or never had."""


@dataclass(eq=False)
class NoLongerSo(NotToBeSent):
    """What it would say is so no more."""

    why: str

    def __str__(self) -> str:
        return self.why


@dataclass(eq=False)
class NoAddress(NotToBeSent):
    """Its address is none."""

    def __str__(self) -> str:
        return "this is no mail address"


@dataclass(frozen=True, slots=True)
class _Meeting:
    """What a mail tells of a session, to one person of it."""

    entry: Entry
    zone: str
    program: str
    language: Language


@dataclass(frozen=True, slots=True)
class _Said:
    """What a mail says, in one language."""

    program: str
    subject: str
    lines: tuple[str, ...]
    language: Language
    invites: _Meeting | None = None
    takes_part: bool = True


def letter_of(db: DbSession, message: Message, *, sender: str, now: dt.datetime) -> EmailMessage:
    """The mail of a message, with the same Message-ID whenever it is made.

    Raises
    ------
    NotToBeSent
        It is to be sent no more: a reminder whose session has begun, moved or is off, an ask for a record that is there.
    """
    if any(sign in message.address for sign in "\r\n\0"):
        raise NoAddress
    to = address_of(message.address)
    if to is None:
        raise NoAddress
    said = _said_to_account(message, now) if message.body.get("about") in OF_AN_ACCOUNT else _said(db, message, now)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(display_name=plain(said.program), addr_spec=sender)
    mail["To"] = to
    mail["Subject"] = plain(said.subject)
    mail["Date"] = format_datetime(message.written_at)
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    lines = [*said.lines, *(["", WORDS[said.language].why.format(said.program)] if said.takes_part else [])]
    mail.set_content("\n".join(plain(line) for line in lines) + "\n")
    if said.invites:
        met = said.invites
        method = "CANCEL" if met.entry.cancelled else "REQUEST"
        calendar = invitation(met.entry, zone=met.zone, language=met.language, method=method, sender=sender, to=message.address)
        mail.add_alternative(calendar, maintype="text", subtype="calendar", params={"method": method, "charset": "utf-8"})
    return mail


def _said(db: DbSession, message: Message, now: dt.datetime) -> _Said:
    try:
        about = About(message.body["about"])
        if about in OF_A_TERM:
            return _said_of_groups(db, message, about)
        session = UUID(message.body["session"])
    except (KeyError, ValueError):
        raise NoLongerSo("nobody knows what it is about") from None
    met = _gone(db, message, session) if "gone" in message.body else _meeting(db, message, session, about, now)
    words = WORDS[met.language]
    lines = [met.entry.title, words.texts[about], "", words.when.format(_told(met, met.entry.starts_at, met.entry.ends_at))]
    if "was" in message.body:
        lines.append(words.was.format(_told(met, dt.datetime.fromisoformat(message.body["was"]))))
    if met.entry.link and not met.entry.cancelled:
        lines.append(words.link.format(met.entry.link))
    subject = words.subjects[about].format(title=met.entry.title, when=_told(met, met.entry.starts_at))
    return _Said(met.program, subject, tuple(lines), met.language, met if about in INVITING else None)


def _said_to_account(message: Message, now: dt.datetime) -> _Said:
    about = About(message.body["about"])
    if is_over(message, about, now):
        raise NoLongerSo("its link is good no more")
    subject, lines = said_to_account(message, about)
    return _Said("Dure", subject, lines, Language.EN, takes_part=False)


def _said_of_groups(db: DbSession, message: Message, about: About) -> _Said:
    """What is said of the groups of a run: their subjects and weekly times; of those that were taken back, nothing more."""
    ids = [UUID(group) for group in message.body["groups"]]
    term = db.get(Term, UUID(message.body["term"]))
    if term is None:
        raise NoLongerSo("the term is there no more")
    program, settings, language = _spoken(db, message, db.get_one(Program, term.program_id))
    lines = []
    if about in LISTING:
        weekly = select(Group, Series).join(Series).where(Group.id.in_(ids), Series.kind == Kind.TUTORING).order_by(Group.key, Series.id)
        groups = [(group, series) for group, series in db.execute(weekly) if series.meetings]
        if not groups:
            raise NoLongerSo("the groups are there no more")
        shifts = select(Shift).where(Shift.series_id.in_([series.id for _, series in groups])).order_by(Shift.from_on)
        latest = {shift.series_id: shift.meetings for shift in db.scalars(shifts)}
        for group, series in groups:
            subject = settings.subject_in(language, group.subject)
            lines.append(f"{subject}: {_weekly(latest.get(series.id, series.meetings), language)} ({term.zone})")
            if link := group.link or settings.link.format(group=group.key):
                lines.append(WORDS[language].link.format(link))
    title = term.name or term.key
    subject = WORDS[language].subjects[about].format(title=title)
    return _Said(program, subject, (title, WORDS[language].texts[about], *([""] if lines else []), *lines), language)


def _weekly(meetings: Sequence[int], language: Language) -> str:
    """Weekly starts as people say them, such as `Tue 19:00, Thu 19:00`."""
    names = get_day_names("abbreviated", locale=_locale(language))
    return ", ".join(f"{names[start // DAY_MINUTES]} {clock(start % DAY_MINUTES)}" for start in meetings)


def invitation(entry: Entry, *, zone: str, language: str, method: str, sender: str, to: str) -> bytes:
    """One session as a calendar that asks somebody to enter it (REQUEST) or to strike it out (CANCEL)."""
    calendar = Calendar()
    for name, value in (("VERSION", "2.0"), ("PRODID", PRODUCT), ("CALSCALE", "GREGORIAN"), ("METHOD", method)):
        calendar.add(name, value)
    for part in components(Feed(name="", zone=zone, language=language, entries=(entry,))):
        if part.name == "VEVENT":
            part.add("ORGANIZER", vCalAddress(f"mailto:{sender}"))
            part.add("ATTENDEE", vCalAddress(f"mailto:{to}"), parameters={"ROLE": "REQ-PARTICIPANT", "RSVP": "FALSE"})
        calendar.add_component(part)
    return bytes(calendar.to_ical())


def gone_session(session: Session, kind: Kind, subject: str, term: Term, now: dt.datetime) -> Document:
    """What a letter needs of a session that is to be there no more when it is written."""
    return {
        "term": str(term.id),
        "mentor": str(session.mentor_id),
        "kind": kind.value,
        "subject": subject,
        "starts_at": session.starts_at.isoformat(),
        "ends_at": session.ends_at.isoformat(),
        "sequence": session.sequence + 1,
        "changed_at": now.isoformat(),
    }


def _gone(db: DbSession, message: Message, about: UUID) -> _Meeting:
    """A session that is there no more, as its message says it was."""
    was = message.body["gone"]
    term, mentor = db.get(Term, UUID(was["term"])), db.get(Mentor, UUID(was["mentor"]))
    if term is None or mentor is None:
        raise NoLongerSo("the term is there no more")
    if db.get(Session, about) is not None:
        raise NoLongerSo("the session is there again")
    name, settings, language = _spoken(db, message, db.get_one(Program, term.program_id))
    entry = Entry(
        uid=f"{about}@dure",
        sequence=was["sequence"],
        changed_at=dt.datetime.fromisoformat(was["changed_at"]),
        starts_at=dt.datetime.fromisoformat(was["starts_at"]),
        ends_at=dt.datetime.fromisoformat(was["ends_at"]),
        title=title_of(Kind(was["kind"]), was["subject"], db.get_one(Person, mentor.person_id).name, settings, language),
        cancelled=True,
    )
    return _Meeting(entry, term.zone, name, language)


def _meeting(db: DbSession, message: Message, which: UUID, about: About, now: dt.datetime) -> _Meeting:
    asked = (
        select(Session, Series.kind, Group, Term, Program, Person.name)
        .join(Series, Series.id == Session.series_id)
        .join(Group, Group.id == Session.group_id)
        .join(Term, Term.id == Group.term_id)
        .join(Program, Program.id == Term.program_id)
        .join(Mentor, Mentor.id == Session.mentor_id)
        .join(Person, Person.id == Mentor.person_id)
        .where(Session.id == which)
    )
    row = db.execute(asked).one_or_none()
    if row is None:
        raise NoLongerSo("the session is there no more")
    session, kind, group, term, program, mentor = row
    name, settings, language = _spoken(db, message, program)
    takes_part = message.person_id is not None and db.get(Booking, (session.id, message.person_id)) is not None
    entry = Entry(
        uid=f"{session.id}@dure",
        sequence=session.sequence,
        changed_at=session.changed_at,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        title=title_of(kind, group.subject, mentor, settings, language),
        link=group.link or settings.link.format(group=group.key),
        cancelled=session.state == State.CANCELLED or not takes_part,
    )
    _refuse_what_is_no_longer_so(about, session, entry, message, now)
    return _Meeting(entry, term.zone, name, language)


def _spoken(db: DbSession, message: Message, program: Program) -> tuple[str, Settings, Language]:
    """A program's name and settings, and the reader's language where the program speaks it, else its first."""
    settings = settings_of(program.settings)
    reader = db.get(Person, message.person_id) if message.person_id else None
    language = next((one for one in settings.languages if reader is not None and one.value == reader.language), settings.languages[0])
    return program.name or program.key, settings, language


def _refuse_what_is_no_longer_so(about: About, session: Session, entry: Entry, message: Message, now: dt.datetime) -> None:
    match about:
        case About.REMINDER:
            if entry.cancelled:
                raise NoLongerSo("the session is off, or without them")
            if session.starts_at.isoformat() != message.body["starts_at"]:
                raise NoLongerSo("the session has moved")
            if session.starts_at <= now:
                raise NoLongerSo("the session had begun before this could be sent")
        case About.RECORD:
            if session.recorded_at is not None or session.state != State.PLANNED:
                raise NoLongerSo("the record is there, or none is needed")
        case _:
            return


def _told(met: _Meeting, starts_at: dt.datetime, ends_at: dt.datetime | None = None) -> str:
    """An instant by the clock of the term's zone, in the reader's language."""
    zone = ZoneInfo(met.zone)
    start = starts_at.astimezone(zone)
    end = f"–{ends_at.astimezone(zone):%H:%M} ({met.zone})" if ends_at else ""
    return f"{format_date(start.date(), 'full', _locale(met.language))} {start:%H:%M}{end}"


def _locale(language: Language) -> Locale:
    return Locale.parse(language.value, sep="-")
