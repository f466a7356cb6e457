"""What is required is held, or a smallest set of rows that cannot all hold is named."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations, count

import pytest

from matching.arrange import Row
from matching.check import check
from matching.lacks import why_never
from matching.locks import Infeasible, Undecided, require_feasible, told
from matching.round import MemberRegions, Mentee, Mentor, Pair, PairRule, PeerRule, Peers, Points, Round
from tests.matching.brute import brute_force
from tests.rounds.hand_made import a_round, apart, forbid, hard_to_arrange, mentee, mentor, require
from tests.rounds.random_rounds import some_groups, tiny_round


def test_where_nothing_is_required_nothing_is_arranged() -> None:
    assert require_feasible(a_round([mentor("m"), mentee("s")], [forbid("m", "s")])) == ()


def test_what_is_required_is_held_with_no_more_company_than_a_group_needs() -> None:
    round = a_round([mentor("m"), *(mentee(f"s{n}") for n in range(6))], [require("m", "s3"), apart("s3", "s0")], min_size=2)
    (group,) = require_feasible(round)
    assert "s3" in group.members
    assert "s0" not in group.members
    assert len(group.members) == 2
    assert check(round, [group]).faults == ()


def test_an_empty_subject_speaks_of_each_request() -> None:
    both = ("math", "english")
    round = a_round([mentor("m", subjects=both), mentee("s", subjects=both)], [require("m", "s")])
    assert sorted(group.subject for group in require_feasible(round)) == ["english", "math"]


CONFLICTS = [
    pytest.param([mentor("m"), mentee("s")], [require("m", "s", "english"), forbid("m", "s")], {}, [0], id="a subject not asked for"),
    pytest.param(
        [mentor("m"), mentor("n"), mentee("s"), mentee("t")],
        [require("m", "t"), require("m", "s"), require("n", "s", "math")],
        {},
        [1, 2],
        id="two mentors for one request",
    ),
    pytest.param(
        [mentor("m"), mentee("s"), mentee("t")],
        [require("m", "s"), forbid("m", "t"), forbid("m", "s", "math")],
        {},
        [0, 2],
        id="require and forbid of one pair",
    ),
    pytest.param([mentor("m"), mentee("s", grade=10)], [require("m", "s")], {}, [0], id="a grade that the mentor does not teach"),
    pytest.param([mentor("m", regions=("Jeonnam",)), mentee("s", region="Seoul")], [require("m", "s")], {}, [0], id="a region not served"),
    pytest.param([mentor("m", gender="M"), mentee("s", mentor_gender="F")], [require("m", "s")], {}, [0], id="a gender not asked for"),
    pytest.param(
        [mentor("m", available_until=dt.date(2026, 3, 5)), mentee("s")], [require("m", "s")], {}, [0], id="a mentor who covers no week"
    ),
    pytest.param([mentor("m", free="Tue 18:00-21:00"), mentee("s")], [require("m", "s")], {}, [0], id="no time in common"),
    pytest.param([mentor("m", max_groups=0), mentee("s")], [require("m", "s")], {}, [0], id="a mentor of no groups"),
    pytest.param([mentor("m", max_weekly_minutes=59), mentee("s")], [require("m", "s")], {}, [0], id="a mentor of too few minutes"),
    pytest.param([mentor("m"), mentee("s", max_groups=0)], [require("m", "s")], {}, [0], id="a mentee of no groups"),
    pytest.param(
        [mentor("m", subjects=("math", "english")), mentee("s", subjects=("math", "english"), max_groups=1)],
        [require("m", "s")],
        {},
        [0],
        id="an empty subject speaks of more requests than the mentee may have groups",
    ),
    pytest.param(
        [mentor("m", subjects=("math", "english")), mentee("s", subjects=("math", "english"), max_groups=1)],
        [require("m", "s", "math"), require("m", "s", "english")],
        {},
        [0, 1],
        id="more required than a mentee may have groups",
    ),
    pytest.param(
        [mentor("m", max_size=1), mentee("s"), mentee("t")], [require("m", "s")], {"min_size": 2}, [0], id="a mentor of too small groups"
    ),
    pytest.param(
        [mentor("m"), mentee("s"), mentee("t", grade=9)], [require("m", "s")], {"min_size": 2, "max_grade_gap": 0}, [0], id="no company"
    ),
    pytest.param(
        [mentor("m"), mentee("s"), mentee("t"), mentee("u")],
        [require("m", "s"), forbid("m", "u"), apart("u", "t"), apart("t", "s"), apart("u", "s")],
        {"min_size": 2},
        [0, 1, 3],
        id="forbidden and apart from all the company there is",
    ),
    pytest.param(
        [mentor("m", free="Mon 18:00-19:00"), mentee("s"), mentee("t"), mentee("u")],
        [require("m", "s"), require("m", "u"), require("m", "t"), apart("u", "s")],
        {},
        [0, 1, 3],
        id="apart, where the mentor has time for one group",
    ),
    pytest.param(
        [mentor("m", free="Mon 18:00-19:00"), mentee("s", region="A/B"), mentee("t", region="A/C")],
        [require("m", "s"), require("m", "t")],
        {"member_regions": MemberRegions.SAME},
        [0, 1],
        id="members of two regions, where the mentor has time for one group",
    ),
    pytest.param(
        [mentor("m", free="Mon 18:00-20:00", subjects=("math", "english")), mentee("s"), mentee("t", subjects=("english",))],
        [require("m", "s"), require("m", "t")],
        {"buffer_minutes": 15},
        [0, 1],
        id="two subjects, and a buffer that does not fit between them",
    ),
    pytest.param(
        [mentor("m", max_size=2, max_groups=2), *(mentee(f"s{n}") for n in range(6))],
        [require("m", f"s{n}") for n in range(5)],
        {},
        [0, 1, 2, 3, 4],
        id="more mentees than a mentor has seats",
    ),
    pytest.param(
        [
            mentor("m", free="Mon 18:00-19:00"),
            mentor("n", free="Mon 18:00-19:00", subjects=("english",)),
            mentee("s", subjects=("math", "english")),
        ],
        [require("m", "s", "math"), require("n", "s", "english")],
        {},
        [0, 1],
        id="one mentee with two mentors at one time",
    ),
]


@pytest.mark.parametrize(("people", "rows", "group", "conflict"), CONFLICTS)
def test_the_rows_in_conflict_are_named(
    people: Sequence[Mentor | Mentee], rows: Sequence[Row], group: dict[str, object], conflict: Sequence[int]
) -> None:
    round = a_round(people, rows, **group)  # type: ignore[arg-type]
    with pytest.raises(Infeasible) as caught:
        require_feasible(round)
    every = [*round.pairs, *round.peers]
    assert list(caught.value.rows) == [every[n] for n in conflict]


def test_company_needed_twice_is_a_conflict_of_mentors_who_share_nobody_else() -> None:
    people: list[Mentor | Mentee] = [
        mentor("m", free="Mon 18:00-19:00"),
        mentor("n", free="Mon 18:00-19:00"),
        mentee("s"),
        mentee("t"),
        mentee("u"),
    ]
    rows = [require("m", "s"), require("n", "t")]
    with pytest.raises(Infeasible) as caught:
        require_feasible(a_round(people, rows, min_size=2))
    assert [row.line for row in caught.value.rows] == [2, 3]


def test_a_conflict_is_told_by_file_and_line() -> None:
    row = replace(require("m-0017", "s-0102", "math"), line=12)
    bar = replace(apart("s-1", "s-2"), line=3)
    assert told(row) == "pairs.csv:12: m-0017, s-0102, math: require"
    assert str(Infeasible((row, bar))) == f"2 rows cannot all hold: {told(row)}; peers.csv:3: s-1, s-2: apart"


NO_POINTS = Points(
    placed=0, continuity=0, region=0, time=0, missing_week=0, stay=0, first_group=0, first_seat=0, off_target=0, grade_gap=0, region_mix=0
)


def _crowded_round(rng: random.Random) -> Round:
    """A tiny round with much required of what could be held, though not at once, and much forbidden and apart.

    Nothing has points, which makes brute force quick.
    """
    round = tiny_round(rng, requires=0)
    round = replace(round, policy=replace(round.policy, points=NO_POINTS))
    held = [(member, group.subject, group.mentor) for _ in range(4) for group in some_groups(rng, round, 20) for member in group.members]
    rng.shuffle(held)
    if rng.random() < 0.8:
        held = list({(member, subject): (member, subject, mentor) for member, subject, mentor in held}.values())
    rows = [
        Pair(mentor=mentor, mentee=member, subject=rng.choice((*[subject] * 6, "")), rule=PairRule.REQUIRE)
        for member, subject, mentor in held[: rng.randint(1, 10)]
    ]
    rows += [
        Pair(mentor=rng.choice(round.mentors).key, mentee=rng.choice(round.mentees).key, rule=PairRule.FORBID)
        for _ in range(rng.choice((0, 1, 3)))
    ]
    couples = [rng.sample([mentee.key for mentee in round.mentees], 2) for _ in range(rng.choice((0, 2, 5)))]
    peers = [Peers(mentee=one, other=other, rule=PeerRule.APART) for one, other in couples]
    return replace(
        round,
        pairs=tuple(replace(row, line=n) for n, row in enumerate(rows, start=2)),
        peers=tuple(replace(row, line=n) for n, row in enumerate(peers, start=2)),
    )


def _with_rows(round: Round, rows: Sequence[Row]) -> Round:
    return replace(
        round,
        pairs=tuple(row for row in rows if isinstance(row, Pair)),
        peers=tuple(row for row in rows if isinstance(row, Peers)),
    )


@pytest.mark.parametrize(
    "seeds",
    [
        pytest.param(range(400), id="seeds 0 to 399"),
        *(pytest.param(range(n, n + 1000), id=f"seeds {n} to {n + 999}", marks=pytest.mark.long) for n in range(1000, 4000, 1000)),
    ],
)
def test_brute_force_agrees_and_finds_no_row_of_a_conflict_needless(seeds: Sequence[int]) -> None:
    sizes: Counter[int] = Counter()
    for seed in seeds:
        round = _crowded_round(random.Random(f"locks {seed}"))
        best = brute_force(round)
        try:
            groups = require_feasible(round)
        except Infeasible as conflict:
            rows = conflict.rows
            assert best is None, seed
            assert brute_force(_with_rows(round, rows)) is None, seed
            for row in rows:
                assert brute_force(_with_rows(round, [other for other in rows if other is not row])) is not None, (seed, row)
            sizes[len(rows)] += 1
        else:
            assert best is not None, seed
            assert check(round, groups).faults == (), seed
            sizes[0] += 1
    assert sizes[0] > len(seeds) / 10, "too few rounds that can be held"
    assert sum(sizes[n] for n in sizes if n > 2) > len(seeds) / 50, f"too few conflicts of three rows and more: {sizes}"


def _outcome(round: Round) -> object:
    try:
        return require_feasible(round)
    except Infeasible as conflict:
        return conflict.rows


def test_the_same_round_comes_to_the_same_groups_or_the_same_conflict() -> None:
    rounds = [_crowded_round(random.Random(f"same {seed}")) for seed in range(60)]
    outcomes = [_outcome(round) for round in rounds]
    assert [_outcome(round) for round in rounds] == outcomes
    assert any(outcomes)


def test_what_is_not_settled_within_the_work_allowed_is_said_to_be_so() -> None:
    people: list[Mentor | Mentee] = [*(mentor(f"m{n}", max_size=2) for n in range(3)), *(mentee(f"s{n}") for n in range(9))]
    round = a_round(people, [require(f"m{n % 3}", f"s{n}") for n in range(9)])
    with pytest.raises(Undecided) as caught:
        require_feasible(round, work=0.0)
    told = "no result: it was not settled within the work allowed whether the 9 rows of require in pairs.csv can all hold"
    assert str(caught.value) == told


def crowded() -> Round:
    """More mentees, all apart, are required of a mentor than there are hours in which that mentor is free, and some are forbidden."""
    keys = [f"s{n}" for n in range(6)]
    rows: list[Row] = [*(require("m", key) for key in keys), *(apart(one, other) for one, other in combinations(keys, 2)), forbid("m", "t")]
    return a_round([mentor("m"), mentee("t"), *(mentee(key) for key in keys)], rows, max_groups=9)


def _until(asked: Iterator[int], most: int) -> float:
    """Seconds left, of which there are none any more when it was asked so often."""
    return float(next(asked) < most)


def test_whenever_the_time_is_over_only_what_was_proven_is_told() -> None:
    told: list[tuple[int, bool]] = []
    for n in count():
        asked, most = count(), int(1.2**n) - 1
        try:
            require_feasible(crowded(), left=partial(_until, asked, most))
        except Undecided as undecided:
            told.append((0, not undecided.in_time))
        except Infeasible as conflict:
            with pytest.raises(Infeasible):
                require_feasible(_with_rows(crowded(), conflict.rows))
            told.append((len(conflict.rows), conflict.smallest))
            if conflict.smallest:
                break
    assert told[0] == (0, False)
    assert told[-1] == (10, True)
    assert {rows for rows, smallest in told if not smallest} > {0, 21}


def test_where_there_is_no_time_at_all_it_is_said_that_nothing_was_settled() -> None:
    with pytest.raises(Undecided) as caught:
        require_feasible(crowded(), left=lambda: 0.0)
    assert str(caught.value) == "no result: it was not settled in time whether the 6 rows of require in pairs.csv can all hold"


def test_a_plain_conflict_is_found_beside_rows_that_are_hard_to_arrange() -> None:
    round = hard_to_arrange()
    people: list[Mentor | Mentee] = [*round.mentors, mentor("x"), *round.mentees, mentee("y", grade=10)]
    rows: list[Row] = [*round.pairs, *round.peers, require("x", "y")]
    with pytest.raises(Infeasible) as caught:
        require_feasible(a_round(people, rows, max_size=50), work=6.0)
    assert [(row.mentee, caught.value.smallest) for row in caught.value.rows] == [("y", True)]


def test_more_rows_than_a_mentor_has_hours_are_soon_seen_to_conflict() -> None:
    """Counting them is hard for a solver that only tries and learns."""
    keys = [f"s{n}" for n in range(40)]
    day = "Mon 08:00-22:00; Tue 08:00-22:00"
    people: list[Mentor | Mentee] = [mentor("m", free=day), *(mentee(key, free=day) for key in keys)]
    with pytest.raises(Infeasible) as caught:
        require_feasible(a_round(people, [require("m", key) for key in keys], max_groups=90, max_size=1), work=1.0)
    assert (len(caught.value.rows), caught.value.smallest) == (29, True)


@pytest.mark.parametrize(
    ("teacher", "learner", "why"),
    [
        pytest.param(mentor("m", subjects=("english",)), mentee("s"), "m does not teach math at grade 8", id="the subject"),
        pytest.param(mentor("m"), mentee("s", mentor_gender="F"), "m does not have the gender asked for (F)", id="the gender"),
        pytest.param(
            mentor("m", free="Sun 09:00-12:00"),
            mentee("s"),
            "m, the only mentor who may have s, does not share time for a meeting of 60 minutes, and no other time either",
            id="the time",
        ),
        pytest.param(mentor("m", max_groups=0), mentee("s"), "max_groups of m is 0", id="no group allowed"),
        pytest.param(mentor("m"), mentee("s"), None, id="nothing in the two themselves"),
    ],
)
def test_why_one_row_cannot_hold_is_said_where_one_condition_says_it(teacher: Mentor, learner: Mentee, why: str | None) -> None:
    assert why_never(a_round([teacher, learner]), require("m", "s")) == why
