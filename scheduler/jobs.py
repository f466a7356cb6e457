"""What ticks: each job, how often it runs, and what becomes of it where it is late, run twice, or never.

However late a job is, it runs once for all of its times that have passed. Each asks the database what is due at the moment that its clock
gives; what it does has a key there, so that running it twice, or in two processes at once, does nothing twice.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, or_, select
from sqlalchemy.orm import Session as DbSession

from data.attempts import forget_attempts
from data.bookings import Clash
from data.calendars import parts
from data.clients import forget_tokens
from data.database import reading, transaction
from data.groups import Group
from data.identities import forget_departures
from data.leases import expire
from data.mailed import forget_mailed
from data.matches import forget_matches
from data.outbox import Notice, forget, unwritten, write
from data.passkeys import forget_challenges
from data.programs import Program, Term
from data.replies import forget_replies
from data.sessions import Series
from data.settings import settings_of
from data.signed_in import forget_visits
from data.ticks import tick
from data.wiping import wipe
from scheduler.deliveries import deliver_hooks
from scheduler.fetch import NOBODY, Hosts, near_hosts
from scheduler.hooks import BATCHES, EVERY, Signer, signer
from scheduler.mail import SERVER, MailServer, mail_server
from scheduler.outbox import deliver_mail
from scheduler.patience import Stopped, never
from scheduler.produce import produce
from scheduler.reminders import due_asks, due_reminders, not_reminded_since
from scheduler.retention import (
    forget_accounts,
    forget_audit,
    forget_links,
    forget_old_events,
    forget_people,
    forget_records,
    forget_results,
)
from scheduler.ticker import Clock, Job
from scheduler.timetables import forget_over, look_again

LOG = logging.getLogger(__name__)

HEARTBEAT = "ticker"
"""The name under which `data.ticks` knows when this has ticked last."""

KEPT_FOR = dt.timedelta(days=90)
"""Messages are kept for as long as somebody may ask whether they were told."""

UNHEARD = dt.timedelta(minutes=5)
"""A worker whose database was away for a while goes on with its run, where nobody has taken that from it."""


@dataclass(frozen=True, slots=True)
class Post:
    """How messages leave; those of a kind without a way out stay in the outbox. Timetables come from machines that are `near` too."""

    mail: MailServer | None = None
    hooks: Signer | None = None
    near: Hosts = NOBODY

    @property
    def lack(self) -> str:
        """What does not leave, in a line for whoever starts this; empty where all does."""
        return "" if self.mail else f"no mail server is named ({SERVER}): mail stays in the outbox"


def post_of(environment: Mapping[str, str] = os.environ) -> Post:
    """The ways out that the environment names.

    Raises
    ------
    PostError
        What it says cannot be.
    """
    return Post(mail_server(environment), signer(environment), near_hosts(environment))


def jobs(post: Post, stopped: Stopped = never) -> Sequence[Job]:
    """The table of jobs; once the process is to end, as `stopped` says, those that wait for others' machines come to an end."""
    table = [
        Job("heartbeat", beat, dt.timedelta(seconds=10)),
        Job("produce sessions", produce_sessions, dt.timedelta(hours=1)),
        Job("remind", remind, dt.timedelta(seconds=30)),
        Job("ask for records", ask_for_records, dt.timedelta(minutes=5)),
        Job("read timetables", partial(look_again, near=post.near, stopped=stopped), dt.timedelta(minutes=1)),
        Job("expire runs", expire_runs, dt.timedelta(minutes=1)),
        Job("forget", forget_messages, dt.timedelta(hours=6)),
        Job("forget links", forget_links, dt.timedelta(hours=6)),
        Job("forget results", forget_results, dt.timedelta(hours=6)),
        Job("forget matches", forget_over_matches, dt.timedelta(minutes=1)),
        Job("forget sign-ins", forget_sign_ins, dt.timedelta(hours=1)),
        Job("forget timetables", forget_over, dt.timedelta(hours=6)),
        Job("forget events", forget_old_events, dt.timedelta(hours=6)),
        Job("forget records", forget_records, dt.timedelta(hours=6)),
        Job("forget audit", forget_audit, dt.timedelta(hours=6)),
        Job("forget people", forget_people, dt.timedelta(hours=1)),
        Job("forget accounts", forget_accounts, dt.timedelta(hours=6)),
        Job("forget replies", forget_old_replies, dt.timedelta(hours=1)),
        Job("forget tokens", forget_old_tokens, dt.timedelta(hours=1)),
        Job("wipe", wipe_erased, dt.timedelta(minutes=1)),
    ]
    if post.mail is not None:
        table.append(Job("deliver mail", partial(deliver_mail, server=post.mail, stopped=stopped), dt.timedelta(seconds=5)))
    if post.hooks is not None:
        deliver = partial(deliver_hooks, signer=post.hooks, stopped=stopped)
        table.append(Job("deliver webhooks", deliver, EVERY, at_once=BATCHES))
    return table


