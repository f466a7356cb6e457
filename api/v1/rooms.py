"""All of the API, version 1: the rooms whose operations it is made of."""

from __future__ import annotations

from fastapi import FastAPI

from api.problems import add_problems
from api.v1 import (
    api_clients,
    audit,
    availability,
    closures,
    consents,
    events,
    groups,
    leavers,
    matches,
    me,
    mentees,
    mentors,
    oneroster,
    outbox,
    own_data,
    pairs,
    people,
    programs,
    publishing,
    records,
    reminders,
    roles,
    rounds,
    runs,
    sessions,
    subscriptions,
    tables,
    terms,
    timetables,
    webhooks,
)
from api.v1.document import add_document
from api.v1.door import Door, Routes
from api.v1.sign_in import add_sign_in
from api.v1.tokens import add_tokens

ROOMS: tuple[Routes, ...] = (
    events.routes,
    webhooks.routes,
    programs.routes,
    terms.routes,
    closures.routes,
    mentors.routes,
    mentees.routes,
    oneroster.routes,
    availability.routes,
    consents.routes,
    own_data.routes,
    pairs.routes,
    people.routes,
    tables.routes,
    groups.routes,
    sessions.routes,
    records.routes,
    leavers.routes,
    subscriptions.routes,
    reminders.routes,
    timetables.routes,
    outbox.routes,
    audit.routes,
    rounds.routes,
    runs.routes,
    publishing.routes,
    roles.routes,
    api_clients.routes,
    me.routes,
    matches.routes,
)


def add_v1(app: FastAPI, door: Door) -> None:
    """Adds all operations and their document to an app."""
    add_problems(app)
    add_tokens(app, door)
    add_sign_in(app, door)
    door.open_for(app, *ROOMS)
    add_document(app)
