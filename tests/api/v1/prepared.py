"""Two programs that know nothing of each other, with one of each thing that an address of the API may name, and requests to any operation.

What is sent is made from the API's own document: the least body that an operation takes. A parameter of a path whose name is not known
here is to be added to `things_of`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.orm import Session as DbSession

from data.access import Right, Role
from data.accounts import account_for
from data.audit import Deed, write_down
from data.base import new_id
from data.clients import make_client, secrets_of
from data.database import transaction
from data.feeds import Audience, Calendar, subscribe
from data.grants import Grant
from data.groups import Group
from data.intake import IMPORTED
from data.people import Mentee, Mentor, Request
from data.programs import Closure, Organisation, Program, Term
from data.roles import Given, give_role
from data.rounds import Match, Round, Run, RunState
from data.sessions import Series, Session
from data.settings import Language
from data.signed_in import Shown, enter
from data.timetables import Timetable
from data.webhooks import add_webhook_secret, make_webhook, try_out
from tests.api.v1.callers import NOW, Caller, Platform
from tests.sessions import taught_term

Document = Mapping[str, Any]
OPEN = {
    *(("POST", f"/v1/{path}") for path in ("tokens", "auth/sign-in", "auth/sign-out", "auth/password/forgot", "auth/password/reset")),
    *(("POST", f"/v1/auth/{path}") for path in ("links", "links/use", "passkeys/begin", "passkeys", "sso")),
    ("GET", "/v1/auth/sso/return"),
}
"""What those use who are not known yet."""
OWN = {
    *(("GET", path) for path in ("/v1/me", "/v1/me/sessions", "/v1/me/passkeys")),
    *(("POST", f"/v1/me/{path}") for path in ("totp", "totp/confirm", "recovery-codes", "passkeys/begin", "passkeys")),
    *(("DELETE", f"/v1/me/{path}") for path in ("sessions", "sessions/{console_session}", "totp", "passkeys/{passkey}")),
    ("PUT", "/v1/me/password"),
}
"""What takes no right, because it is of the caller's own alone."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation of the document: its place, the right that it takes, None where it says none, and the least that it may be sent."""

    method: str
    path: str
    right: Right | None
    body: object
    query: str
    names: tuple[str, ...]

    @property
    def title(self) -> str:
        """How a failure calls it."""
        return f"{self.method} {self.path}"

    def at(self, things: Mapping[str, str]) -> str:
        """Its address, about some things."""
        missing = [name for name in self.names if name not in things]
        assert not missing, f"{self.title}: nobody has prepared a thing for {missing}; add it to tests.api.v1.prepared.things_of"
        return self.path.format(**{name: quote(things[name], safe=":@") for name in self.names}) + self.query

    def amid_nothing(self) -> dict[str, str]:
        """Ids of nothing in the places of things."""
        return {name: str(uuid4()) for name in self.names}


def operations(document: Document) -> list[Asked]:
    """All operations of the API."""
    return [
        _operation(document, method.upper(), path, told)
        for path, methods in document["paths"].items()
        if path.startswith("/v1/")
        for method, told in methods.items()
    ]


def _operation(document: Document, method: str, path: str, told: Document) -> Asked:
    parameters = told.get("parameters", [])
    needed = [one for one in parameters if one["in"] == "query" and one.get("required")]
    query = "&".join(f"{one['name']}={quote(str(_least(document, one['schema'])))}" for one in needed)
    content = told.get("requestBody", {}).get("content", {})
    body = _least(document, content["application/json"]["schema"]) if "application/json" in content else None
    return Asked(
        method=method,
        path=path,
        right=Right(told["x-right"]) if "x-right" in told else None,
        body=body,
        query=f"?{query}" if query else "",
        names=tuple(one["name"] for one in parameters if one["in"] == "path"),
    )


