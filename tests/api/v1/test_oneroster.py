"""OneRoster archives are taken in by the API as a term's people, and each of their faults is told with its place and mend."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
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


def files(modes: Mapping[str, str] | None = None, **changed: str) -> dict[str, str]:
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
    held = {name: text for name, text in held.items() if text}
    said = "".join(f"file.{name},{(modes or {}).get(name, 'bulk') if name in held else 'absent'}\n" for name in NAMES)
    manifest = f"propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\n{said}"
    return {"manifest.csv": manifest, **{f"{name}.csv": text for name, text in held.items()}}


def send(caller: Caller, sent: Mapping[str, str | bytes], query: str = "") -> httpx.Response:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
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


STAMP = "2026-03-01T09:00:00Z"
DELTA = {"users": "delta", "roles": "delta"}


def delta(users: Sequence[Mapping[str, str]], roles: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """An archive of changes."""
    one = {"status": "active", "dateLastModified": STAMP}
    user = {**one, "enabledUser": "true", "username": "u", "givenName": "A", "familyName": "B"}
    role = {**one, "roleType": "primary", "orgSourcedId": "o-1"}
    tables = {"users": [{**user, **row} for row in users], "roles": [{**role, **row} for row in roles]}
    return files(DELTA, orgs="", **{name: table(name, *rows) if rows else "" for name, rows in tables.items()})


def test_a_change_of_a_user_needs_no_role_where_that_is_as_it_was(client: Caller) -> None:
    assert send(client, files(), DEFAULTS).status_code == 200
    told = send(client, delta([{"sourcedId": "p-9", "givenName": "Minsu", "familyName": "Kim", "grades": "08"}], [])).json()
    assert (told["mentees"]["changed"], told["mentors"]["changed"], told["left_out"]) == (["p-9"], [], 0)
    mentee = client.ask("GET", f"{TERM}/mentees/ext:p-9").json()
    assert (mentee["name"], mentee["grade"], mentee["school"]) == ("Minsu Kim", 8, "North School")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(delta([{"sourcedId": "p-9", "status": "tobedeleted"}], []), id="the user is to be deleted"),
        pytest.param(
            delta([], [{"sourcedId": "r-2", "status": "tobedeleted", "userSourcedId": "p-9", "role": "student"}]),
            id="the role is to be deleted",
        ),
        pytest.param(
            delta([], [{"sourcedId": "r-2", "userSourcedId": "p-9", "role": "student", "endDate": "2026-03-02"}]), id="the role is over"
        ),
    ],
)
def test_who_is_to_be_deleted_leaves_where_so_many_may(client: Caller, change: dict[str, str]) -> None:
    assert send(client, files(), DEFAULTS).status_code == 200
    refused = send(client, change)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/too-many-gone")
    tried = send(client, change, "?allow_removals=true&dry_run=true").json()
    assert (tried["mentees"]["gone"], tried["mentors"]["gone"]) == (["p-9"], [])
    assert client.ask("GET", f"{TERM}/mentees/ext:p-9").json()["left_on"] is None
    assert send(client, change, "?allow_removals=true").json() == {**tried, "dry_run": False}
    assert client.ask("GET", f"{TERM}/mentees/ext:p-9").json()["left_on"] == "2026-03-02"
    assert client.ask("GET", f"{TERM}/mentors/ext:t-9").json()["left_on"] is None
    assert send(client, change).json()["mentees"]["gone"] == [], "they have left already"


def test_a_change_of_a_role_of_somebody_unknown_is_refused(client: Caller) -> None:
    sent = delta([], [{"sourcedId": "r-7", "userSourcedId": "p-7", "role": "student"}])
    assert faults(send(client, sent)) == [("roles.csv", 2, "userSourcedId")]


def test_a_role_counts_on_days_of_the_term_and_its_end_date_is_the_first_without_it(client: Caller) -> None:
    role = {"sourcedId": "r-2", "userSourcedId": "p-9", "roleType": "primary", "role": "student", "orgSourcedId": "o-1"}
    for days, new in (
        ({"endDate": "2026-03-02"}, []),
        ({"endDate": "2026-03-03"}, ["p-9"]),
        ({"beginDate": "2026-06-20"}, []),
        ({"beginDate": "2026-06-19"}, ["p-9"]),
    ):
        told = send(client, files(roles=table("roles", {**role, **days})), f"{DEFAULTS}&dry_run=true").json()
        assert (told["mentees"]["new"], told["left_out"]) == (new, 2 - len(new)), days


def test_who_may_not_sign_in_there_is_neither_taken_nor_sent_away(client: Caller) -> None:
    assert send(client, files(), DEFAULTS).status_code == 200
    disabled = files()["users.csv"].replace("p-9,,,true", "p-9,,,false")
    told = send(client, files(users=disabled)).json()
    assert (told["mentees"], told["left_out"]) == ({"new": [], "changed": [], "unchanged": 0, "gone": [], "back": []}, 1)


def test_marks_of_other_systems_are_no_matter(client: Caller) -> None:
    """A byte-order mark, lines that end as on Windows, cells in quotes, and a folder around all of it."""
    sent = {
        f"export/{name}": b"\xef\xbb\xbf"
        + "\r\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in text.splitlines()).encode()
        for name, text in files().items()
    }
    assert send(client, sent, DEFAULTS).json()["mentees"]["new"] == ["p-9"]


EARLIER_USERS = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username\nt-9,,,true,o-1,teacher,u\n"


@pytest.mark.parametrize(
    ("sent", "place", "says"),
    [
        pytest.param(
            {**files(), "manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.orgs,bulk\n"},
            ("manifest.csv", 3, "oneroster.version"),
            "OneRoster 1.2",
            id="an archive of 1.1",
        ),
        pytest.param(files(users=EARLIER_USERS), ("users.csv", 1, "orgSourcedIds"), "OneRoster 1.2", id="users of 1.1"),
        pytest.param(
            {("Users.csv" if name == "users.csv" else name): text for name, text in files().items()},
            ("Users.csv", 0, ""),
            "users.csv",
            id="a file with another case",
        ),
        pytest.param(
            {name: text for name, text in files().items() if name != "manifest.csv"}, ("manifest.csv", 0, ""), "add it", id="no manifest"
        ),
        pytest.param(
            {name: text for name, text in files().items() if name != "roles.csv"},
            ("manifest.csv", 20, "file.roles"),
            "absent",
            id="a file that is not there",
        ),
        pytest.param({**files(), "notes.txt": "x"}, ("the archive", 0, ""), "manifest.csv", id="a file of something else"),
        pytest.param(
            files(users=files()["users.csv"].replace("Ada", '"A\nda"')), ("users.csv", 2, "givenName"), "one line", id="a line break"
        ),
        pytest.param(files(roles=table("roles")), ("roles.csv", 0, ""), "absent", id="no rows"),
        pytest.param(
            files(orgs=table("orgs", {"sourcedId": "o" * 256, "name": "N", "type": "school"})),
            ("orgs.csv", 2, "sourcedId"),
            "255",
            id="long",
        ),
        pytest.param(
            delta([{"sourcedId": "p-9", "dateLastModified": "2026-03-01"}], []),
            ("users.csv", 2, "dateLastModified"),
            "2027-03-02T",
            id="a day",
        ),
        pytest.param(delta([{"sourcedId": "p-9", "status": "inactive"}], []), ("users.csv", 2, "status"), "tobedeleted", id="a status"),
        pytest.param(
            files(users=files()["users.csv"].replace(",07,", ",7²,")), ("users.csv", 3, "grades"), "12", id="a grade that is none"
        ),
    ],
)
def test_what_cannot_be_read_is_told_with_a_mend(client: Caller, sent: dict[str, str], place: tuple[str, int, str], says: str) -> None:
    answer = send(client, sent, DEFAULTS)
    assert faults(answer) == [place]
    assert says in answer.json()["errors"][0]["mend"]


def test_a_bomb_is_not_unpacked(client: Caller) -> None:
    zeros = "x" * 8_000_000
    sent = {**files(), **{f"{name}.csv": zeros for name in NAMES if name not in {"orgs", "users", "roles"}}}
    refused = send(client, sent)
    assert faults(refused) == [("the archive", 0, "")]
    assert "unpacks to more than" in refused.json()["errors"][0]["detail"]


def test_classes_and_enrollments_are_checked(client: Caller) -> None:
    """What another school's system writes: all tables, of which the people alone are taken."""
    sent = files(
        orgs=table(
            "orgs",
            {"sourcedId": "d-1", "name": "District", "type": "district"},
            {"sourcedId": "o-1", "name": "North School", "type": "school", "identifier": "4711", "parentSourcedId": "d-1"},
        ),
        academicSessions=table(
            "academicSessions",
            *(
                {"sourcedId": key, "title": key, "type": kind, "startDate": "2026-03-02", "endDate": end, "schoolYear": "2027"} | above
                for key, kind, end, above in (
                    ("sy", "schoolYear", "2027-03-01", {}),
                    ("s1", "semester", "2026-08-01", {"parentSourcedId": "sy"}),
                )
            ),
        ),
        courses=table("courses", {"sourcedId": "c-1", "schoolYearSourcedId": "sy", "title": "Math", "orgSourcedId": "o-1"}),
        classes=table(
            "classes",
            {
                "sourcedId": "k-1",
                "title": "Math 7",
                "courseSourcedId": "c-1",
                "classType": "scheduled",
                "schoolSourcedId": "o-1",
                "termSourcedIds": "s1",
            },
        ),
        enrollments=table(
            "enrollments",
            *(
                {"sourcedId": f"e-{who}", "classSourcedId": "k-1", "schoolSourcedId": "o-1", "userSourcedId": who, "role": role}
                for who, role in (("t-9", "teacher"), ("p-9", "student"))
            ),
        ),
    )
    told = send(client, sent, DEFAULTS).json()
    assert (told["mentors"]["new"], told["mentees"]["new"]) == (["t-9"], ["p-9"])
    wrong = {**sent, "classes.csv": sent["classes.csv"].replace(",o-1,s1", ",d-1,s2")}
    assert faults(send(client, wrong, DEFAULTS)) == [("classes.csv", 2, "schoolSourcedId"), ("classes.csv", 2, "termSourcedIds")]
