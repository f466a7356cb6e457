"""A term is found by what people type; one that is not there, or may be several, is told in one line."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session as DbSession

from data.audit import Deed
from data.closures import NoSuchClosure, OutsideTheTerm, close_days, closures_from, closures_of
from data.database import reading, transaction
from data.programs import Organisation, Program, Term
from data.terms import (
    BackwardDays,
    BadTermName,
    BadZone,
    NewTerm,
    NoSuchTerm,
    SeveralOrganisations,
    SeveralTerms,
    TermIsThere,
    TermProblem,
    find_term,
    make_term,
    term_name,
)

NOW = dt.datetime(2026, 2, 1, 9, tzinfo=dt.UTC)
SPRING = NewTerm(zone="Asia/Seoul", first_on=dt.date(2026, 3, 2), last_on=dt.date(2026, 6, 19))


def make(db: DbSession, *names: str) -> list[Term]:
    return [make_term(db, name, SPRING, by="kim", now=NOW) for name in names]


@pytest.mark.parametrize(
    ("there", "typed", "meant"),
    [
        pytest.param(["tutoring/2026-1"], "tutoring/2026-1", "tutoring/tutoring/2026-1", id="program and term"),
        pytest.param(["tutoring/2026-1"], "2026-1", "tutoring/tutoring/2026-1", id="the term alone"),
        pytest.param(["a/x/t", "b/x/t"], "b/x/t", "b/x/t", id="with its organisation"),
        pytest.param(["멘토링/봄"], "멘토링/봄", "멘토링/멘토링/봄", id="in Korean"),
        pytest.param(["멘토링/봄"], "\u1106\u1166\u11ab토링/봄", "멘토링/멘토링/봄", id="in Korean as a Mac types it"),
    ],
)
def test_a_term_is_found_by_its_name(database: Engine, there: list[str], typed: str, meant: str) -> None:
    with transaction(database) as db:
        make(db, *there)
    with reading(database) as db:
        term = find_term(db, typed)
        program = db.get_one(Program, term.program_id)
        assert f"{db.get_one(Organisation, program.organisation_id).key}/{program.key}/{term.key}" == meant
        assert term_name(db, term) == f"{program.key}/{term.key}"


@pytest.mark.parametrize(
    ("there", "typed", "kind", "told"),
    [
        pytest.param([], "spring", NoSuchTerm, "there is no term 'spring', nor any other; make one with `dure term new`", id="none at all"),
        pytest.param(["t/1", "t/2"], "t/3", NoSuchTerm, "there is no term 't/3'; there is t/1, t/2", id="none of this name"),
        pytest.param(["t/1"], "", NoSuchTerm, "there is no term ''; there is t/1", id="nothing"),
        pytest.param(
            [f"t/{n}" for n in range(6)],
            "x",
            NoSuchTerm,
            "there is no term 'x'; there is t/0, t/1, t/2, t/3, t/4, …",
            id="not all are listed",
        ),
        pytest.param(["a/1", "a/b/1"], "1", SeveralTerms, "'1' may be a/1 or b/1; write which", id="of two programs"),
        pytest.param(["a/x/1", "b/x/1"], "x/1", SeveralTerms, "'x/1' may be a/x/1 or b/x/1; write which", id="of two organisations"),
    ],
)
def test_a_name_of_no_term_or_of_several_is_told(
    database: Engine, there: list[str], typed: str, kind: type[TermProblem], told: str
) -> None:
    with transaction(database) as db:
        make(db, *there)
    with reading(database) as db, pytest.raises(kind) as bad:
        find_term(db, typed)
    assert str(bad.value) == told


@pytest.mark.parametrize(
    ("there", "name", "new", "kind"),
    [
        pytest.param([], "spring", SPRING, BadTermName, id="without a program"),
        pytest.param([], "t/", SPRING, BadTermName, id="without a term"),
        pytest.param([], "a/b/c/d", SPRING, BadTermName, id="too many parts"),
        pytest.param([], "t/a b", SPRING, BadTermName, id="with a blank"),
        pytest.param([], "t/-x", SPRING, BadTermName, id="which looks like an option"),
        pytest.param([], "t/1\n", SPRING, BadTermName, id="with a line's end"),
        pytest.param([], "t/1", NewTerm(zone="Seoul", first_on=SPRING.first_on), BadZone, id="of no zone"),
        pytest.param([], "t/1", NewTerm(zone="Asia/Seoul", first_on=NOW.date(), last_on=dt.date(2026, 1, 31)), BackwardDays, id="backward"),
        pytest.param(["t/1"], "t/1", SPRING, TermIsThere, id="there already"),
        pytest.param(["a/x/1", "b/y/1"], "z/1", SPRING, SeveralOrganisations, id="a new program of one of two organisations"),
        pytest.param(["a/x/1", "b/x/1"], "x/2", SPRING, SeveralOrganisations, id="a program that two organisations have"),
    ],
)
def test_a_term_that_cannot_be_is_refused(database: Engine, there: list[str], name: str, new: NewTerm, kind: type[TermProblem]) -> None:
    with transaction(database) as db:
        make(db, *there)
    with pytest.raises(kind) as bad, transaction(database) as db:
        make_term(db, name, new, by="kim", now=NOW)
    assert "\n" not in str(bad.value)
    with reading(database) as db:
        assert len(db.scalars(select(Term)).all()) == len(there)


def test_programs_and_organisations_that_are_there_are_taken(database: Engine) -> None:
    with transaction(database) as db:
        make(db, "city/tutoring/1", "tutoring/2", "english/1")
    with reading(database) as db:
        assert db.scalars(select(Organisation.key)).all() == ["city"]
        assert sorted(db.scalars(select(Program.key))) == ["english", "tutoring"]
        assert sorted(term_name(db, term) for term in db.scalars(select(Term))) == ["english/1", "tutoring/1", "tutoring/2"]
        assert [(deed.by, deed.what, deed.whom) for deed in db.scalars(select(Deed).order_by(Deed.whom))] == [
            ("kim", "term made", f"term {name}") for name in ("english/1", "tutoring/1", "tutoring/2")
        ]


def test_days_are_closed_and_opened_again(database: Engine) -> None:
    with transaction(database) as db:
        (term,) = make(db, "t/1")
        close_days(db, term, dt.date(2026, 4, 20), dt.date(2026, 4, 24), why="exams")
        close_days(db, term, dt.date(2026, 4, 20), dt.date(2026, 4, 20), why="trip", school="Andong")
        close_days(db, term, dt.date(2026, 4, 1), dt.date(2026, 4, 1), why="feast")
    with transaction(database) as db:
        assert [one.name for one in closures_of(db, term.id)] == ["feast", "trip", "exams"]
        for closure in closures_from(db, term, dt.date(2026, 4, 20)):
            db.delete(closure)
    with reading(database) as db:
        assert [one.name for one in closures_of(db, term.id)] == ["feast", "trip"]


@pytest.mark.parametrize(
    ("days", "kind"),
    [
        pytest.param(("2026-04-24", "2026-04-20"), BackwardDays, id="backward"),
        pytest.param(("2026-06-20", "2026-06-30"), OutsideTheTerm, id="after the term"),
        pytest.param(("2026-02-20", "2026-03-01"), OutsideTheTerm, id="before it"),
    ],
)
def test_a_closure_that_closes_nothing_is_refused(database: Engine, days: tuple[str, str], kind: type[TermProblem]) -> None:
    with transaction(database) as db:
        (term,) = make(db, "t/1")
    with pytest.raises(kind), transaction(database) as db:
        close_days(db, term, *map(dt.date.fromisoformat, days), why="")
    with reading(database) as db:
        assert not closures_of(db, term.id)


def test_a_closure_that_is_not_there_is_not_taken_back(database: Engine) -> None:
    with transaction(database) as db:
        (term,) = make(db, "t/1")
        close_days(db, term, dt.date(2026, 4, 20), dt.date(2026, 4, 24), why="exams")
    with transaction(database) as db, pytest.raises(NoSuchClosure, match="no closure of Andong begins on 2026-04-20"):
        closures_from(db, term, dt.date(2026, 4, 20), school="Andong")
