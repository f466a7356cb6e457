"""What is told of sessions: many at once, each as far as the caller sees it. Attendance and notes are not of it: `api.v1.records`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from pydantic import Field
from sqlalchemy import select

from api.v1.door import Call, Wire
from api.v1.fields import Ref
from api.v1.shown_groups import ref_of, refs, seen_members
from data.calendars import parts
from data.groups import Group
from data.people import Mentor
from data.programs import Program, Term
from data.sessions import Kind, Series, Session, State
from data.settings import settings_of
from scheduler.circle import Circle, day_of


class SessionOut(Wire):
    """One dated meeting, from `starts_at` until before `ends_at`."""

    id: UUID
    name: str = Field(description="What people call it as it is now; as `ext:...` it is a key of it.", examples=["g-01@2027-03-02T19:00"])
    uid: str = Field(description="Its UID in calendars, which stays.")
    sequence: int = Field(description="Rises with each change of time, link, people or state.")
    state: State
    kind: Kind
    term_id: UUID
    group: Ref
    series_id: UUID
    subject: str
    original_start: dt.datetime = Field(
        description="When it was to begin at first, by which its series knows it; of one that makes up another some seconds more."
    )
    starts_at: dt.datetime
    ends_at: dt.datetime
    mentor: Ref = Field(description="Who holds it.")
    usual_mentor: Ref = Field(description="The group's.")
    members: list[Ref] = Field(description="Who is a member of its group on its day.")
    link: str
    cancelled_at: dt.datetime | None
    cancelled_why: str
    makes_up_id: UUID | None = Field(description="The cancelled session in whose place it is.")
    made_up_by_id: UUID | None = Field(description="The session in its place.")
    recorded_at: dt.datetime | None
    changed_at: dt.datetime


def session_out(call: Call, session: Session) -> SessionOut:
    """What is told of one."""
    (shown,) = sessions_out(call, [session])
    return shown


def sessions_out(call: Call, sessions: Sequence[Session]) -> list[SessionOut]:
    """What is told of sessions of one program, in their order."""
    if not sessions:
        return []
    db = call.db
    groups: dict[UUID, Group] = {}
    for some in parts({one.group_id for one in sessions}):
        groups |= {group.id: group for group in db.scalars(select(Group).where(Group.id.in_(some)))}
    terms = {term: db.get_one(Term, term) for term in {group.term_id for group in groups.values()}}
    program = db.get_one(Program, next(iter(terms.values())).program_id)
    usual = settings_of(program.settings).link
    kinds: dict[UUID, Kind] = {}
    for some in parts({one.series_id for one in sessions}):
        kinds |= dict(db.execute(select(Series.id, Series.kind).where(Series.id.in_(some))).all())
    mentors = refs(db, Mentor, {one.mentor_id for one in sessions} | {group.mentor_id for group in groups.values()})
    members = seen_members(db, call.sight(program.id), list(groups))
    made_up = _made_up(call, [one.id for one in sessions])
    shown = []
    for one in sessions:
        group = groups[one.group_id]
        term = terms[group.term_id]
        on = day_of(term, one.starts_at)
        come = sorted((one for one in members.get(group.id, ()) if one.is_there(on)), key=lambda one: one.key)
        shown.append(
            SessionOut(
                id=one.id,
                name=Circle(term, group, ()).name(one),
                uid=f"{one.id}@dure",
                sequence=one.sequence,
                state=one.state,
                kind=kinds[one.series_id],
                term_id=term.id,
                group=Ref(id=group.id, external_id=group.key),
                series_id=one.series_id,
                subject=group.subject,
                original_start=one.original_start,
                starts_at=one.starts_at,
                ends_at=one.ends_at,
                mentor=mentors[one.mentor_id],
                usual_mentor=mentors[group.mentor_id],
                members=list(map(ref_of, come)),
                link=group.link or usual.format(group=group.key),
                cancelled_at=one.cancelled_at,
                cancelled_why=one.cancelled_why,
                makes_up_id=one.makes_up_id,
                made_up_by_id=made_up.get(one.id),
                recorded_at=one.recorded_at,
                changed_at=one.changed_at,
            )
        )
    return shown


def _made_up(call: Call, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """By which sessions these are made up."""
    found: dict[UUID, UUID] = {}
    for some in parts(ids):
        asked = select(Session.makes_up_id, Session.id).where(Session.makes_up_id.in_(some), Session.state != State.CANCELLED)
        found |= {of: by for of, by in call.db.execute(asked) if of is not None}
    return found