def _least(document: Document, schema: Document) -> Any:  # noqa: ANN401  a value of JSON
    """The least that a schema takes: what it shows as an example, else what is short and fits."""
    if "$ref" in schema and not schema.get("examples"):
        return _least(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    for shown in ("const", "default"):
        if shown in schema:
            return schema[shown]
    for shown in ("examples", "enum"):
        if schema.get(shown):
            return schema[shown][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return _least(document, schema[choice][0])
    least: dict[str, Callable[[], object]] = {
        "object": lambda: {name: _least(document, schema["properties"][name]) for name in schema.get("required", ())},
        "array": lambda: [_least(document, schema["items"])] * schema.get("minItems", 0),
        "integer": lambda: schema.get("minimum", 1),
        "number": lambda: schema.get("minimum", 1),
        "boolean": lambda: False,
        "string": lambda: _TEXTS.get(schema.get("format", ""), "x" * schema.get("minLength", 1)),
    }
    made = least.get(schema.get("type", ""))
    return made() if made else None


_TEXTS = {"date": "2026-03-12", "date-time": "2026-03-12T19:00:00+09:00", "uuid": str(uuid4()), "email": "a@example.org"}


def things_of(engine: Engine, city: str) -> dict[str, str]:
    """A new organisation with one of each thing, by the names that paths call them."""
    taught_term(engine, city=city)
    with transaction(engine) as db:
        term = db.scalars(select(Term).order_by(Term.id.desc())).first()
        assert term is not None
        group = db.scalars(select(Group).where(Group.term_id == term.id, Group.key == "g-1")).one()
        closure = Closure(id=new_id(), term_id=term.id, first_on=dt.date(2026, 3, 20), last_on=dt.date(2026, 3, 20), name="exams")
        round = Round(id=new_id(), term_id=term.id, number=1, opened_at=_THEN)
        db.add_all((closure, round))
        db.flush()
        run = Run(id=new_id(), round_id=round.id, number=1, state=RunState.FAILED, queued_at=_THEN, ended_at=_THEN, problem="none")
        unkept = Round(id=new_id(), number=1, opened_at=_THEN)
        db.add_all((run, unkept))
        db.flush()
        match = Run(id=new_id(), round_id=unkept.id, number=1, state=RunState.FAILED, queued_at=_THEN, ended_at=_THEN, problem="none")
        db.add(match)
        db.flush()
        db.add(Match(id=match.id, owner=city, asked_at=NOW))
        mentee = db.scalars(select(Mentee).where(Mentee.term_id == term.id, Mentee.key == "s-1")).one()
        db.add_all(Request(mentee_id=one, subject="math") for one in db.scalars(select(Mentee.id).where(Mentee.term_id == term.id)))
        owner = (Calendar.audience == Audience.MENTEE, Calendar.owner == str(mentee.person_id))
        calendar = db.scalars(select(Calendar).where(Calendar.program_id == term.program_id, *owner)).one()
        link, _ = subscribe(db, calendar, name="phone", language=Language.EN, alarms=(), days_back=28, by="test", now=_THEN)
        program = db.get_one(Program, term.program_id)
        role = give_role(db, None, program, f"reviewer@{city}.example", Given(Role.REVIEWER), by="test", now=_THEN)
        organisation = db.get_one(Organisation, program.organisation_id)
        scopes = [Right.PROGRAM_READ]
        client, _ = make_client(db, organisation, "reader", scopes, programs=[program], role=Role.REVIEWER, by="test", now=_THEN)
        own = "whsec_" + "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"
        webhook, _ = make_webhook(db, program, "https://example.org/dure", (), own, by="test", now=_THEN)
        second, _ = add_webhook_secret(db, webhook, own, by="test", now=_THEN)
        delivery = try_out(db, webhook, by="test", now=_THEN)
        teaches = db.scalars(select(Mentor.id).where(Mentor.term_id == term.id, Mentor.key == "m-1")).one()
        db.add(Timetable(mentor_id=teaches, busy=[], weekly="", read_at=_THEN, due_at=_THEN))
        counts = {"new": 1, "changed": 0, "unchanged": 0, "gone": 0}
        told = {"mentees": counts, "people": {"mentees": {"new": ["s-1"]}}}
        write_down(db, at=_THEN, by="test", what=IMPORTED, whom="term", term=term.id, details=told)
        found = {
            "program": program.id,
            "table_import": db.scalars(select(Deed.id).where(Deed.term_id == term.id, Deed.what == IMPORTED)).one(),
            "organisation": program.organisation_id,
            "role": role.id,
            "client": client.id,
            "secret": secrets_of(db, client)[0].id,
            "term": term.id,
            "mentor": teaches,
            "mentee": mentee.id,
            "person": mentee.person_id,
            "group": group.id,
            "series": db.scalars(select(Series.id).where(Series.group_id == group.id)).first(),
            "session": db.scalars(select(Session.id).where(Session.group_id == group.id).order_by(Session.starts_at)).first(),
            "closure": closure.id,
            "round": round.id,
            "run": run.id,
            "match": match.id,
            "subscription": link.id,
            "webhook": webhook.id,
            "delivery": delivery.id,
            "webhook_secret": second.id,
        }
    return {name: str(value) for name, value in found.items()}


_THEN = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)


@contextmanager
def nothing_stays(engine: Engine) -> Iterator[None]:
    """While this lasts, whatever a transaction of the engine did is undone where it would be kept: requests do not disturb each other."""

    def undone(connection: Connection) -> None:
        connection.connection.rollback()

    event.listen(engine, "commit", undone)
    try:
        yield
    finally:
        event.remove(engine, "commit", undone)


def caller_in(platform: Platform, role: Role, things: Mapping[str, str]) -> Caller:
    """A client with a role in the first organisation: its mentor, its mentee, or who is there for that one; the match is theirs now."""
    caller = platform.client(role=role)
    with transaction(platform.engine) as db:
        grant = db.scalars(select(Grant).order_by(Grant.id.desc())).first()
        assert grant is not None
        _be_somebody(db, grant, f"client {grant.client_id}", things)
    return caller


def cookie_in(platform: Platform, role: Role, things: Mapping[str, str], *, two_factors: bool = False) -> str:
    """What the browser shows in which an account is signed in that has a role in the first organisation, likewise."""
    with transaction(platform.engine) as db:
        account = account_for(db, f"{role}@signed-in.example", by="test", now=NOW)
        program = db.get_one(Program, UUID(things["program"]))
        grant = Grant(id=new_id(), account_id=account.id, organisation_id=program.organisation_id, program_id=program.id, role=role)
        db.add(grant)
        _be_somebody(db, grant, f"account {account.id}", things)
        return enter(db, account, Shown(NOW, two_factors=two_factors), source="127.0.0.1", agent="test", now=NOW)


def _be_somebody(db: DbSession, grant: Grant, name: str, things: Mapping[str, str]) -> None:
    """Makes a role that of the prepared mentor or mentee, or of who is there for one, by what the audit calls whoever has it."""
    db.get_one(Match, UUID(things["match"])).owner = name
    if grant.role is Role.MENTOR:
        grant.person_id = db.get_one(Mentor, UUID(things["mentor"])).person_id
    elif grant.role in {Role.MENTEE, Role.GUARDIAN}:
        grant.person_id = UUID(things["person"])
    elif grant.role is Role.PARTNER:
        grant.school = "north"
