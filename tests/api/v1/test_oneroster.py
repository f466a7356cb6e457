"""OneRoster archives are taken in by the API as a term's people, and each of their faults is told with its place and mend."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from data.oneroster_tables import NAMES, columns_of
from tests.api.v1.callers import Caller, Platform
from tests.api.v1.little import little_round
from tests.terms import demo_term

TERM = "/v1/terms/ext:2026-spring"
DEFAULTS = "?availability=Mon%2018:00-21:00&subjects=math:1-12&requests=math"


@pytest.fixture
def client(database: Engine) -> Caller:
    """A client of a term with few people."""
    demo_term(database, little_round())
    return Platform(database).client()


def table(name: str, *rows: Mapping[str, str], also: tuple[str, ...] = ()) -> str:
    columns = [*columns_of(name), *also]
    return "\n".join([",".join(columns), *(",".join(row.get(column, "") for column in columns) for row in rows)]) + "\n"


def files(**changed: str) -> dict[str, str]:
    """A school with a teacher and a student."""
    user = {"enabledUser": "true", "username": "u"}
    role = {"roleType": "primary", "orgSourcedId": "o-1"}
    held = {
        "orgs": table("orgs", {"sourcedId": "o-1", "name": "North School", "type": "school"}),
        "users": table(
            "users",
            {**user, "sourcedId": "t-9", "givenName": "Ada", "familyName": "Byron", "email": "ada@example.org"},
            {**user, "sourcedId": "p-9", "givenName": "Min", "familyName": "Kim", "grades": "07"},
        ),
        "roles": table(
            "roles",
            {**role, "sourcedId": "r-1", "userSourcedId": "t-9", "role": "teacher"},
            {**role, "sourcedId": "r-2", "userSourcedId": "p-9", "role": "student"},
        ),
        **changed,
    }
    modes = "".join(f"file.{name},{'bulk' if name in held else 'absent'}\n" for name in NAMES)
    manifest = f"propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\n{modes}"
    return {"manifest.csv": manifest, **{f"{name}.csv": text for name, text in held.items()}}


def send(caller: Caller, sent: Mapping[str, str], query: str = "") -> httpx.Response:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        for name, text in sent.items():
            made.writestr(name, text)
    headers = {"authorization": f"Bearer {caller.token}", "content-type": "application/zip"}
    return caller.web.ask(f"{TERM}/oneroster{query}", headers, method="POST", body=held.getvalue())


def faults(answer: httpx.Response) -> list[tuple[Any, Any, Any]]:
    assert answer.status_code == 422, answer.text
    return [(one["file"], one["line"], one["column"]) for one in answer.json()["errors"]]


def test_students_become_mentees_and_teachers_mentors(client: Caller) -> None:
    tried = send(client, files(), f"{DEFAULTS}&dry_run=true")
    assert tried.status_code == 200, tried.text
    assert (tried.json()["mentors"]["new"], tried.json()["mentees"]["new"], tried.json()["dry_run"]) == (["t-9"], ["p-9"], True)
    assert client.ask("GET", f"{TERM}/mentors/ext:t-9").status_code == 404
    assert send(client, files(), DEFAULTS).json() == {**tried.json(), "dry_run": False}
    mentee = client.ask("GET", f"{TERM}/mentees/ext:p-9").json()
    assert (mentee["name"], mentee["grade"], mentee["school"]) == ("Min Kim", 7, "North School")
    mentor = client.ask("GET", f"{TERM}/mentors/ext:t-9").json()
    assert (mentor["name"], mentor["email"], mentor["affiliation"]) == ("Ada Byron", "ada@example.org", "North School")


def test_who_is_there_keeps_what_the_archive_does_not_tell(client: Caller) -> None:
    assert send(client, files(), DEFAULTS).status_code == 200
    again = send(client, files()).json()
    assert (again["mentors"]["unchanged"], again["mentees"]["unchanged"]) == (1, 1)


def test_who_is_new_is_refused_without_what_a_term_needs(client: Caller) -> None:
    own = "metadata.dure."
    told = [("users.csv", 2, f"{own}subjects"), ("users.csv", 2, f"{own}availability")]
    told += [("users.csv", 3, f"{own}requests"), ("users.csv", 3, f"{own}availability")]
    assert sorted(faults(send(client, files()))) == sorted(told)


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        pytest.param(files(orgs="sourcedId,name\no-1,N\n"), ("orgs.csv", 1, "status"), id="columns that are missing"),
        pytest.param(files(orgs=table("orgs", {"sourcedId": "o-1", "name": "N", "type": "club"})), ("orgs.csv", 2, "type"), id="a word"),
        pytest.param(
            files(orgs=table("orgs", *[{"sourcedId": "o-1", "name": "N", "type": "school"}] * 2)),
            ("orgs.csv", 3, "sourcedId"),
            id="a key twice",
        ),
        pytest.param(
            files(orgs=table("orgs", {"sourcedId": "o-1", "name": "N", "type": "school", "parentSourcedId": "o-7"})),
            ("orgs.csv", 2, "parentSourcedId"),
            id="a key that points nowhere",
        ),
        pytest.param(
            files(orgs=table("orgs", {"sourcedId": "o-1", "status": "active", "name": "N", "type": "school"})),
            ("orgs.csv", 2, "status"),
            id="a change in a bulk file",
        ),
        pytest.param(
            files(
                academicSessions=table(
                    "academicSessions",
                    {
                        "sourcedId": "a-1",
                        "title": "A",
                        "type": "term",
                        "startDate": "2026-02-30",
                        "endDate": "2026-06-30",
                        "schoolYear": "2026",
                    },
                )
            ),
            ("academicSessions.csv", 2, "startDate"),
            id="a day that there is not",
        ),
        pytest.param(
            {**files(), "classes.csv": table("classes")}, ("manifest.csv", 7, "file.classes"), id="a file that is said to be absent"
        ),
    ],
)
def test_each_fault_is_told_with_its_place(client: Caller, sent: dict[str, str], place: tuple[str, int, str]) -> None:
    assert faults(send(client, sent, DEFAULTS)) == [place]
