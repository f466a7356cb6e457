"""What is told of sessions: many at once, each as far as the caller sees it. Attendance and notes are not of it: `api.v1.records`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy import Row, select
from sqlalchemy.orm import aliased

from api.v1.door import Call, Wire
from api.v1.fields import Ref
from api.v1.noting import note_told
from api.v1.shown_groups import ref_of, seen_members
from data.calendars import parts
from data.groups import Group
from data.people import Mentor
from data.programs import Program, Term
from data.sessions import Kind, Series, Session, State
from data.settings import settings_of
from scheduler.circle import session_name


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
    cancelled_reason: str
    makes_up_id: UUID | None = Field(description="The cancelled session in whose place it is.")
    made_up_by_id: UUID | None = Field(description="The session in its place.")
    recorded_at: dt.datetime | None
    changed_at: dt.datetime


AS_KEPT = (
    *("id", "sequence", "state", "series_id", "original_start", "starts_at", "ends_at"),
    *("cancelled_at", "cancelled_reason", "makes_up_id", "recorded_at", "changed_at"),
)
"""What is told of a session as it is kept."""
KEPT_AS = {"cancelled_reason": "cancelled_why"}

_Holder, _Usual, _InPlace = aliased(Mentor), aliased(Mentor), aliased(Session)
_made_up_by = select(_InPlace.id).where(_InPlace.makes_up_id == Session.id, _InPlace.state != State.CANCELLED).limit(1)

SHOWN = (
    select(
        *(getattr(Session, KEPT_AS.get(name, name)).label(name) for name in AS_KEPT),
        _made_up_by.scalar_subquery().label("made_up_by_id"),
        Series.kind,
        Session.mentor_id,
        _Holder.key.label("mentor_key"),
        Group.id.label("group_id"),
        Group.key.label("group_key"),
        Group.subject,
        Group.link.label("own_link"),
        Group.mentor_id.label("usual_id"),
        _Usual.key.label("usual_key"),
        Term.id.label("term_id"),
        Term.zone,
        Term.program_id,
    )
    .join(Series, Series.id == Session.series_id)
    .join(Group, Group.id == Session.group_id)
    .join(Term, Term.id == Group.term_id)
    .join(_Holder, _Holder.id == Session.mentor_id)
    .join(_Usual, _Usual.id == Group.mentor_id)
)
"""All of sessions that is told, in rows that `rows_out` takes: whole rows of five tables would take several times as long to make."""


def session_out(call: Call, session: Session) -> SessionOut:
    """What is told of one."""
    (shown,) = sessions_out(call, [session])
    return shown


def sessions_out(call: Call, sessions: Sequence[Session]) -> list[SessionOut]:
    """What is told of sessions of one program, in their order."""
    found: dict[UUID, Row[Any]] = {}
    for some in parts(one.id for one in sessions):
        found |= {row.id: row for row in call.db.execute(SHOWN.where(Session.id.in_(some)))}
    return rows_out(call, [found[one.id] for one in sessions])


def rows_out(call: Call, rows: Sequence[Row[Any]]) -> list[SessionOut]:
    """The same of rows of `SHOWN`."""
    if not rows:
        return []
    program = call.db.get_one(Program, rows[0].program_id)
    usual = settings_of(program.settings).link
    members = seen_members(call.db, call.sight(program.id), list({row.group_id for row in rows}))
    shown, told = [], dict[UUID, set[str]]()
    for row in rows:
        local = row.starts_at.astimezone(ZoneInfo(row.zone))
        come = sorted((one for one in members.get(row.group_id, ()) if one.is_there(local.date())), key=lambda one: one.key)
        told.setdefault(row.term_id, set()).update(one.key for one in come)
        shown.append(
            SessionOut(
                **{name: getattr(row, name) for name in AS_KEPT},
                name=session_name(row.group_key, local),
                uid=f"{row.id}@dure",
                kind=row.kind,
                term_id=row.term_id,
                group=Ref(id=row.group_id, external_id=row.group_key),
                subject=row.subject,
                mentor=Ref(id=row.mentor_id, external_id=row.mentor_key),
                usual_mentor=Ref(id=row.usual_id, external_id=row.usual_key),
                members=list(map(ref_of, come)),
                link=row.own_link or usual.format(group=row.group_key),
                made_up_by_id=row.made_up_by_id,
            )
        )
    for term, keys in told.items():
        note_told(call, term, keys, "sessions read")
    return shown