def beat(engine: Engine, clock: Clock) -> None:
    """Notes that this process ticks. Late or never: others see that it does not. Twice: the later counts."""
    with transaction(engine) as db:
        tick(db, HEARTBEAT, clock())


def produce_sessions(engine: Engine, clock: Clock) -> int:
    """Produces the sessions of all terms up to their last days, of open-ended ones up to their programs' horizon, and tells how many are
    new. Late: what has begun meanwhile is left out. Twice: nothing; two at once wait for each other, or find a clash and leave the rest to
    the next time. Never: open-ended terms run out of sessions when the horizon is over."""
    now, made = clock(), 0
    with reading(engine) as db:
        behind = list(_behind(db, now))
    for until, series in behind:
        try:
            with transaction(engine) as db:
                rows = list(db.scalars(select(Series).where(Series.id.in_(series)).order_by(Series.id)))
                made += len(produce(db, rows, until, now).sessions)
        except Clash as clash:
            LOG.info("sessions until %s: %s", until, type(clash).__name__)
    return made


def _behind(db: DbSession, now: dt.datetime) -> Iterator[tuple[dt.date, Sequence[UUID]]]:
    """The series that are not produced as far as they are to be, some of one term at a time, and the day until which they are to be."""
    for term, settings in db.execute(select(Term, Program.settings).join(Program)).all():
        today = now.astimezone(ZoneInfo(term.zone)).date()
        until = term.last_on or today + dt.timedelta(days=settings_of(settings).horizon_days)
        if until < today:
            continue
        lasting = or_(Group.until_on.is_(None), Group.until_on > today)
        short = or_(Series.produced_until.is_(None), Series.produced_until < until)
        ids = db.scalars(select(Series.id).join(Group).where(Group.term_id == term.id, lasting, short).order_by(Series.id)).all()
        yield from ((until, some) for some in parts(ids))


def remind(engine: Engine, clock: Clock) -> int:
    """Writes the reminders that are due, and tells how many. Late: those whose sessions have not begun, one for each person and session.
    Twice: nothing. Never: nobody is reminded."""
    return _write_due(engine, clock(), lambda db, now: not_reminded_since(db, unwritten(db, due_reminders(db, now))))


def ask_for_records(engine: Engine, clock: Clock) -> int:
    """Asks mentors for the records that are due, and tells how many. Late: once for each session of the last 14 days. Twice: nothing.
    Never: nobody is asked, and managers see the sessions nevertheless."""
    return _write_due(engine, clock(), lambda db, now: unwritten(db, due_asks(db, now)))


def expire_runs(engine: Engine, clock: Clock) -> int:
    """Lets the runs of workers that have not been heard of for `UNHEARD` after their lease wait again, and tells how many. Late, twice: all
    the same. Never: they are shown as being solved until the next worker takes them, which it does by their leases alone."""
    with transaction(engine) as db:
        return expire(db, clock() - UNHEARD)


def forget_messages(engine: Engine, clock: Clock) -> int:
    """Removes messages 90 days after they were sent or given up, and tells how many. Late, twice: all the same. Never: they stay."""
    with transaction(engine) as db:
        return forget(db, clock() - KEPT_FOR)


def forget_over_matches(engine: Engine, clock: Clock) -> int:
    """Removes matches ten minutes after their results were fetched and a day after they were asked for, and tells how many. Late, twice:
    all the same. Never: what platforms had solved stays, with names."""
    with transaction(engine) as db:
        return forget_matches(db, clock())


def forget_old_replies(engine: Engine, clock: Clock) -> int:
    """Removes answers that were kept for retries, after 24 hours, and tells how many. Late, twice: all the same. Never: they stay, and are
    given to nobody."""
    with transaction(engine) as db:
        return forget_replies(db, clock())


def forget_old_tokens(engine: Engine, clock: Clock) -> int:
    """Removes tokens of API clients that have ended, and tells how many. Late, twice: all the same. Never: they stay, and open nothing."""
    with transaction(engine) as db:
        return forget_tokens(db, clock())


def wipe_erased(engine: Engine, clock: Clock) -> int:
    """Wipes what was erased from the database's files, and tells of how many people. Late: of all since. Twice: nothing; where somebody
    still reads what there was, the next time. Never: bytes of names stay in files, where no query finds them."""
    return wipe(engine, now=clock())


def forget_sign_ins(engine: Engine, clock: Clock) -> int:
    """Removes what let somebody in and is over: visits, links, challenges, ways to a provider, tries that failed; tells how many.
    Late, twice: all the same. Never: they stay, and let nobody in."""
    now = clock()
    with transaction(engine) as db:
        forgets = (forget_visits, forget_mailed, forget_challenges, forget_departures, forget_attempts)
        return sum(forget_some(db, now) for forget_some in forgets)


def _write_due(engine: Engine, now: dt.datetime, due: Callable[[DbSession, dt.datetime], list[Notice]]) -> int:
    """Writes only where there is something new, so that looking keeps no writer waiting."""
    with reading(engine) as db:
        fresh = due(db, now)
    if not fresh:
        return 0
    with transaction(engine) as db:
        return write(db, fresh, now=now)
