"""The people of a round become those of a term, and come back as they were."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, select

from data.database import reading, transaction
from data.entries import enter
from data.people import CameAs as Role, Mentor, Person
from data.programs import Term
from data.roster import round_of
from matching.round import Mentor as RoundMentor, Request, Round
from tests.terms import demo_round, demo_term

END = dt.date(2027, 1, 1)
TODAY = dt.date(2026, 4, 1)


def sorted_round(round: Round) -> Round:
    return replace(
        round,
        mentors=tuple(sorted(round.mentors, key=lambda one: one.key)),
        mentees=tuple(sorted(round.mentees, key=lambda one: one.key)),
    )


def again(database: Engine, term: Term, after: Round) -> dict[Role, Any]:
    with transaction(database) as db:
        term = db.get_one(Term, term.id)
        found = enter(db, term, round_of(db, term, END, on=TODAY), after, on=TODAY)
    with reading(database) as db:
        assert round_of(db, db.get_one(Term, term.id), END, on=TODAY) == sorted_round(after)
    return found


def test_a_round_comes_back_as_it_was_entered(database: Engine) -> None:
    term = demo_term(database)
    with reading(database) as db:
        assert round_of(db, db.get_one(Term, term.id), END, on=TODAY) == sorted_round(demo_round())


def test_the_same_again_changes_nothing(database: Engine) -> None:
    found = again(database, demo_term(database), demo_round())
    for role in Role:
        assert (found[role].new, dict(found[role].changed), found[role].gone) == ((), {}, ())
    assert (len(found[Role.MENTOR].unchanged), len(found[Role.MENTEE].unchanged)) == (24, 70)


@pytest.mark.parametrize(
    ("column", "changed"),
    [
        pytest.param("name", lambda one: replace(one, name="새 이름"), id="what belongs to the person"),
        pytest.param("max_groups", lambda one: replace(one, max_groups=5), id="a number"),
        pytest.param("max_groups", lambda one: replace(one, max_groups=None), id="a number that is gone"),
        pytest.param("availability", lambda one: replace(one, availability=one.availability[:1]), id="a list"),
        pytest.param("available_until", lambda one: replace(one, available_until=dt.date(2026, 12, 31)), id="a day"),
    ],
)
def test_what_has_changed_of_a_mentor_is_named_and_changed(
    database: Engine, column: str, changed: Callable[[RoundMentor], RoundMentor]
) -> None:
    first, *others = (replace(one, max_groups=2) for one in demo_round().mentors)
    before = replace(demo_round(), mentors=(first, *others))
    found = again(database, demo_term(database, before), replace(before, mentors=(changed(first), *others)))
    assert dict(found[Role.MENTOR].changed) == {first.key: (column,)}
    assert len(found[Role.MENTOR].unchanged) == 23
    assert not found[Role.MENTEE].changed


def test_what_a_mentee_asks_for_is_changed(database: Engine) -> None:
    round = demo_round()
    first = round.mentees[0]
    asks = replace(first, requests=(Request("zoology", 4), *first.requests[:1]))
    found = again(database, demo_term(database), replace(round, mentees=(asks, *round.mentees[1:])))
    assert dict(found[Role.MENTEE].changed) == {first.key: ("requests",)}


def test_who_is_gone_has_left_and_may_come_back_as_the_same_person(database: Engine) -> None:
    term, round = demo_term(database), demo_round()
    gone = round.mentors[-1].key
    fewer = replace(round, mentors=round.mentors[:-1], pairs=tuple(pair for pair in round.pairs if pair.mentor != gone))
    with reading(database) as db:
        person = db.scalars(select(Mentor.person_id).where(Mentor.key == gone)).one()
    assert again(database, term, fewer)[Role.MENTOR].gone == (gone,)
    with reading(database) as db:
        assert db.scalars(select(Mentor.left_on).where(Mentor.key == gone)).one() == TODAY
    assert again(database, term, round)[Role.MENTOR].new == (gone,)
    with reading(database) as db:
        assert db.execute(select(Mentor.person_id, Mentor.left_on).where(Mentor.key == gone)).one() == (person, None)
        assert len(db.scalars(select(Person).where(Person.came_as == Role.MENTOR)).all()) == 24
