"""Where groups meet: the link of one, or of many at once as a table gives them; and how many have none.

A table is a CSV file with the columns `group` and `link`, each group once. A group without a link of its own meets where the program's
settings say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session as DbSession

from data.calendars import parts
from data.groups import Group
from data.programs import Program, Term
from data.settings import is_address, settings_of
from matching.csvfile import read_csv
from matching.faults import BadCell, BadFiles, Faults, short
from matching.kinds import Kind, Known, pointer
from matching.rows import Column, Columns, read_rows
from scheduler.circle import hold, looks_of, sessions_of
from scheduler.consequences import Altered, Deed, altered, carry_out
from scheduler.refusals import AlreadySo, BadLink


class BadLinks(BadFiles):
    """A table of links is not as it must be."""


@dataclass(frozen=True, slots=True)
class Linked:
    """What a table of links changed: by their groups, ascending, the links before and after; and how many are as they were."""

    changed: Mapping[str, tuple[str, str]]
    unchanged: int


def change_link(db: DbSession, group: Group, link: str, *, by: str, now: dt.datetime, reason: str = "") -> None:
    """Changes where a group meets; without a link it is where the program's settings say.

    All its sessions show it, those of the past too.

    Raises
    ------
    Refused
        It is no address of a page, or the group has it already.
    """
    if link and not is_address(link):
        raise BadLink(link)
    changes = _give(db, group.id, link)
    if changes is None:
        raise AlreadySo(group.key, f"meets at {link or 'the usual place'}")
    deed = Deed(what="link changed", whom=f"group {group.key}", ids={"group": group.id}, by=by, now=now, reason=reason)
    carry_out(db, db.get_one(Term, group.term_id), deed, changes, groups=[group.id])


def change_links(db: DbSession, term: Term, links: Mapping[str, str], *, by: str, now: dt.datetime) -> Linked:
    """Changes where groups of a term meet, by their keys, as `change_link` does, with one row of the audit for all."""
    groups: list[Group] = []
    for some in parts(links):
        groups += db.scalars(select(Group).where(Group.term_id == term.id, Group.key.in_(some)))
    changed: dict[str, tuple[str, str]] = {}
    changes: list[Altered] = []
    touched: list[UUID] = []
    for group in sorted(groups, key=lambda one: one.key):
        before = group.link
        theirs = _give(db, group.id, links[group.key])
        if theirs is not None:
            changed[group.key] = before, group.link
            changes += theirs
            touched.append(group.id)
    if touched:
        deed = Deed(what="links changed", whom=f"term {term.key}", by=by, now=now, details={"groups": list(changed)})
        carry_out(db, term, deed, changes, groups=touched)
    return Linked(changed, len(groups) - len(changed))


def read_links(path: Path, groups: Container[str]) -> dict[str, str]:
    """The links of a table by the keys of their groups, which are some of these.

    Raises
    ------
    BadLinks
        With every fault.
    """
    faults = Faults()
    columns = Columns(
        (
            Column("group", "group", pointer(Known(groups, "group", "the term")), required=True, unique=True),
            Column("link", "link", LINK, required=True),
        ),
        _row,
    )
    read = read_rows(path.name, read_csv(path), columns, faults)
    if faults.found:
        raise faults.error(BadLinks)
    return dict(read.values)


def without_link(db: DbSession, term: Term, on: dt.date) -> int:
    """How many groups of a term that meet on a day or later have no link, neither of their own nor by the program's settings."""
    if settings_of(db.get_one(Program, term.program_id).settings).link:
        return 0
    meets = Group.term_id == term.id, or_(Group.until_on.is_(None), Group.until_on > on)
    return db.scalar(select(func.count()).select_from(Group).where(*meets, Group.link == "")) or 0


def _give(db: DbSession, which: UUID, link: str) -> list[Altered] | None:
    """Gives a group a link, and tells the sessions that look other by that; None where it has it already."""
    circle = hold(db, which)
    if link == circle.group.link:
        return None
    sessions = sessions_of(db, circle.group)
    before = looks_of(db, circle, sessions)
    circle.group.link = link
    return altered(db, circle, before, sessions)


def _row(_line: int, fields: dict[str, Any]) -> tuple[str, str]:
    return fields["group"], fields["link"]


def _read_link(text: str) -> str:
    if not is_address(text):
        raise BadCell(f"{short(text)} is no link")
    return text


LINK: Kind[str] = Kind("the address of a page, such as https://meet.example.org/g-0001", _read_link)
