"""Subscriptions: secret links to calendars. A link is told once, to whom it is made for; whoever has it sees the calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field
from sqlalchemy import and_, false, or_, select

from api.links import feed_links
from api.v1.door import Call, Routes, Wire
from api.v1.fields import AKey, Text, flawed
from api.v1.finding import Key, id_or_external, is_called, own_key
from api.v1.meant import only, program_meant
from api.v1.noting import note_named
from api.v1.paging import USUAL, After, Limit, Page, paged
from data.access import Right
from data.feed_owners import NoSuchOwner, owner_in, owner_keys, spoken_language
from data.feeds import MOST_ALARMS, MOST_DAYS_BACK, Audience, Calendar, Subscription, calendar_of, change, revoke, subscribe
from data.own import calendars_seen
from data.programs import Program
from data.settings import Language

routes = Routes("subscriptions")

Alarms = Annotated[
    list[Annotated[int, Field(ge=1, le=40_320)]],
    Field(max_length=MOST_ALARMS, description="Calendars ring so many minutes before a session."),
]
DaysBack = Annotated[int, Field(ge=0, le=MOST_DAYS_BACK, description="Sessions are shown from so many days back on.")]


class OwnerOut(Wire):
    """Whose calendar it is: a person or a group by both keys, a school by its name, a program."""

    id: UUID | None
    external_id: str


class SubscriptionOut(Wire):
    """One secret link to a calendar, but not the link."""

    id: UUID
    external_id: str | None = Field(description="The platform's own key, where it was put under one.")
    program_id: UUID
    audience: Audience
    owner: OwnerOut
    name: str
    language: Language
    alarm_minutes: list[int]
    days_back: int
    created_at: dt.datetime
    last_used_at: dt.datetime | None
    revoked_at: dt.datetime | None


class SubscriptionIn(Wire):
    """A wish for a link."""

    audience: Audience
    owner: AKey | None = Field(
        None, description="A mentor, a mentee or a group by an id or `ext:...`, a school by `ext:` and its name; nothing for the program."
    )
    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$", description="What it is for.")] = "my calendar"
    language: Language | None = Field(None, description="Null for the person's own, or the program's first.")
    alarm_minutes: Alarms = Field(default_factory=list)
    days_back: DaysBack = 60


class SubscriptionMade(Wire):
    """A new link, which nobody can tell again."""

    subscription: SubscriptionOut
    url: str
    webcal_url: str = Field(description="The same link, which opens a calendar program.")


class SubscriptionPut(Wire):
    """A subscription; one that is new with its link."""

    subscription: SubscriptionOut
    url: str | None = Field(description="Null where it was there already, since nobody can tell a link again.")
    webcal_url: str | None = Field(description="The same link, which opens a calendar program.")


class SubscriptionPatch(Wire):
    """What is to be otherwise; what is left out stays."""

    name: Annotated[Text, Field(min_length=1)] | None = None
    language: Language | None = None
    alarm_minutes: Alarms | None = None
    days_back: DaysBack | None = None


@routes.get("/programs/{program}/subscriptions", Right.FEEDS_READ)
def list_subscriptions(
    call: Call,
    program: Key,
    *,
    audience: Audience | None = None,
    revoked: Annotated[bool | None, Query(description="Only those that were revoked, or only those that were not.")] = None,
    after: After = None,
    limit: Limit = USUAL,
) -> Page[SubscriptionOut]:
    """The subscriptions to calendars of a program, also those that were revoked, the oldest first."""
    found = program_meant(call, program)
    asked = select(Subscription, Calendar).join(Calendar).where(Calendar.program_id == found.id, calendars_seen(call.sight(found.id)))
    if audience is not None:
        asked = asked.where(Calendar.audience == audience)
    if revoked is not None:
        asked = asked.where(Subscription.revoked_at.is_not(None) if revoked else Subscription.revoked_at.is_(None))
    return paged(call, asked, [Subscription.id], lambda rows: _read(call, [(one, of) for one, of in rows]), after, limit)


@routes.post("/programs/{program}/subscriptions", Right.FEEDS_WRITE)
def make_subscription(call: Call, program: Key, body: SubscriptionIn) -> SubscriptionMade:
    """Makes a link: for anybody by the program's office, else for oneself, one's child or one's school."""
    calendar, language = _calendar(call, program_meant(call, program), body)
    return _make(call, calendar, language, body, None)


@routes.put("/programs/{program}/subscriptions/{subscription}", Right.FEEDS_WRITE)
def put_subscription(call: Call, program: Key, subscription: Key, body: SubscriptionIn) -> SubscriptionPut:
    """Makes a link, or has the one that is there already show what is sent; whose it is stays."""
    found = program_meant(call, program)
    there = _called(call, subscription, {found.id})
    if len(there) == 1:
        call.refuse_stale(lambda: _shown(call, there)[0])
    calendar, language = _calendar(call, found, body)
    own = next((one for one, of in there if of.id == calendar.id), None)
    if own is None and there:
        raise flawed("/owner", "is not whose link this is", "leave it with whose it is, or take another key")
    if own is None:
        return SubscriptionPut(**dict(_make(call, calendar, language, body, own_key(subscription, "subscription"))))
    call.refuse_stale(lambda: _shown(call, [(own, calendar)])[0])
    sent = SubscriptionPatch(name=body.name, language=language, alarm_minutes=body.alarm_minutes, days_back=body.days_back)
    return SubscriptionPut(subscription=_change(call, own, calendar, sent), url=None, webcal_url=None)


