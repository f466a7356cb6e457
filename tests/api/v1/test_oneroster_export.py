"""A published round's groups go out as a OneRoster archive that the specification allows, and come in again as the same people."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest
from sqlalchemy import Engine, select

from data.access import Right, Role
from data.audit import Deed
from data.base import new_id
from data.database import reading, transaction
from data.groups import Group, Membership
from data.oneroster_names import joined
from data.people import Mentee, Mentor, Person
from data.programs import Program, Term
from data.roster import farthest, round_of
from data.rounds import Run
from matching.round import Mentee as RoundMentee, Mentor as RoundMentor, Round
from scheduler.publish import publish
from tests.api.v1.callers import NOW, Caller, Platform
from tests.oneroster import Rows, tables_of, wrongs_of
from tests.solved import SOLVED_AT, done_run
from tests.terms import demo_round, demo_term

ROUND = "/v1/rounds/ext:2026-spring:1/oneroster"


@pytest.fixture
def platform(database: Engine) -> Platform:
    """The demo term, whose groups are published."""
    term = demo_term(database)
    with transaction(database) as db:
        publish(db, done_run(db, db.get_one(Term, term.id)), SOLVED_AT, "kim")
    return Platform(database)


def archive(caller: Caller, query: str = "") -> bytes:
    answer = caller.ask("GET", f"{ROUND}{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip"), answer.text
    return answer.content


def send(caller: Caller, body: bytes, term: str, query: str = "") -> httpx.Response:
    headers = {"authorization": f"Bearer {caller.token}", "content-type": "application/zip"}
    return caller.web.ask(f"/v1/terms/{term}/oneroster{query}", headers, method="POST", body=body)


def by_key(rows: Rows) -> Mapping[str, Mapping[str, str]]:
    return {row["sourcedId"]: row for row in rows}


@pytest.mark.parametrize("query", ["", "?complete=true"])
def test_what_goes_out_is_as_the_specification_says(platform: Platform, query: str) -> None:
    assert wrongs_of(archive(platform.client(), query)) == []


def test_groups_are_classes_in_which_their_people_are_enrolled(platform: Platform) -> None:
    tables = tables_of(archive(platform.client()))
    users, courses, orgs = (by_key(tables[name]) for name in ("users", "courses", "orgs"))
    enrolled = {
        (row["classSourcedId"], row["userSourcedId"], row["role"], row["beginDate"], row["endDate"]) for row in tables["enrollments"]
    }
    with reading(platform.engine) as db:
        term = db.scalars(select(Term)).one()
        groups = db.execute(select(Group, Mentor.key).join(Mentor, Mentor.id == Group.mentor_id)).all()
        members = db.execute(select(Membership, Mentee.key).join(Mentee)).all()
        mentees = {row.key: (row, name) for row, name in db.execute(select(Mentee, Person.name).join(Person))}
        program = db.get_one(Program, term.program_id)
    assert len(groups) > 10
    assert enrolled == {
        *((str(group.id), mentor, "teacher", str(group.from_on), "") for group, mentor in groups),
        *((str(one.group_id), mentee, "student", str(one.from_on), "") for one, mentee in members),
    }
    assert {(row["sourcedId"], row["classCode"], courses[row["courseSourcedId"]]["title"]) for row in tables["classes"]} == {
        (str(group.id), group.key, group.subject) for group, _ in groups
    }
    assert len(users) == len({mentor for _, mentor in groups} | {mentee for _, mentee in members})
    for _, key in members:
        mentee, name = mentees[key]
        assert joined(users[key]["givenName"], users[key]["familyName"]) == name
        assert (users[key]["grades"], orgs[users[key]["primaryOrgSourcedId"]]["name"]) == (
            f"{mentee.grade:02}",
            mentee.school or program.name,
        )
    (session,) = tables["academicSessions"]
    assert (session["sourcedId"], session["startDate"], session["endDate"]) == (str(term.id), "2027-03-02", "2027-06-19")
    assert not [column for column in tables["users"][0] if column.startswith("metadata.")]


def test_each_export_has_the_same_bytes_and_ids_that_stay(platform: Platform) -> None:
    client = platform.client()
    before = archive(client)
    assert archive(client) == before
    with transaction(platform.engine) as db:
        for person in db.scalars(select(Person)):
            person.name = f"{person.name} anew"
    after = tables_of(archive(client))
    for name, rows in tables_of(before).items():
        if name != "manifest":
            assert [row["sourcedId"] for row in rows] == [row["sourcedId"] for row in after[name]], name


def test_a_complete_archive_makes_the_same_people_in_another_term(platform: Platform) -> None:
    client = platform.client()
    with transaction(platform.engine) as db:
        term = db.scalars(select(Term)).one()
        fresh = Term(id=new_id(), program_id=term.program_id, key="fresh", zone=term.zone, first_on=term.first_on, last_on=term.last_on)
        db.add(fresh)
    came = send(client, archive(client, "?complete=true"), str(fresh.id))
    assert came.status_code == 200, came.text
    assert (len(came.json()["mentors"]["new"]), len(came.json()["mentees"]["new"]), came.json()["left_out"]) == (24, 70, 0)
    with reading(platform.engine) as db:
        made = round_of(db, db.get_one(Term, fresh.id), farthest(fresh), on=fresh.first_on)
    assert people(made) == people(demo_round())
    again = send(client, archive(client, "?complete=true"), "ext:2026-spring").json()
    assert (again["mentors"]["unchanged"], again["mentees"]["unchanged"]) == (24, 70)


def people(round: Round) -> tuple[list[RoundMentor], list[RoundMentee]]:
    """The mentors and mentees, by their keys."""
    return sorted(round.mentors, key=lambda one: one.key), sorted(round.mentees, key=lambda one: one.key)


def test_a_mentee_with_a_mentors_key_is_a_user_of_their_own(platform: Platform) -> None:
    client = platform.client()
    with transaction(platform.engine) as db:
        taught = db.scalars(select(Mentor).join(Group, Group.mentor_id == Mentor.id).order_by(Mentor.key)).first()
        learns = db.scalars(select(Mentee).join(Membership).order_by(Mentee.key)).first()
        assert taught is not None
        assert learns is not None
        learns.key, person = taught.key, str(learns.person_id)
    made = archive(client, "?complete=true")
    assert wrongs_of(made) == []
    users = by_key(tables_of(made)["users"])
    assert (users[person]["metadata.dure.key"], users[taught.key]["metadata.dure.key"]) == (taught.key, "")
    same = send(client, made, "ext:2026-spring").json()
    assert (same["mentors"]["unchanged"], same["mentees"]["unchanged"]) == (24, 70)


def test_who_is_mentor_and_mentee_at_once_is_one_user_with_two_roles(platform: Platform) -> None:
    client = platform.client()
    with transaction(platform.engine) as db:
        mentor, mentor_is = db.execute(select(Mentor, Person).join(Person).order_by(Mentor.key).limit(1)).one()
        mentee, mentee_is = db.execute(select(Mentee, Person).join(Person).order_by(Mentee.key).limit(1)).one()
        mentee.key = mentor.key
        for name in ("name", "gender", "email", "language"):
            setattr(mentee_is, name, getattr(mentor_is, name))
        for name in ("availability", "preferred", "max_groups"):
            setattr(mentee, name, getattr(mentor, name))
    made = archive(client, "?complete=true")
    assert wrongs_of(made) == []
    roles = [(row["role"], row["roleType"]) for row in tables_of(made)["roles"] if row["userSourcedId"] == mentor.key]
    assert roles == [("teacher", "primary"), ("student", "secondary")]
    same = send(client, made, "ext:2026-spring").json()
    assert (same["mentors"]["unchanged"], same["mentees"]["unchanged"]) == (24, 70)


def test_who_left_a_group_or_the_term_was_enrolled_until_then(platform: Platform) -> None:
    with transaction(platform.engine) as db:
        member = db.scalars(select(Membership).order_by(Membership.mentee_id)).first()
        assert member is not None
        member.until_on = member.from_on.replace(day=20)
        group = db.scalars(select(Group).where(Group.id != member.group_id).order_by(Group.key)).first()
        assert group is not None
        group.until_on = group.from_on
    made = archive(platform.client())
    assert wrongs_of(made) == []
    tables = tables_of(made)
    ends = [row["endDate"] for row in tables["enrollments"] if row["classSourcedId"] == str(member.group_id) and row["endDate"]]
    assert ends == [str(member.until_on)]
    assert str(group.id) not in by_key(tables["classes"])


def test_whose_data_went_out_is_noted_and_it_takes_the_right_to_export(platform: Platform) -> None:
    tables = tables_of(archive(platform.client([Right.EXPORTS_READ])))
    with reading(platform.engine) as db:
        noted = db.scalars(select(Deed).where(Deed.what == "roster exported")).one()
    assert noted.details["mentees"] == sorted({row["userSourcedId"] for row in tables["enrollments"] if row["role"] == "student"})
    assert platform.client([Right.ROUNDS_READ]).ask("GET", ROUND).status_code == 403
    assert platform.client(role=Role.REVIEWER).ask("GET", ROUND).status_code == 403


def test_a_round_that_is_not_published_has_no_groups_to_export(platform: Platform) -> None:
    with transaction(platform.engine) as db:
        db.scalars(select(Run)).one().undone_at = NOW
    refused = platform.client().ask("GET", ROUND)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/not-published")
