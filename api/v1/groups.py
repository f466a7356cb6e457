"""Groups of a term: listed, read, and changed from a day on; where they meet, one by one or many at once."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field
from sqlalchemy import or_, select

from api.v1.door import Call, Routes, Wire
from api.v1.fields import PLAIN, AKey, Day, FilterKey, InTerm, Reason, SomeText, Text, flawed, meetings_in, meetings_out
from api.v1.finding import Key, id_or_external
from api.v1.meant import group_meant, mentee_meant, mentor_meant, named_in, term_meant
from api.v1.paging import USUAL, After, Limit, Page, paged
from api.v1.shown_groups import UNTIL, GroupOut, group_out, groups_out
from api.v1.shown_sessions import SessionOut, sessions_out
from data.access import Right
from data.groups import Group, Membership
from data.own import groups_seen
from data.people import Mentee
from data.programs import Term
from data.sessions import Kind, Series, Shift
from data.settings import is_address
from scheduler.circle import day_of
from scheduler.group_changes import change_times, end, join, leave
from scheduler.links import change_link, change_links, without_link

routes = Routes("groups")


class GroupChanged(Wire):
    """A group after a change, and the sessions that were cancelled by the way: their new day is off, or nobody is there on it."""

    group: GroupOut
    cancelled: list[SessionOut]


class TimesIn(Wire):
    """Other weekly times from a day on."""

    meetings: list[Annotated[str, Field(max_length=20)]] = Field(
        min_length=1, max_length=70, description="As many as before.", examples=[["Tue 19:00"]]
    )
    from_on: Day
    reason: Reason = ""


class EndIn(Wire):
    """An end from a day on."""

    from_on: Day
    reason: SomeText = Field(description="What people are told.")


class MemberIn(Wire):
    """Who comes or goes from a day on."""

    mentee: AKey
    from_on: Day
    reason: Reason = ""


class LinkIn(Wire):
    """Where a group meets."""

    link: Text = Field(description="The address of a page; empty for where the program's settings say.")
    reason: Reason = ""


class GroupLink(Wire):
    """Where one of many groups meets."""

    group: AKey
    link: Annotated[str, Field(min_length=1, max_length=2000)]


class LinksIn(Wire):
    """Where many groups meet."""

    links: list[GroupLink] = Field(min_length=1, max_length=50_000)


class LinksOut(Wire):
    """What became of many links."""

    changed: list[str] = Field(description="The groups that meet elsewhere now.")
    unchanged: int
    groups_without_link: int


class ShiftOut(Wire):
    """Other weekly times of a series from a day on."""

    from_on: dt.date
    meetings: list[str]


class SeriesOut(Wire):
    """A group's weekly repetition; one without meetings is of a single session."""

    id: UUID
    group_id: UUID
    kind: Kind
    meetings: list[str] = Field(description="As they were at first: its sessions' original starts are made of them.")
    session_minutes: int
    from_on: dt.date
    until_on: dt.date | None = Field(description=UNTIL)
    shifts: list[ShiftOut]


@routes.get("/terms/{term}/groups", Right.GROUPS_READ)
def list_groups(
    call: Call,
    term: Key,
    *,
    mentor: FilterKey = None,
    mentee: FilterKey = None,
    subject: Annotated[str | None, Query(max_length=200, pattern=PLAIN)] = None,
    on: Annotated[Day | None, Query(description="Only groups that there are on this day, with the times of then.")] = None,
    after: After = None,
    limit: Limit = USUAL,
) -> Page[GroupOut]:
    """The groups of a term, also those that have ended, or those of a day."""
    found = term_meant(call, term)
    asked = select(Group).where(Group.term_id == found.id, groups_seen(call.sight(found.program_id)))
    if mentor is not None:
        asked = asked.where(Group.mentor_id == mentor_meant(call, mentor, term).id)
    if mentee is not None:
        theirs = select(Membership.group_id).where(Membership.mentee_id == mentee_meant(call, mentee, term).id)
        asked = asked.where(Group.id.in_(theirs))
    if subject is not None:
        asked = asked.where(Group.subject == subject)
    if on is not None:
        asked = asked.where(Group.from_on <= on, or_(Group.until_on.is_(None), Group.until_on > on))
    then = on or day_of(found, call.now)
    return paged(call, asked, [Group.key], lambda rows: groups_out(call, found, [row[0] for row in rows], then), after, limit)


@routes.get("/terms/{term}/groups/{group}", Right.GROUPS_READ)
def read_group_of_term(call: Call, term: Key, group: Key) -> GroupOut:
    """One group of a term."""
    return group_out(call, group_meant(call, group, term))


@routes.get("/groups/{group}", Right.GROUPS_READ)
def read_group(call: Call, group: Key, term: InTerm = None) -> GroupOut:
    """One group."""
    return group_out(call, group_meant(call, group, term))


@routes.get("/groups/{group}/series", Right.GROUPS_READ)
def list_series(call: Call, group: Key, term: InTerm = None, after: After = None, limit: Limit = USUAL) -> Page[SeriesOut]:
    """How a group repeats: its weekly meetings, and what was planned for it once."""
    found = group_meant(call, group, term)
    asked = select(Series).where(Series.group_id == found.id)
    return paged(call, asked, [Series.id], lambda rows: _series_out(call, [row[0] for row in rows]), after, limit)


