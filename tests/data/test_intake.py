"""A round's tables are taken into a term whole, after what they change was told; the same again changes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from sqlalchemy import Engine, func, select, update

from data.audit import Deed
from data.base import new_id
from data.database import reading, transaction
from data.feeds import Audience, Calendar
from data.groups import Group, Membership
from data.intake import Changes, TooManyGone, WouldReturn, ZoneIsFixed, changes_for, compare, sides_of, take_in
from data.people import Mentee, Mentor
from data.programs import Term
from data.roster import round_of, until_they_leave
from data.sessions import Series, Session
from data.tables import METADATA
from matching.round import GroupPolicy, Pair, PairRule, PeerRule, Peers, Round
from tests.bench.rounds import make_round
from tests.rounds.random_rounds import tiny_round
from tests.terms import demo_round, demo_term

NOW = dt.datetime(2026, 4, 1, 20, tzinfo=dt.UTC)
END = dt.date(2027, 1, 1)
TODAY = dt.date(2026, 4, 2)
"""05:00 in Seoul."""


def taken(database: Engine, term: Term, round: Round, *, allow_removals: bool = False, allow_returns: bool = False) -> Changes:
    """What an import that is told first and then done changes: the same."""
    with reading(database) as db:
        row = db.get_one(Term, term.id)
        told = changes_for(db, row, *sides_of(db, row, round, NOW))
    with transaction(database) as db:
        done = take_in(db, db.get_one(Term, term.id), round, allow_removals=allow_removals, allow_returns=allow_returns, by="kim", now=NOW)
    assert done == told
    return done


def now(database: Engine, term: Term) -> Round:
    with reading(database) as db:
        return round_of(db, db.get_one(Term, term.id), END, on=TODAY)


def dump(database: Engine) -> dict[str, list[str]]:
    """All rows of all tables."""
    with reading(database) as db:
        return {name: sorted(map(str, db.execute(select(table)))) for name, table in METADATA.tables.items()}


def other(changes: Changes) -> dict[str, dict[str, object]]:
    """What is other than before, by table and kind."""
    found = {table: {"new": one.new, "changed": dict(one.changed), "gone": one.gone} for table, one in changes.tables.items()}
    return {table: {kind: rows for kind, rows in kinds.items() if rows} for table, kinds in found.items() if any(kinds.values())}


@pytest.mark.parametrize("seed", range(8))
def test_what_is_exported_and_taken_in_again_changes_nothing(database: Engine, seed: int) -> None:
    term = demo_term(database, tiny_round(Random(seed)))
    before = dump(database)
    assert other(taken(database, term, now(database, term))) == {}
    assert dump(database) == before


def test_any_round_takes_the_place_of_any_other(database: Engine) -> None:
    rounds = [make_round("rural", seed, scale=0.05) for seed in range(3)]
    term = demo_term(database, rounds[0])
    for round in (*rounds[1:], rounds[0]):
        taken(database, term, round, allow_removals=True)
        assert other(compare(now(database, term), round)) == {}


def test_what_is_said_of_pairs_peers_and_in_the_policy_is_compared(database: Engine) -> None:
    one = replace(
        tiny_round(Random(1)),
        pairs=(
            Pair(mentor="m0", mentee="s0", rule=PairRule.POINTS, points=5),
            Pair(mentor="m0", mentee="s0", rule=PairRule.POINTS, points=7),
        ),
        peers=(Peers(mentee="s0", other="s1", rule=PeerRule.APART),),
    )
    keys = {"m0": one.mentors[0].key, "s0": one.mentees[0].key, "s1": one.mentees[1].key}
    one = replace(
        one,
        pairs=tuple(replace(pair, mentor=keys[pair.mentor], mentee=keys[pair.mentee]) for pair in one.pairs),
        peers=tuple(replace(pair, mentee=keys[pair.mentee], other=keys[pair.other]) for pair in one.peers),
        policy=replace(one.policy, group=GroupPolicy(max_size=4)),
    )
    two = replace(
        one,
        pairs=(one.pairs[0], replace(one.pairs[1], points=8), replace(one.pairs[0], rule=PairRule.FORBID, subject="math", points=0)),
        peers=(),
        policy=replace(one.policy, group=GroupPolicy(max_size=5)),
    )
    m0, s0, s1 = keys.values()
    assert other(taken(database, demo_term(database, one), two)) == {
        "pairs": {"new": (f"{m0} {s0} math forbid",), "changed": {f"{m0} {s0} points (2)": ("points",)}},
        "peers": {"gone": (f"{s0} {s1} apart",)},
        "policy": {"changed": {"group.max_size": ("value",)}},
    }


@pytest.mark.parametrize(
    ("gone", "refused"), [pytest.param(9, False, id="nine of 94 may be gone"), pytest.param(10, True, id="ten of 94 may not")]
)
def test_more_than_a_tenth_of_the_people_are_not_gone_by_accident(database: Engine, gone: int, refused: bool) -> None:
    term, round = demo_term(database), demo_round()
    fewer = replace(round, mentees=round.mentees[gone:], pairs=(), peers=())
    if refused:
        before = dump(database)
        with pytest.raises(
            TooManyGone, match="10 of 94 people would be gone, more than a tenth; where that is meant, say --allow-removals"
        ):
            taken(database, term, fewer)
        assert dump(database) == before
    assert len(taken(database, term, fewer, allow_removals=refused).tables["mentees"].gone) == gone
    assert len(now(database, term).mentees) == 70 - gone


def test_an_open_ended_term_stays_so_and_a_policy_without_a_name_keeps_the_terms(database: Engine) -> None:
    term = demo_term(database)
    with transaction(database) as db:
        row = db.get_one(Term, term.id)
        row.last_on, row.name = None, "Always"
    program = replace(demo_round().policy.program, name="", term_end=dt.date(2027, 5, 5))
    policy = replace(demo_round().policy, program=program, group=GroupPolicy(max_size=7))
    taken(database, term, replace(demo_round(), policy=policy))
    with reading(database) as db:
        row = db.get_one(Term, term.id)
        assert (row.last_on, row.name) == (None, "Always")
    assert now(database, term).policy.group.max_size == 7


def test_an_import_is_written_down_once_without_a_name(database: Engine) -> None:
    term = demo_term(database)
    first = demo_round().mentors[0]
    taken(database, term, replace(demo_round(), mentors=(replace(first, name="새 이름"), *demo_round().mentors[1:])))
    with reading(database) as db:
        (deed,) = db.scalars(select(Deed))
        assert (deed.by, deed.what, deed.whom, deed.at, deed.term_id) == ("kim", "tables imported", "term rural/2026-spring", NOW, term.id)
        assert deed.details["mentors"] == {"new": 0, "changed": 1, "unchanged": 23, "gone": 0}
        assert "새" not in str(deed.details)


def test_who_is_gone_has_left_on_the_day_it_is_in_the_terms_zone(database: Engine) -> None:
    term, last = demo_term(database), max(one.key for one in demo_round().mentees)
    taken(database, term, replace(demo_round(), mentees=tuple(one for one in demo_round().mentees if one.key != last), pairs=(), peers=()))
    with reading(database) as db:
        assert db.scalars(select(Mentee.left_on).where(Mentee.key == last)).one() == dt.date(2026, 4, 2)  # 05:00 in Seoul


def group_of(database: Engine, term: Term) -> tuple[Mentor, Mentee]:
    """A group of a mentor and a mentee, with a session, and calendars of both, of two schools, and of somebody else."""
    with transaction(database) as db:
        mentor, stranger = db.scalars(select(Mentor).where(Mentor.term_id == term.id).order_by(Mentor.key).limit(2))
        mentee = db.scalars(select(Mentee).where(Mentee.term_id == term.id).order_by(Mentee.key)).first()
        assert mentee is not None
        group = Group(id=new_id(), term_id=term.id, key="g-1", mentor_id=mentor.id, subject="math", from_on=term.first_on)
        series = Series(id=new_id(), group_id=group.id, meetings=[1140], session_minutes=60, from_on=group.from_on)
        starts_at = NOW + dt.timedelta(days=3)
        session = Session(
            series_id=series.id,
            group_id=group.id,
            original_start=starts_at,
            starts_at=starts_at,
            ends_at=starts_at + dt.timedelta(hours=1),
            mentor_id=mentor.id,
            changed_at=NOW - dt.timedelta(days=9),
        )
        for row in (group, series, Membership(group_id=group.id, mentee_id=mentee.id, from_on=term.first_on), session):
            db.add(row)
            db.flush()
        owners = [
            (Audience.MENTOR, str(mentor.person_id)),
            (Audience.MENTEE, str(mentee.person_id)),
            (Audience.SCHOOL, mentee.school),
            (Audience.SCHOOL, "New Middle"),
            (Audience.MENTOR, str(stranger.person_id)),
        ]
        db.add_all(
            Calendar(program_id=term.program_id, audience=audience, owner=owner, changed_at=NOW - dt.timedelta(days=9))
            for audience, owner in owners
        )
    return mentor, mentee


@pytest.mark.parametrize(
    ("change", "told", "shown"),
    [
        pytest.param(
            lambda round: replace(round, mentors=(replace(round.mentors[0], name="새 이름"), *round.mentors[1:])),
            {0, 1, 2},
            True,
            id="a name",
        ),
        pytest.param(
            lambda round: replace(round, mentees=(replace(round.mentees[0], school="New Middle"), *round.mentees[1:])),
            {0, 1, 2, 3},
            True,
            id="a school, which both schools see",
        ),
        pytest.param(
            lambda round: replace(round, mentors=(replace(round.mentors[0], max_groups=1), *round.mentors[1:])),
            set(),
            False,
            id="what no feed shows",
        ),
        pytest.param(
            lambda round: replace(
                round, mentors=round.mentors[1:], pairs=tuple(pair for pair in round.pairs if pair.mentor != round.mentors[0].key)
            ),
            {0},
            False,
            id="that somebody has left",
        ),
    ],
)
def test_calendars_hear_of_what_they_show(database: Engine, change: Callable[[Round], Round], told: set[int], shown: bool) -> None:
    term = demo_term(database)
    group_of(database, term)
    taken(database, term, change(now(database, term)))
    with reading(database) as db:
        calendars = db.scalars(select(Calendar).order_by(Calendar.id)).all()
        assert {place for place, calendar in enumerate(calendars) if calendar.changed_at == NOW and calendar.version > 1} == told
        assert db.scalars(select(func.count()).where(Session.changed_at == NOW)).one() == shown


def test_a_term_that_has_groups_keeps_its_zone(database: Engine) -> None:
    term = demo_term(database)
    program = replace(demo_round().policy.program, time_zone="Asia/Taipei")
    elsewhere = replace(demo_round(), policy=replace(demo_round().policy, program=program))
    taken(database, term, elsewhere)
    group_of(database, term)
    with pytest.raises(ZoneIsFixed, match="by the clock of Asia/Taipei"):
        taken(database, term, demo_round())


@pytest.mark.parametrize("exported", [True, False], ids=["an export of since", "a table of before"])
def test_an_import_leaves_a_leaving_to_come_as_it_is(database: Engine, exported: bool) -> None:
    term = demo_term(database)
    mentor, mentee = demo_round().mentors[0].key, demo_round().mentees[0].key
    with transaction(database) as db:
        for kind, key in ((Mentor, mentor), (Mentee, mentee)):
            db.execute(update(kind).where(kind.key == key).values(left_on=TODAY + dt.timedelta(days=40), left_why="graduates"))
    given = now(database, term)
    with reading(database) as db:
        written = until_they_leave(db, db.get_one(Term, term.id), given, on=TODAY)
    (limited,) = (one for one in written.mentors if one.key == mentor)
    assert limited.available_until == TODAY + dt.timedelta(days=39)
    before = dump(database)
    assert other(taken(database, term, written if exported else given)) == {}
    assert dump(database) == before
    rest = tuple(one for one in given.mentors if one.key != mentor), tuple(one for one in given.mentees if one.key != mentee)
    fewer = replace(given, mentors=rest[0], mentees=rest[1], pairs=(), peers=())
    assert {"mentors", "mentees"}.isdisjoint(other(taken(database, term, fewer)))
    assert sum("graduates" in row for row in dump(database)["mentor"] + dump(database)["mentee"]) == 2


def test_whom_an_import_took_away_is_back_by_another(database: Engine) -> None:
    term, last = demo_term(database), demo_round().mentees[-1].key
    taken(database, term, replace(demo_round(), mentees=demo_round().mentees[:-1], pairs=(), peers=()))
    found = taken(database, term, demo_round()).tables["mentees"]
    assert (dict(found.back), found.new) == ({last: TODAY}, ())
    with reading(database) as db:
        assert db.scalars(select(Mentee.left_on).where(Mentee.key == last)).one() is None


def test_who_was_said_to_leave_is_back_only_where_that_is_allowed(database: Engine) -> None:
    term = demo_term(database)
    mentor, mentee = demo_round().mentors[0].key, demo_round().mentees[0].key
    with transaction(database) as db:
        for kind, key in ((Mentor, mentor), (Mentee, mentee)):
            db.execute(update(kind).where(kind.key == key).values(left_on=TODAY, left_why="graduates"))
    before = dump(database)
    with pytest.raises(WouldReturn, match=f"{mentor}, {mentee} left, and would be back; where that is meant, say --allow-returns"):
        taken(database, term, demo_round())
    assert dump(database) == before
    found = taken(database, term, demo_round(), allow_returns=True)
    assert {table: dict(found.tables[table].back) for table in ("mentors", "mentees")} == {
        "mentors": {mentor: TODAY},
        "mentees": {mentee: TODAY},
    }
    assert {one.key for one in now(database, term).mentors} == {one.key for one in demo_round().mentors}
