"""Without a guardian's consent, who is under fourteen is in no round."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session as DbSession

from data.archive import unpack
from data.consents import (
    Act,
    Consent,
    Method,
    NoSuchBirthDay,
    NothingToWithdraw,
    NotYetGiven,
    Said,
    acts_of,
    note,
    set_birth_day,
    standing,
    without_consent,
)
from data.database import reading, transaction
from data.events import Event
from data.people import Mentee
from data.program_settings import change_setting
from data.programs import Program, Term
from data.run_problems import NobodyMay
from data.runs import close_round, inputs_of, left_out_of, open_round
from matching.round import Round
from matching.tables import read_round
from tests.sessions import deeds
from tests.terms import demo_round, demo_term

NOW = dt.datetime(2027, 2, 1, 3, tzinfo=dt.UTC)
TODAY = dt.date(2027, 2, 1)
DAY = dt.timedelta(days=1)
GIVEN = Said(act=Act.GIVEN, method=Method.PAPER, guardian="mother")
WITHDRAWN = Said(act=Act.WITHDRAWN, method=Method.PHONE)


def mentee(db: DbSession, key: str = "s-01") -> Mentee:
    return db.scalars(select(Mentee).where(Mentee.key == key)).one()


def born(database: Engine, on: dt.date | None, key: str = "s-01") -> None:
    with transaction(database) as db:
        set_birth_day(db, mentee(db, key), on, by="test", now=NOW)


def said(database: Engine, what: Said, key: str = "s-01", now: dt.datetime = NOW) -> None:
    with transaction(database) as db:
        note(db, mentee(db, key), what, by="test", now=now)


def settings(database: Engine, **values: object) -> None:
    with transaction(database) as db:
        for name, value in values.items():
            change_setting(db, db.scalars(select(Program)).one(), name, value, by="test", now=NOW)


def lacking(database: Engine, on: dt.date = TODAY) -> list[str]:
    with reading(database) as db:
        return sorted(without_consent(db, db.scalars(select(Term)).one(), on))


@pytest.fixture
def term(database: Engine) -> Term:
    return demo_term(database)


@pytest.mark.usefixtures("term")
@pytest.mark.parametrize(
    ("birth_day", "on", "lacks"),
    [
        pytest.param(dt.date(2013, 2, 1), TODAY, False, id="fourteen today"),
        pytest.param(dt.date(2013, 2, 2), TODAY, True, id="fourteen tomorrow"),
        pytest.param(dt.date(2016, 2, 29), dt.date(2030, 2, 28), True, id="born on a leap day, the day before"),
        pytest.param(dt.date(2016, 2, 29), dt.date(2030, 3, 1), False, id="born on a leap day, fourteen on 1 March"),
        pytest.param(dt.date(2014, 3, 1), dt.date(2028, 2, 29), True, id="on a leap day, fourteen tomorrow"),
        pytest.param(None, TODAY, False, id="nobody knows"),
    ],
)
def test_who_is_under_fourteen_needs_a_consent(database: Engine, birth_day: dt.date | None, on: dt.date, lacks: bool) -> None:
    born(database, birth_day)
    assert lacking(database, on) == ["s-01"] * lacks


@pytest.mark.usefixtures("term")
def test_of_whom_nobody_knows_the_age_the_grade_may_say_so(database: Engine) -> None:
    settings(database, consent_grade=7)
    seventh = sorted(one.key for one in demo_round().mentees if one.grade <= 7)
    assert lacking(database) == seventh
    born(database, dt.date(2012, 1, 1), seventh[0])
    assert lacking(database) == seventh[1:], "a known day of birth says more than a grade"
    settings(database, consent_age=0)
    assert lacking(database) == []


@pytest.mark.usefixtures("term")
def test_a_consent_lasts_until_it_is_withdrawn_or_the_text_is_another_and_each_act_stays(database: Engine) -> None:
    born(database, dt.date(2015, 5, 5))
    seen = [lacking(database)]
    said(database, GIVEN)
    seen.append(lacking(database))
    said(database, WITHDRAWN, now=NOW + DAY)
    seen.append(lacking(database))
    said(database, GIVEN, now=NOW + 2 * DAY)
    settings(database, consent_text="2")
    seen.append(lacking(database))
    said(database, GIVEN, now=NOW + 3 * DAY)
    seen.append(lacking(database))
    assert seen == [["s-01"], [], ["s-01"], ["s-01"], []]
    with reading(database) as db:
        one = mentee(db)
        acts = acts_of(db, db.scalars(select(Program.id)).one(), one.person_id)
        assert [(act.act, act.method, act.version, act.guardian, act.at, act.noted_by) for act in acts] == [
            (Act.GIVEN, Method.PAPER, "1", "mother", NOW, "test"),
            (Act.WITHDRAWN, Method.PHONE, "1", "", NOW + DAY, "test"),
            (Act.GIVEN, Method.PAPER, "1", "mother", NOW + 2 * DAY, "test"),
            (Act.GIVEN, Method.PAPER, "2", "mother", NOW + 3 * DAY, "test"),
        ]
        done = [what for what, whom in deeds(db) if whom == "mentee s-01"]
        assert done == ["born", "consent given", "consent withdrawn", "consent given", "consent given"]
        told = [event.type for event in db.scalars(select(Event).order_by(Event.number)) if event.data.get("mentee") == str(one.id)]
        assert told == ["person.birth_day_changed", "consent.given", "consent.withdrawn", "consent.given", "consent.given"]


@pytest.mark.usefixtures("term")
def test_what_was_done_last_counts_whenever_it_is_written_down(database: Engine) -> None:
    """A table of papers that is read in each night brings back nothing that was withdrawn."""
    born(database, dt.date(2015, 5, 5))
    paper = Said(act=Act.GIVEN, method=Method.PAPER, guardian="mother", at=NOW - 30 * DAY)
    older = Said(act=Act.GIVEN, method=Method.PAPER, guardian="mother", at=NOW - 40 * DAY)
    said(database, paper)
    said(database, Said(act=Act.WITHDRAWN, method=Method.PHONE, at=NOW))
    for again in (paper, older, Said(act=Act.GIVEN, method=Method.MAIL, at=NOW)):
        said(database, again, now=NOW + DAY)
        assert lacking(database) == ["s-01"]
    with pytest.raises(NothingToWithdraw, match="s-01"):
        said(database, Said(act=Act.WITHDRAWN, method=Method.PHONE, at=NOW - DAY), now=NOW + DAY)
    said(database, GIVEN, now=NOW + 2 * DAY)
    assert lacking(database) == []
    with reading(database) as db:
        assert len(db.scalars(select(Consent)).all()) == 5, "the same paper is there once"


@pytest.mark.usefixtures("term")
def test_an_old_paper_that_is_read_in_again_is_no_consent_to_a_new_text(database: Engine) -> None:
    born(database, dt.date(2015, 5, 5))
    paper = Said(act=Act.GIVEN, method=Method.PAPER, at=NOW - 30 * DAY)
    said(database, paper)
    settings(database, consent_text="2")
    said(database, paper, now=NOW + DAY)
    assert lacking(database) == ["s-01"]
    with reading(database) as db:
        assert [act.version for act in db.scalars(select(Consent))] == ["1"]
    said(database, Said(act=Act.GIVEN, method=Method.PAPER, version="2", at=NOW - 30 * DAY), now=NOW + DAY)
    assert lacking(database) == [], "what names the new text is another paper"


@pytest.mark.usefixtures("term")
def test_what_cannot_be_is_refused(database: Engine) -> None:
    with pytest.raises(NothingToWithdraw, match="s-01"):
        said(database, WITHDRAWN)
    with pytest.raises(NotYetGiven, match="by now"):
        said(database, Said(act=Act.GIVEN, method=Method.PAPER, at=NOW + DAY))
    for on in (TODAY + DAY, dt.date(1890, 1, 1)):
        with pytest.raises(NoSuchBirthDay, match=str(on)):
            born(database, on)
    with reading(database) as db:
        assert db.scalars(select(Consent)).all() == []


def closed(database: Engine, folder: Path) -> tuple[Round, list[str]]:
    """What a round asks that is closed now, and whom it left out."""
    with transaction(database) as db:
        term = db.scalars(select(Term)).one()
        open_round(db, term, by="test", now=NOW)
        round = close_round(db, term, by="test", now=NOW)
        return read_round(unpack(inputs_of(round), folder)), [one.key for one in left_out_of(db, round)]


@pytest.mark.usefixtures("term")
def test_a_round_is_without_who_lacks_a_consent_and_keeps_who_that_is(database: Engine, tmp_path: Path) -> None:
    paired = demo_round().pairs[0].mentee
    for key in ("s-01", paired, "s-02"):
        born(database, dt.date(2015, 5, 5), key)
    said(database, GIVEN, "s-02")
    asked, left_out = closed(database, tmp_path / "first")
    assert left_out == sorted(["s-01", paired])
    assert {one.key for one in demo_round().mentees} - {one.key for one in asked.mentees} == {"s-01", paired}
    assert not [pair for pair in asked.pairs if pair.mentee == paired]
    for key in ("s-01", paired):
        said(database, GIVEN, key)
    said(database, WITHDRAWN, "s-02")
    again, left_out = closed(database, tmp_path / "second")
    assert left_out == ["s-02"]
    assert {one.key for one in demo_round().mentees} - {one.key for one in again.mentees} == {"s-02"}


@pytest.mark.usefixtures("term")
def test_a_round_of_nobody_who_may_be_in_it_stays_open(database: Engine, tmp_path: Path) -> None:
    settings(database, consent_grade=12)
    with pytest.raises(NobodyMay, match="all 70 mentees"):
        closed(database, tmp_path)


def test_how_it_stands_with_somebody_is_told_with_the_last_act(database: Engine, term: Term) -> None:
    born(database, dt.date(2015, 5, 5))
    said(database, GIVEN)
    with reading(database) as db:
        one, other = standing(db, term, [mentee(db), mentee(db, "s-02")], TODAY)
        assert (one.born_on, one.needed, one.in_force, one.lacks) == (dt.date(2015, 5, 5), True, True, False)
        assert one.last is not None
        assert one.last.guardian == "mother"
        assert (other.born_on, other.needed, other.in_force, other.last) == (None, False, False, None)