@routes.post("/groups/{group}/times", Right.GROUPS_WRITE, 200)
def change_group_times(call: Call, group: Key, body: TimesIn, term: InTerm = None) -> GroupChanged:
    """Changes the weekly times of a group from a day on; its sessions move, and keep their UIDs."""
    found = _held(call, group, term)
    new = meetings_in(body.meetings, "/meetings")
    off = change_times(call.db, found, new, body.from_on, by=call.by, now=call.now, reason=body.reason)
    call.db.flush()
    of = call.db.get_one(Term, found.term_id)
    (shown,) = groups_out(call, of, [found], max(body.from_on, day_of(of, call.now)))
    return GroupChanged(group=shown, cancelled=sessions_out(call, off))


@routes.post("/groups/{group}/end", Right.GROUPS_WRITE, 200)
def end_group(call: Call, group: Key, body: EndIn, term: InTerm = None) -> GroupOut:
    """Ends a group: it meets no more from a day on."""
    found = _held(call, group, term)
    end(call.db, found, body.from_on, by=call.by, now=call.now, reason=body.reason)
    return _after(call, found)


@routes.post("/groups/{group}/join", Right.GROUPS_WRITE, 200)
def join_group(call: Call, group: Key, body: MemberIn, term: InTerm = None) -> GroupOut:
    """Takes a mentee into a group from a day on."""
    found = _held(call, group, term)
    mentee = named_in(call, Mentee, call.db.get_one(Term, found.term_id), body.mentee, "/mentee")
    join(call.db, found, mentee, body.from_on, by=call.by, now=call.now, reason=body.reason)
    return _after(call, found)


@routes.post("/groups/{group}/leave", Right.GROUPS_WRITE, 200)
def leave_group(call: Call, group: Key, body: MemberIn, term: InTerm = None) -> GroupOut:
    """Takes a mentee out of a group from a day on; a group of which nobody is left ends."""
    found = _held(call, group, term)
    mentee = named_in(call, Mentee, call.db.get_one(Term, found.term_id), body.mentee, "/mentee")
    leave(call.db, found, mentee, body.from_on, by=call.by, now=call.now, reason=body.reason)
    return _after(call, found)


@routes.put("/groups/{group}/link", Right.GROUPS_WRITE)
def change_group_link(call: Call, group: Key, body: LinkIn, term: InTerm = None) -> GroupOut:
    """Changes where a group meets; what it is already is changed no more."""
    found = _held(call, group, term)
    if body.link != found.link:
        change_link(call.db, found, body.link, by=call.by, now=call.now, reason=body.reason)
    return _after(call, found)


@routes.put("/terms/{term}/links", Right.GROUPS_WRITE)
def change_group_links(
    call: Call, term: Key, body: LinksIn, *, dry_run: Annotated[bool, Query(description="Only tell what would change.")] = False
) -> LinksOut:
    """Changes where many groups of a term meet: all of it is taken, or nothing."""
    found = term_meant(call, term)
    links = _links(call, found, body)
    with call.db.begin_nested() as tried:
        done = change_links(call.db, found, links, by=call.by, now=call.now)
        lacking = without_link(call.db, found, day_of(found, call.now))
        if dry_run:
            tried.rollback()
    return LinksOut(changed=sorted(done.changed), unchanged=done.unchanged, groups_without_link=lacking)


def _links(call: Call, term: Term, body: LinksIn) -> dict[str, str]:
    """The links by the keys of their groups."""
    keys: dict[UUID, str] = dict(call.db.execute(select(Group.id, Group.key).where(Group.term_id == term.id)).all())
    known, links = set(keys.values()), dict[str, str]()
    for place, one in enumerate(body.links):
        given = id_or_external(one.group)
        key = keys.get(given) if isinstance(given, UUID) else given
        if key is None or key not in known:
            raise flawed(f"/links/{place}/group", f"{one.group!r}: there is no such group in the term", "write an id, or ext: and its key")
        if key in links:
            raise flawed(f"/links/{place}/group", f"{one.group!r}: is there twice", "write each group once")
        if not is_address(one.link):
            raise flawed(f"/links/{place}/link", f"{one.link!r} is no link", "write https://...")
        links[key] = one.link
    return links


def _held(call: Call, key: str, term: str | None) -> Group:
    """The group that is to be changed, as the caller knows it."""
    found = group_meant(call, key, term)
    call.refuse_stale(lambda: group_out(call, found))
    return found


def _after(call: Call, group: Group) -> GroupOut:
    call.db.flush()
    return group_out(call, group)


def _series_out(call: Call, series: list[Series]) -> list[SeriesOut]:
    shifts = call.db.scalars(select(Shift).where(Shift.series_id.in_([one.id for one in series])).order_by(Shift.from_on)).all()
    return [
        SeriesOut(
            id=one.id,
            group_id=one.group_id,
            kind=one.kind,
            meetings=meetings_out(tuple(one.meetings)),
            session_minutes=one.session_minutes,
            from_on=one.from_on,
            until_on=one.until_on,
            shifts=[
                ShiftOut(from_on=shift.from_on, meetings=meetings_out(tuple(shift.meetings)))
                for shift in shifts
                if shift.series_id == one.id
            ],
        )
        for one in series
    ]
