"""The tables of OneRoster 1.2 (CSV binding of 1EdTech) that are read and written here: their columns in order, and what cells may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Cell(StrEnum):
    """What a cell holds; each word is what is said to be right."""

    TEXT = "some text"
    DATE = "a day as YYYY-MM-DD"
    YEAR = "a year as YYYY"
    BOOLEAN = "true or false"


@dataclass(frozen=True, slots=True)
class Field:
    """A column: whether each row fills it, which words it takes (others begin with `ext:`), and to which tables its keys point."""

    name: str
    required: bool = False
    cell: Cell = Cell.TEXT
    words: tuple[str, ...] = ()
    to: str = ""
    many: bool = False
    extensible: bool = True


STARTS = (Field("sourcedId", required=True), Field("status"), Field("dateLastModified"))
"""The columns with which each table begins."""
STATUSES = ("active", "tobedeleted")
OPTIONAL_COLUMNS = {"users": "resourceSourcedIds"}
"""A column of the first issue of 1.2 that 1.2.1 has no more."""
ONLY_EARLIER = {"users": ("orgSourcedIds", "role"), "classes": ("termSourcedId", "SubjectCodes")}
"""Columns that only versions before 1.2 have."""
SCHOOL = "school"
"""The type of org to which the columns `schoolSourcedId` point."""
METADATA = "metadata."
"""With this begin the columns that anybody may add, to the right of all others."""


def _text(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name) for name in names)


def _must(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, required=True) for name in names)


TABLES: Mapping[str, tuple[Field, ...]] = {
    "academicSessions": (
        *STARTS,
        *_must("title"),
        Field("type", required=True, words=("gradingPeriod", "semester", "schoolYear", "term")),
        Field("startDate", required=True, cell=Cell.DATE),
        Field("endDate", required=True, cell=Cell.DATE),
        Field("parentSourcedId", to="academicSessions"),
        Field("schoolYear", required=True, cell=Cell.YEAR),
    ),
    "orgs": (
        *STARTS,
        *_must("name"),
        Field("type", required=True, words=("department", "school", "district", "local", "state", "national")),
        *_text("identifier"),
        Field("parentSourcedId", to="orgs"),
    ),
    "courses": (
        *STARTS,
        Field("schoolYearSourcedId", to="academicSessions"),
        *_must("title"),
        *_text("courseCode", "grades"),
        Field("orgSourcedId", required=True, to="orgs"),
        *_text("subjects", "subjectCodes"),
    ),
    "classes": (
        *STARTS,
        *_must("title"),
        *_text("grades"),
        Field("courseSourcedId", required=True, to="courses"),
        *_text("classCode"),
        Field("classType", required=True, words=("homeroom", "scheduled")),
        *_text("location"),
        Field("schoolSourcedId", required=True, to="orgs"),
        Field("termSourcedIds", required=True, to="academicSessions", many=True),
        *_text("subjects", "subjectCodes", "periods"),
    ),
    "users": (
        *STARTS,
        Field("enabledUser", required=True, cell=Cell.BOOLEAN),
        *_must("username"),
        *_text("userIds"),
        *_must("givenName", "familyName"),
        *_text("middleName", "identifier", "email", "sms", "phone"),
        Field("agentSourcedIds", to="users", many=True),
        *_text("grades", "password", "userMasterIdentifier", "resourceSourcedIds"),
        *_text("preferredGivenName", "preferredMiddleName", "preferredFamilyName"),
        Field("primaryOrgSourcedId", to="orgs"),
        *_text("pronouns"),
    ),
    "roles": (
        *STARTS,
        Field("userSourcedId", required=True, to="users"),
        Field("roleType", required=True, words=("primary", "secondary"), extensible=False),
        Field(
            "role",
            required=True,
            words=(
                "aide",
                "counselor",
                "districtAdministrator",
                "guardian",
                "parent",
                "principal",
                "proctor",
                "relative",
                "siteAdministrator",
                "student",
                "systemAdministrator",
                "teacher",
            ),
        ),
        Field("beginDate", cell=Cell.DATE),
        Field("endDate", cell=Cell.DATE),
        Field("orgSourcedId", required=True, to="orgs"),
        *_text("userProfileSourcedId"),
    ),
    "enrollments": (
        *STARTS,
        Field("classSourcedId", required=True, to="classes"),
        Field("schoolSourcedId", required=True, to="orgs"),
        Field("userSourcedId", required=True, to="users"),
        Field("role", required=True, words=("administrator", "proctor", "student", "teacher")),
        Field("primary", cell=Cell.BOOLEAN),
        Field("beginDate", cell=Cell.DATE),
        Field("endDate", cell=Cell.DATE),
    ),
}

MANIFEST = "manifest.csv"
OTHER_TABLES = (
    "categories",
    "classResources",
    "courseResources",
    "demographics",
    "lineItemLearningObjectiveIds",
    "lineItems",
    "lineItemScoreScales",
    "resources",
    "resultLearningObjectiveIds",
    "results",
    "resultScoreScales",
    "scoreScales",
    "userProfiles",
    "userResources",
)
"""Tables of which only the manifest speaks: what they hold is no matter here."""
NAMES = tuple(sorted((*TABLES, *OTHER_TABLES)))
VERSIONS = ("1.2", "1.2.1")
EARLIER_VERSIONS = ("1.0", "1.1", "1.1.1")
MANIFEST_VERSION = "1.0"


class Mode(StrEnum):
    """What the manifest says of a table: it is not there, all of it is, or only what has changed."""

    ABSENT = "absent"
    BULK = "bulk"
    DELTA = "delta"


def columns_of(table: str) -> list[str]:
    """The columns of a table as the newest issue of 1.2 has them, in order."""
    return [field.name for field in TABLES[table] if field.name != OPTIONAL_COLUMNS.get(table)]
