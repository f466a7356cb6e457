"""All tables: what a migration compares the schema with."""

from data import (
    attempts,
    audit,
    clients,
    consents,
    erasures,
    events,
    factors,
    feeds,
    grants,
    groups,
    identities,
    mailed,
    outbox,
    passkeys,
    people,
    programs,
    replies,
    rounds,
    sessions,
    signed_in,
    ticks,
    timetables,
    webhooks,
)
from data.base import Base

MODULES = (
    *(attempts, audit, clients, consents, erasures, events, factors, feeds, grants, groups, identities, mailed, outbox, passkeys, people),
    *(programs, replies, rounds, sessions, signed_in, ticks, timetables, webhooks),
)
METADATA = Base.metadata
