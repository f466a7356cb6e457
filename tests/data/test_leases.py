"""A run is held by one worker at a time, which renews its lease, and writes nothing once it has lost it."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, update

from data.audit import Deed
from data.database import reading, transaction
from data.leases import MOST_CLAIMS, Claim, LostLease, Standing, claim, expire, fail, finish, give_back, renew
from data.programs import Term
from data.rounds import Round, Run, RunState
from data.runs import Asked, ask_to_stop, close_round, open_round
from tests.runs import NOW, closed_term, queued

LEASE = dt.timedelta(seconds=20)
SECOND = dt.timedelta(seconds=1)
FAR = Standing(placed=3, score=3_000, bound=4_000, history=((0.5, 2_000, 4_000), (1.0, 3_000, 4_000)))


def take(database: Engine, by: str, now: dt.datetime = NOW, only: UUID | None = None) -> Claim | None:
    with transaction(database) as db:
        return claim(db, by=by, now=now, lease=LEASE, only=only)


def taken(database: Engine, by: str, now: dt.datetime = NOW) -> Claim:
    found = take(database, by, now)
    assert found is not None
    return found


def row(database: Engine, run: UUID) -> Run:
    with reading(database) as db:
        return db.get_one(Run, run)


def test_a_claim_brings_all_that_solving_takes(database: Engine) -> None:
    term = closed_term(database)
    run = queued(database, term, Asked(seed=7, seconds=3.5, effort=0.5, workers=1))
    found = taken(database, "one")
    assert (found.run, found.seed, found.seconds, found.effort, found.workers, found.previous) == (run, 7, 3.5, 0.5, 1, None)
    assert found.inputs.startswith(b"PK")
    assert row(database, run).state is RunState.RUNNING


def test_who_has_waited_longest_is_first(database: Engine) -> None:
    term = closed_term(database)
    runs = [queued(database, term, now=NOW + n * SECOND) for n in (2, 1, 3)]
    assert [taken(database, f"{n}").run for n in range(3)] == [runs[1], runs[0], runs[2]]
    assert take(database, "another") is None


def test_a_claim_may_want_one_run_only(database: Engine) -> None:
    term = closed_term(database)
    queued(database, term)
    second = queued(database, term)
    assert getattr(take(database, "one", only=second), "run", None) == second
    assert take(database, "two", only=second) is None


def test_two_claims_at_once_never_get_one_run(database: Engine) -> None:
    term = closed_term(database)
    for _ in range(50):
        run = queued(database, term)
        start = threading.Barrier(2)
        found: list[Claim | None] = []

        def ask(by: str, start: threading.Barrier = start, found: list[Claim | None] = found) -> None:
            start.wait()
            found.append(take(database, by))

        both = [threading.Thread(target=ask, args=(by,)) for by in ("one", "two")]
        for each in both:
            each.start()
        for each in both:
            each.join()
        assert [one.run for one in found if one] == [run]
        assert len(found) == 2


@pytest.mark.parametrize(
    ("later", "free"),
    [
        pytest.param(dt.timedelta(0), False, id="at once"),
        pytest.param(LEASE - SECOND, False, id="before the lease has run out"),
        pytest.param(LEASE, True, id="when it has"),
        pytest.param(dt.timedelta(days=1), True, id="when the clock has gone a day ahead"),
        pytest.param(-LEASE, False, id="by a worker whose clock is a little late"),
        pytest.param(dt.timedelta(days=-1), True, id="when the clock has gone a day back"),
    ],
)
def test_a_run_is_claimed_anew_when_its_lease_has_run_out(database: Engine, later: dt.timedelta, free: bool) -> None:
    queued(database, closed_term(database))
    first = taken(database, "one")
    second = take(database, "two", NOW + later)
    assert (second is not None) is free
    if second:
        assert second.run == first.run


def test_a_renewed_lease_holds_on_and_shows_how_far_the_run_is(database: Engine) -> None:
    run = queued(database, closed_term(database))
    held = taken(database, "one")
    with transaction(database) as db:
        assert not renew(db, held, FAR, now=NOW + 15 * SECOND, lease=LEASE)
    assert take(database, "two", NOW + 30 * SECOND) is None
    now = row(database, run)
    assert (now.placed, now.score, now.bound, now.history) == (3, 3_000, 4_000, [[0.5, 2_000, 4_000], [1.0, 3_000, 4_000]])


def test_scores_of_a_whole_nation_fit(database: Engine) -> None:
    run = queued(database, closed_term(database))
    held = taken(database, "one")
    with transaction(database) as db:
        renew(db, held, Standing(placed=1, score=1 << 40, bound=1 << 41), now=NOW, lease=LEASE)
    assert row(database, run).bound == 1 << 41


def test_a_run_that_is_asked_to_stop_is_told_when_it_renews_its_lease(database: Engine) -> None:
    run = queued(database, closed_term(database))
    held = taken(database, "one")
    with transaction(database) as db:
        ask_to_stop(db, db.get_one(Run, run), by="manager", now=NOW)
    with transaction(database) as db:
        assert renew(db, held, Standing(), now=NOW, lease=LEASE)


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda db, held: renew(db, held, FAR, now=NOW, lease=LEASE), id="renews"),
        pytest.param(lambda db, held: finish(db, held, FAR, result=b"late", ended_by="proof", solver="1", now=NOW), id="finishes"),
        pytest.param(lambda db, held: fail(db, held, problem="late", now=NOW), id="fails"),
        pytest.param(lambda db, held: give_back(db, held, counted=True), id="gives back"),
    ],
)
def test_a_worker_that_has_lost_its_lease_writes_nothing(database: Engine, write: Callable[..., object]) -> None:
    run = queued(database, closed_term(database))
    late, held = taken(database, "one"), taken(database, "two", NOW + LEASE)

    def again() -> None:
        with transaction(database) as db:
            write(db, late)

    with pytest.raises(LostLease, match="no longer held by one"):
        again()
    now = row(database, run)
    assert (now.state, now.leased_by, now.score, now.problem) == (RunState.RUNNING, "two", None, "")
    with transaction(database) as db:
        finish(db, held, FAR, result=b"right", ended_by="proof", solver="1", now=NOW)
    with pytest.raises(LostLease):
        again()
    with reading(database) as db:
        assert db.scalars(select(Run.result)).one() == b"right"


def test_a_run_whose_workers_are_killed_again_and_again_fails(database: Engine) -> None:
    run = queued(database, closed_term(database))
    for n in range(MOST_CLAIMS):
        taken(database, f"{n}", NOW + n * LEASE)
    assert take(database, "next", NOW + MOST_CLAIMS * LEASE) is None
    assert (row(database, run).state, row(database, run).problem) == (RunState.FAILED, "its workers were killed 5 times")


def test_a_run_whose_round_is_no_longer_kept_fails_and_the_next_one_is_claimed(database: Engine) -> None:
    term = closed_term(database)
    lost = queued(database, term)
    with transaction(database) as db:
        db.execute(update(Round).values(inputs=None))
    another = next_round(database, term)
    assert taken(database, "one").run == another
    assert take(database, "two") is None
    now = row(database, lost)
    assert (now.state, now.ended_at, now.leased_by) == (RunState.FAILED, NOW, "")
    assert now.problem == "what round 1 asks is no longer kept, as long ago as it was closed; open another one"
    with reading(database) as db:
        assert db.scalars(select(Deed.details).where(Deed.what == "failed")).all() == [{"problem": now.problem}]


def next_round(database: Engine, term: Term) -> UUID:
    """A run of another round of the term, queued a second later."""
    with transaction(database) as db:
        open_round(db, term, by="manager", now=NOW)
        close_round(db, term, by="manager", now=NOW)
    return queued(database, term, now=NOW + SECOND)


def test_a_run_that_is_given_back_may_be_so_for_ever(database: Engine) -> None:
    run = queued(database, closed_term(database))
    for n in range(MOST_CLAIMS + 1):
        held = taken(database, f"{n}")
        with transaction(database) as db:
            give_back(db, held, counted=False)
    assert row(database, run).state is RunState.QUEUED


def test_the_audit_tells_who_solved_a_run_and_why_another_failed(database: Engine) -> None:
    term = closed_term(database)
    for _ in range(2):
        queued(database, term)
    one, two = taken(database, "one"), taken(database, "two")
    with transaction(database) as db:
        finish(db, one, FAR, result=b"", ended_by="proof", solver="1", now=NOW)
        fail(db, two, problem="nothing fits", now=NOW)
    with reading(database) as db:
        deeds = db.execute(select(Deed.what, Deed.whom, Deed.by, Deed.details).where(Deed.by.in_(["one", "two"]))).all()
    assert {tuple(deed[:3]): deed[3] for deed in deeds} == {
        ("solved", "run 1.1", "one"): {"placed": 3, "score": 3_000},
        ("failed", "run 1.2", "two"): {"problem": "nothing fits"},
    }


def test_a_run_whose_worker_is_not_heard_of_any_more_waits_again_and_its_late_worker_writes_nothing(database: Engine) -> None:
    run = queued(database, closed_term(database))
    held = taken(database, "one")
    with transaction(database) as db:
        assert expire(db, NOW + LEASE) == 0
        assert expire(db, NOW + LEASE + SECOND) == 1
        assert expire(db, NOW + LEASE + SECOND) == 0
    kept = row(database, run)
    assert (kept.state, kept.leased_by, kept.leased_until, kept.claims) == (RunState.QUEUED, "", None, 1)
    with pytest.raises(LostLease), transaction(database) as db:
        renew(db, held, FAR, now=NOW, lease=LEASE)