def _calendar(call: Call, found: Program, body: SubscriptionIn) -> tuple[Calendar, Language]:
    """Whose calendar is meant, which the caller may see, and in which language it is to be."""
    given = id_or_external(body.owner) if body.owner else None
    if (given is None) != (body.audience is Audience.PROGRAM):
        raise flawed("/owner", "is of no use to this audience", "write an id or ext:..., and nothing for the program")
    owner = owner_in(call.db, found, body.audience, given or "")
    calendar = calendar_of(call.db, found.id, owner.audience, owner.owner, call.now)
    theirs = select(Calendar.id).where(Calendar.id == calendar.id, calendars_seen(call.sight(found.id)))
    if call.db.scalars(theirs).first() is None:
        raise NoSuchOwner(body.audience, str(given), found.key)
    return calendar, spoken_language(call.db, found.id, body.language) if body.language else owner.language


def _make(call: Call, calendar: Calendar, language: Language, body: SubscriptionIn, key: str | None) -> SubscriptionMade:
    made, token = subscribe(
        call.db,
        calendar,
        name=body.name,
        language=language,
        alarms=body.alarm_minutes,
        days_back=body.days_back,
        key=key,
        by=call.by,
        now=call.now,
    )
    call.db.flush()
    call.made(f"/subscriptions/{made.id}")
    url, webcal = feed_links(token)
    return SubscriptionMade(subscription=_shown(call, [(made, calendar)])[0], url=url, webcal_url=webcal)


@routes.get("/subscriptions/{subscription}", Right.FEEDS_READ)
def read_subscription(call: Call, subscription: Key) -> SubscriptionOut:
    """One of them."""
    return _read(call, [_meant(call, subscription)])[0]


@routes.patch("/subscriptions/{subscription}", Right.FEEDS_WRITE)
def change_subscription(call: Call, subscription: Key, body: SubscriptionPatch) -> SubscriptionOut:
    """Changes what a link shows; the link stays, and calendars follow when they ask next."""
    return _change(call, *_held(call, subscription), body)


def _change(call: Call, found: Subscription, calendar: Calendar, body: SubscriptionPatch) -> SubscriptionOut:
    changed = change(
        call.db,
        str(found.id),
        name=body.name,
        language=spoken_language(call.db, calendar.program_id, body.language) if body.language else None,
        alarms=body.alarm_minutes,
        days_back=body.days_back,
        by=call.by,
        now=call.now,
    )
    return _shown(call, [(changed, calendar)])[0]


@routes.delete("/subscriptions/{subscription}", Right.FEEDS_WRITE)
def revoke_subscription(call: Call, subscription: Key) -> None:
    """Ends a link at once and for good; once more changes nothing."""
    found, _ = _held(call, subscription)
    revoke(call.db, str(found.id), by=call.by, now=call.now)


def _held(call: Call, key: str) -> tuple[Subscription, Calendar]:
    found = _meant(call, key)
    call.refuse_stale(lambda: _shown(call, [found])[0])
    return found


def _meant(call: Call, key: str) -> tuple[Subscription, Calendar]:
    return only(_called(call, key, call.actor.programs(call.right)), "subscription", key)


def _called(call: Call, key: str, programs: Collection[UUID]) -> list[tuple[Subscription, Calendar]]:
    """Those of some programs that a key means, of the calendars that the right reaches; held where the request may change them."""
    theirs = [and_(Calendar.program_id == program, calendars_seen(call.sight(program))) for program in programs]
    asked = select(Subscription, Calendar).join(Calendar).where(is_called(Subscription, key), or_(false(), *theirs))
    return [(one, of) for one, of in call.db.execute(asked.with_for_update(of=Subscription) if call.changes else asked)]


def _read(call: Call, rows: list[tuple[Subscription, Calendar]]) -> list[SubscriptionOut]:
    shown = _shown(call, rows)
    note_named(call, {calendar.program_id for _, calendar in rows}, (one.owner for one in shown), "subscriptions read")
    return shown


def _shown(call: Call, rows: list[tuple[Subscription, Calendar]]) -> list[SubscriptionOut]:
    keys = owner_keys(call.db, [calendar for _, calendar in rows])
    return [
        SubscriptionOut(
            id=one.id,
            external_id=one.key,
            program_id=calendar.program_id,
            audience=calendar.audience,
            owner=OwnerOut(id=_id_of(calendar), external_id=keys[calendar.id]),
            name=one.name,
            language=Language(one.language),
            alarm_minutes=one.alarms,
            days_back=one.days_back,
            created_at=one.created_at,
            last_used_at=one.last_used_at,
            revoked_at=one.revoked_at,
        )
        for one, calendar in rows
    ]


def _id_of(calendar: Calendar) -> UUID | None:
    """The id of whose calendar it is; none of a school."""
    if calendar.audience is Audience.SCHOOL:
        return None
    return calendar.program_id if calendar.audience is Audience.PROGRAM else UUID(calendar.owner)
