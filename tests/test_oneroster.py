"""The tests' own reading of OneRoster's specification finds nothing wrong with a right archive, and what is wrong with each broken one."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

from tests.oneroster import OTHERS, TABLES, tables_of, wrongs_of

Files = dict[str, str]


def right() -> Files:
    """A school in which one teacher has one student."""
    files = {
        "orgs": "o,,,North,school,,",
        "academicSessions": "a,,,Spring,term,2026-03-01,2026-07-01,,2026",
        "courses": "c,,,,Math,,,o,math,",
        "classes": "k,,,Math 7,07,c,M7,scheduled,,o,a,math,,",
        "users": 't,,,true,t,,Ada,"By,ron",,,,,,,,,,,,,o,\r\ns,,,true,s,,Min,Kim,,,,,,,07,,,,,,o,',
        "roles": "r,,,t,primary,teacher,,,o,\r\nq,,,s,primary,student,2026-03-01,,o,",
        "enrollments": "e,,,k,o,t,teacher,true,,\r\nf,,,k,o,s,student,,2026-03-01,2026-07-01",
    }
    made = {name: ",".join(column["name"] for column in TABLES[name]) + f"\r\n{rows}\r\n" for name, rows in files.items()}
    modes = "".join(f"file.{name},{'bulk' if name in files else 'absent'}\r\n" for name in (*TABLES, *OTHERS))
    return {"manifest": f"propertyName,value\r\nmanifest.version,1.0\r\noneroster.version,1.2\r\n{modes}", **made}


def zipped(files: Files) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        for name, text in files.items():
            made.writestr(f"{name}.csv", text)
    return held.getvalue()


def swap(name: str, old: str, new: str) -> Callable[[Files], Files]:
    def edit(files: Files) -> Files:
        assert files[name].count(old) == 1
        return {**files, name: files[name].replace(old, new)}

    return edit


def test_nothing_is_wrong_with_a_right_archive() -> None:
    assert wrongs_of(zipped(right())) == []
    assert tables_of(zipped(right()))["users"][0]["familyName"] == "By,ron"


@pytest.mark.parametrize(
    ("broken", "wrong"),
    [
        (swap("orgs", "name,type", "type,name"), "orgs: its header is"),
        (swap("orgs", "parentSourcedId", "parentSourcedId,colour"), "orgs: its header is"),
        (swap("orgs", "\r\no,,,North,school,,", ""), "orgs: has no rows"),
        (swap("orgs", "North", ""), "orgs 2: name is empty"),
        (swap("orgs", "school,,", "club,,"), "orgs 2: type is 'club'"),
        (swap("orgs", "o,,,", "o,active,,"), "orgs 2: tells of a change"),
        (swap("orgs", "o,,,North", "o" * 256 + ",,,North"), "orgs 2: has too long"),
        (swap("orgs", "school,,", "district,,"), "classes 2: schoolSourcedId points to no school"),
        (swap("orgs", "North", '"North\nSchool"'), "orgs.csv: its lines do not end"),
        (swap("orgs", "North", '"North\r\nSchool"'), "orgs 2: has a line break"),
        (swap("academicSessions", "2026-03-01", "1.3.2026"), "academicSessions 2: startDate is no date"),
        (swap("academicSessions", "2026-07-01", "2026-02-30"), "academicSessions 2: endDate is no date"),
        (swap("academicSessions", ",,2026\r", ",,26\r"), "academicSessions 2: schoolYear is no year"),
        (swap("academicSessions", ",term,", ",schoolYear,"), "classes 2: termSourcedIds points to no term"),
        (swap("classes", ",c,M7", ",x,M7"), "classes 2: courseSourcedId points to nothing: 'x'"),
        (swap("users", "s,,,true,s", "t,,,true,s"), "users: has a sourcedId twice"),
        (swap("users", "s,,,true,s", "s,,,yes,s"), "users 3: enabledUser is 'yes'"),
        (swap("roles", "s,primary,student,", "s,primary,pupil,"), "roles 3: role is 'pupil'"),
        (swap("roles", "q,,,s", "q,,,t"), "t at o: several are primary"),
        (swap("enrollments", "f,,,k,o,s", "f,,,k,o,x"), "enrollments 3: userSourcedId points to nothing"),
        (swap("enrollments", "2026-07-01", "2026-07-02"), "enrollments: f is not within"),
        (swap("enrollments", "student,,", "student,true,"), "enrollments: f is primary and no teacher"),
        (swap("manifest", "file.orgs,bulk", "file.orgs,absent"), "manifest: file.orgs is absent"),
        (swap("manifest", "file.roles,bulk\r\n", ""), "manifest: does not say file.roles"),
        (swap("manifest", "oneroster.version,1.2", "oneroster.version,1.1"), "manifest: is of another version"),
        (swap("manifest", "manifest.version,", "manifest.colour,"), "manifest: says manifest.colour"),
    ],
)
def test_each_broken_archive_is_found(broken: Callable[[Files], Files], wrong: str) -> None:
    assert any(one.startswith(wrong) for one in wrongs_of(zipped(broken(right())))), wrongs_of(zipped(broken(right())))
