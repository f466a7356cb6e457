"""Whoever is told of minors by the API leaves a row that says who, when, from where, of whom and what: all answers to a GET of the document
are looked through for a mentee's ids and key, so that a new operation that tells of one and leaves no row fails here."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Collection
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine, select

from api.app import create_app
from data.access import Role
from data.archive import packed
from data.audit import Deed
from data.base import new_id
from data.database import reading, transaction
from data.groups import Membership
from data.outbox import About, Notice, about_session, write
from data.people import Mentee, PairRow, PeerRow, Person
from data.programs import Program
from data.roles import Given, give_role
from data.rounds import Round, Run, RunState
from data.sessions import Session, Task
from data.wishes import wish_reminders
from matching.result import Advice, Change, EndedBy, Group, Reason, Result, Unplaced
from matching.resultfiles import write_result
from tests.api.v1.callers import NOW, Caller, Platform
from tests.api.v1.prepared import operations, things_of
from tests.api.v1.roles import somebody

KEY = "s-1"
TUESDAY = (24 + 19) * 60
NOT_HERE = {
    *("/v1/me/passkeys", "/v1/me/sessions", "/v1/auth/sso/return"),  # an account's own, which a client has not
    "/v1/rounds/{round}/oneroster",  # of what is published: `tests.api.v1.test_oneroster_export` looks for its row
    *(f"/v1/matches/{{match}}{part}" for part in ("", "/progress", "/groups", "/unplaced", "/advice", "/changes", "/files")),
}
"""What this client is not answered; a match is of who sent it alone, and of nobody whom this service knows."""
TOLD_OF = {
    *("/v1/audit", "/v1/events", "/v1/groups/{group}", "/v1/people", "/v1/people/{person}", "/v1/people/{person}/export"),
    *("/v1/people/{person}/export/files", "/v1/programs/{program}/outbox", "/v1/programs/{program}/roles"),
    *("/v1/programs/{program}/subscriptions", "/v1/rounds/{round}/left-out", "/v1/sessions/{session}", "/v1/sessions/{session}/messages"),
    *(f"/v1/runs/{{run}}/{part}" for part in ("groups", "unplaced", "advice", "changes", "files", "comparison")),
    *("/v1/sessions/{session}/record", "/v1/subscriptions/{subscription}", "/v1/terms/{term}/consents", "/v1/terms/{term}/export"),
    *(f"/v1/terms/{{term}}/{part}" for part in ("groups", "groups/{group}", "mentees", "mentees/{mentee}", "pairs", "peers")),
    *(f"/v1/terms/{{term}}/mentees/{{mentee}}/{part}" for part in ("availability", "requests", "consents", "reminders")),
    *("/v1/terms/{term}/reminders", "/v1/terms/{term}/sessions", "/v1/terms/{term}/imports/{table_import}"),
}
"""What the mentee is found in here; that many of the answers are looked through for nothing would not be seen else."""


@pytest.fixture
def things(database: Engine) -> dict[str, str]:
    """One of each thing, all of which tell of one mentee, as far as they can."""
    found = things_of(database, "city")
    result = Result(
        groups=(Group(key="g-1", mentor="m-1", subject="math", meetings=(TUESDAY,), members=(KEY,)),),
        unplaced=(Unplaced(mentee=KEY, subject="math", reason=Reason.NO_MENTOR, detail="x"),),
        score=1,
        bound=1,
        requests=2,
        seed=0,
        seconds=1,
        ended_by=EndedBy.PROOF,
        advice=(Advice(sentence=f"{KEY} could come later", file="mentees.csv", key=KEY, change="x", gain=1, placed=1),),
        changes=(Change(mentee=KEY, subject="math", before="", after="m-1 @ Tue 19:00", why="x"),),
    )
    other = Result(groups=(), unplaced=(), score=1, bound=1, requests=2, seed=0, seconds=1, ended_by=EndedBy.PROOF)
    with transaction(database) as db:
        mentee, second = db.scalars(select(Mentee).order_by(Mentee.key).limit(2)).all()
        term, mentor = mentee.term_id, UUID(found["mentor"])
        db.add(PairRow(term_id=term, place=0, mentor_id=mentor, mentee_id=mentee.id, rule="require"))
        db.add(PeerRow(term_id=term, place=0, mentee_id=mentee.id, other_id=second.id, rule="apart"))
        session = db.get_one(Session, UUID(found["session"]))
        session.recorded_at = NOW
        db.add(Task(session_id=session.id, text="page 7"))
        run = db.get_one(Run, UUID(found["run"]))
        run.state, run.problem, run.result = RunState.DONE, "", packed(lambda folder: write_result(result, folder, repaired=True))
        compared = {"number": 2, "state": RunState.DONE, "queued_at": NOW, "ended_at": NOW, "problem": ""}
        second_run = Run(id=new_id(), round_id=run.round_id, **compared, result=packed(lambda folder: write_result(other, folder)))
        db.add(second_run)
        db.get_one(Round, run.round_id).left_out = [str(mentee.id)]
        person, program = db.get_one(Person, mentee.person_id), db.get_one(Program, UUID(found["program"]))
        wish_reminders(db, mentee, [60], by="test", now=NOW)
        moved = about_session(About.MOVED, session.id)
        write(db, [Notice(key=f"moved:{session.id}:{KEY}", address="", body=moved, person_id=person.id)], now=NOW)
        role = give_role(db, None, program, "child@example.org", Given(Role.MENTEE, person), by="test", now=NOW)
    return found | {"role": str(role.id), "other": str(second_run.id)}


def holds(answer: httpx.Response, names: Collection[str]) -> bool:
    """Whether an answer tells of somebody by one of their names; a ZIP is looked into."""
    texts = [answer.text]
    if answer.headers.get("content-type") == "application/zip":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
            texts = [files.read(name).decode(errors="replace") for name in files.namelist()]
    return any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) for text in texts for name in names)


def test_every_answer_that_tells_of_a_mentee_leaves_a_row_of_it(database: Engine, things: dict[str, str]) -> None:
    office, told_of, failed = Platform(database).client(), set[str](), set[str]()
    with reading(database) as db:
        mentee = db.get_one(Mentee, UUID(things["mentee"]))
        names = {KEY, str(mentee.id), str(mentee.person_id)}
        assert mentee.key == KEY
    for one in operations(create_app(database, lambda: NOW).app.openapi()):
        if one.method != "GET":
            continue
        path = one.at(things).replace("with=x", f"with={things['other']}")
        before = noted(database)
        answer = office.ask("GET", path)
        assert answer.status_code < 500, f"{one.title}: {answer.text}"
        if not answer.is_success:
            failed.add(one.path)
        if not answer.is_success or not ({"mentee", "person"} & {*one.names} or holds(answer, names)):
            continue
        told_of.add(one.path)
        rows = [row for row in noted(database).values() if row.id not in before]
        assert any(KEY in row.details.get("mentees", ()) or row.whom == f"mentee {KEY}" for row in rows), f"{one.title} leaves no row"
        for row in rows:
            assert row.by.startswith("client "), one.title
            assert (row.at, row.source) == (NOW, "127.0.0.1"), one.title
            assert row.what.endswith(("read", "exported")), one.title
            assert row.details["path"] == path.partition("?")[0], one.title
            assert row.program_id == UUID(things["program"]), one.title
    assert failed == NOT_HERE
    assert TOLD_OF - told_of == set(), "what was looked through"


def test_a_change_that_tells_all_of_a_mentee_is_a_reading_too(database: Engine, things: dict[str, str]) -> None:
    office = Platform(database).client()
    path = f"/v1/terms/{things['term']}/mentees/{things['mentee']}"
    whole = office.ask("GET", path).json()
    for method, fields in (("PATCH", ()), ("PUT", ("grade", "requests", "availability"))):
        before = noted(database)
        assert office.ask(method, path, {name: whole[name] for name in fields}).status_code == 200
        (row,) = [row for row in noted(database).values() if row.id not in before]
        assert (row.what, row.details["mentees"], row.details["path"]) == ("mentees read", [KEY], path)


def noted(database: Engine) -> dict[UUID, Deed]:
    """The rows of who read or exported something."""
    with reading(database) as db:
        return {row.id: row for row in db.scalars(select(Deed)) if row.what.endswith(("read", "exported"))}


def of_tasks(database: Engine) -> list[tuple[str, str, list[str]]]:
    rows = sorted(noted(database).values(), key=lambda row: row.id)
    return [(row.by, row.what, row.details["mentees"]) for row in rows if row.what == "tasks read"]


def test_who_reads_the_same_again_soon_leaves_one_row_and_another_or_later_one_more(database: Engine, things: dict[str, str]) -> None:
    platform = Platform(database)
    office, mentor = platform.client(), somebody(platform, Role.MENTOR, "m-1")
    path = f"/v1/sessions/{things['session']}/tasks"

    def read(caller: Caller) -> int:
        assert caller.ask("GET", path).status_code == 200
        return len(of_tasks(database))

    assert (read(office), read(office), read(mentor), read(mentor)) == (1, 1, 2, 2)
    object.__setattr__(platform, "now", NOW + dt.timedelta(minutes=4, seconds=59))
    assert read(office) == 2
    object.__setattr__(platform, "now", NOW + dt.timedelta(minutes=5))
    assert (read(office), read(office), read(mentor)) == (3, 3, 4)
    rows = of_tasks(database)
    assert len({by for by, _, _ in rows}) == 2
    assert {tuple(keys) for _, _, keys in rows} == {("s-1", "s-2")}


def test_of_more_pages_only_those_are_written_down_who_were_not_told_of_before(database: Engine, things: dict[str, str]) -> None:
    office = Platform(database).client()
    path = f"/v1/terms/{things['term']}/groups"
    for query in ("?limit=1", "?limit=1", "", "?limit=2"):
        assert office.ask("GET", path + query).status_code == 200
    first, rest = (row.details["mentees"] for row in sorted(noted(database).values(), key=lambda row: row.id))
    with reading(database) as db:
        assert sorted(first + rest) == sorted(set(db.scalars(select(Mentee.key).join(Membership, Membership.mentee_id == Mentee.id))))
