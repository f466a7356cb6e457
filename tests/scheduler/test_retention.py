"""Each program's data is kept for as long as it says, and the page on privacy says how long that is where it says nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session as DbSession

from data.audit import Deed, write_down
from data.database import reading, transaction
from data.people import Person
from data.program_settings import change_setting
from data.programs import Program, Term
from data.retention import OF_THE_SERVICE, PERIODS, Kept
from data.settings import BadSettings, read_settings
from scheduler import retention
from scheduler.erasure import erase_person
from scheduler.retention import forget_audit, forget_people
from tests.sessions import taught_term

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
PAGE = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text(encoding="utf-8")


def test_a_program_keeps_its_own_for_as_long_as_it_says_and_others_as_usual(database: Engine) -> None:
    short, usual = taught_term(database), taught_term(database, city="town")
    with transaction(database) as db:
        change_setting(db, db.get_one(Program, short.program_id), "retention", {"reading": 400}, by="test", now=NOW)
        for term in (short, usual):
            for what in ("mentees read", "moved"):
                write_down(db, at=NOW, by="test", what=what, whom="mentee s-1", term=term.id)

    def left() -> set[tuple[bool, str]]:
        with reading(database) as db:
            rows = db.execute(select(Deed.term_id, Deed.what).where(Deed.what != "setting changed")).all()
            return {(term == short.id, what) for term, what in rows}

    both = {(True, "mentees read"), (True, "moved"), (False, "mentees read"), (False, "moved")}
    assert left() == both
    forget_audit(database, lambda: NOW + 400 * DAY)
    assert left() == both
    assert forget_audit(database, lambda: NOW + 401 * DAY) == 1
    assert left() == both - {(True, "mentees read")}
    assert forget_audit(database, lambda: NOW + (PERIODS[Kept.READING].days + 1) * DAY) == 1
    assert left() == {(True, "moved"), (False, "moved")}
    with reading(database) as db:
        assert db.scalars(select(Term)).all()


def test_what_is_of_a_program_and_of_no_term_is_kept_as_the_program_says(database: Engine) -> None:
    short, usual = taught_term(database), taught_term(database, city="town")
    with transaction(database) as db:
        change_setting(db, db.get_one(Program, short.program_id), "retention", {"audit": 400}, by="test", now=NOW + 401 * DAY)
        for term in (short, usual):
            write_down(db, at=NOW, by="test", what="role given", whom="account x", ids={"program": term.program_id})
        write_down(db, at=NOW, by="test", what="moved", whom="session x", term=short.id)
        write_down(db, at=NOW, by="test", what="client made", whom="client x")
    assert forget_audit(database, lambda: NOW + 401 * DAY) == 2
    with reading(database) as db:
        left = db.execute(select(Deed.program_id, Deed.what).where(Deed.at == NOW)).all()
    assert set(left) == {(usual.program_id, "role given"), (None, "client made")}


def test_whoever_cannot_be_erased_keeps_no_others_and_is_told_of(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    term = taught_term(database)
    with transaction(database) as db:
        db.get_one(Term, term.id).last_on = NOW.date()
        first = db.scalars(select(Person.id).order_by(Person.id)).first()
        there = db.scalars(select(func.count()).select_from(Person)).one()

    def erases(db: DbSession, person: Person, *, by: str, now: dt.datetime) -> object:
        erased = erase_person(db, person, by=by, now=now)
        if person.id == first:
            raise RuntimeError("its file is broken")
        return erased

    monkeypatch.setattr(retention, "erase_person", erases)
    for _ in range(2):
        with pytest.raises(ExceptionGroup, match="could not be erased") as told:
            forget_people(database, lambda: NOW + 5000 * DAY)
        assert [str(one) for one in told.value.exceptions] == ["its file is broken"]
        with reading(database) as db:
            assert db.scalars(select(Person.id).where(Person.erased_at.is_(None))).all() == [first]
    assert there > 2


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"reading": 30}, id="shorter than the law lets"),
        pytest.param({"notes": 30}, id="no kind of data"),
        pytest.param({"records": 0}, id="no day"),
        pytest.param({"records": 99_999}, id="for ever"),
    ],
)
def test_a_period_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(BadSettings, match="retention"):
        read_settings({"retention": wrong})


def test_the_page_on_privacy_has_every_period() -> None:
    table = [f"| `{kept}` | {one.what} | {one.days:,} days after {one.since} | {one.why} |" for kept, one in PERIODS.items()]
    table += [f"| {name} | {what} | {period} |" for name, (what, period) in OF_THE_SERVICE.items()]
    assert [line for line in table if line not in PAGE.splitlines()] == []
    assert set(PERIODS) == set(Kept)
