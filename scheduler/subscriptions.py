"""The bytes of a subscription's feed, kept by its calendar's version: made anew only where something or time has changed them."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.feeds import Calendar, Link, Subscription, link_of
from scheduler.calendars import shown
from scheduler.feed import rendered

SECOND = dt.timedelta(seconds=1)


def render_anew(db: DbSession, which: UUID, now: dt.datetime) -> Link:
    """Renders a subscription's feed, keeps it and gives its link as it is now; where another was quicker, nothing is done.

    Its last change never goes back, and rises by a second at least wherever the bytes are others: a reader who asks by that date
    misses nothing (F18).

    Raises
    ------
    HasLeft
        The calendar is of somebody who has left.
    """
    subscription, calendar = db.execute(
        select(Subscription, Calendar).join(Calendar).where(Subscription.id == which).with_for_update(of=Subscription)
    ).one()
    link = link_of(subscription, calendar)
    if link.revoked_at is not None or link.is_right(now):
        return link
    seen = shown(db, subscription, calendar, now)
    told = rendered(seen.feed)
    etag = hashlib.sha256(told).hexdigest()[:40]
    if etag != subscription.rendered_etag or subscription.rendered is None or subscription.last_modified is None:
        before = subscription.last_modified
        whole = now.replace(microsecond=0)
        subscription.last_modified = whole if before is None else max(whole, before + SECOND)
        subscription.rendered, subscription.rendered_etag = gzip.compress(told, 6, mtime=0), etag
    subscription.rendered_version, subscription.fresh_until = calendar.version, seen.fresh_until
    subscription.last_used_at = now
    return link_of(subscription, calendar)
