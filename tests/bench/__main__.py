"""Runs the benchmark: `python -m tests.bench [KIND ...]`, see `--help`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from matching.round import Round
from matching.tables import read_round
from tests.bench.goals import GOALS, Goal
from tests.bench.kinds import KINDS
from tests.bench.peers import PEERS
from tests.bench.picture import draw
from tests.bench.race import Race, race
from tests.bench.report import show_race, show_scaling, show_shares, write_json
from tests.bench.rounds import make_round
from tests.bench.scaling import SCALES, Scaling, scaling
from tests.bench.verdict import missed, too_few_proven, wrong

REAL = "office-hours"
SHARED = Path(__file__).parents[2].parent / "shared" / "rounds"
SEEDS = {"tiny": (1, 2, 3), "mixed": (1, 2, 3, 4, 5)}
QUICK_SECONDS = 15
PLAIN_WIDTH = 140
QUICK_KINDS = ("tiny", REAL, "mixed", "campus", "rural", "seoul")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what is asked for; the exit status is 1 where something is wrong or the command has no result, 0 even where goals are missed."""
    given = options().parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    kinds = given.kinds or (QUICK_KINDS if given.quick else tuple(dict.fromkeys(goal.kind for goal in GOALS)))
    races: list[tuple[Race, Goal]] = []
    late: list[str] = []
    for goal in [goal for goal in GOALS if goal.kind in kinds]:
        if given.quick and goal.seconds > min(other.seconds for other in GOALS if other.kind == goal.kind):
            continue
        limit = given.time or (min(goal.seconds, QUICK_SECONDS) if given.quick else goal.seconds)
        measured = [
            _one(console, goal, seed, round, limit, given.peers)
            for seed, round in _rounds(console, goal.kind, given.seeds or ((1,) if given.quick else SEEDS.get(goal.kind, (1,))))
        ]
        show_shares(console, measured, goal)
        late += [goal.kind] * too_few_proven(measured, goal)
        races += [(one, goal) for one in measured]
    grown = _grown(console, given) if given.scaling or not (given.quick or given.kinds) else None
    write_json(given.out / "bench.json", races, grown)
    draw([one for one, _ in races], given.out / "bench.png")
    short = [one for one, goal in races if list(missed(one, goal))]
    console.print(f"{len(races) - len(short)} of {len(races)} races reach their goal; see {given.out / 'bench.json'} and bench.png")
    if late:
        console.print(f"too few are proven in time: {', '.join(late)}")
    return int(any(one.ours.score is None or list(wrong(one)) for one, _ in races))


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="dure match and its peers side by side")
    parser.add_argument("kinds", nargs="*", type=_kind, metavar="KIND", help=f"of {', '.join([*KINDS, REAL])}; default: all")
    parser.add_argument("--seeds", type=_numbers, help="such as 1,2,3; default: several for the small kinds, 1 for the others")
    parser.add_argument("--time", type=float, help="seconds for each, in place of the goal's")
    parser.add_argument("--peers", type=_names, default=PEERS, help=f"of {','.join(PEERS)}, or none")
    parser.add_argument("--quick", action="store_true", help=f"one seed, {QUICK_SECONDS} s each, without nation and scaling")
    parser.add_argument("--scaling", action="store_true", help="measure the growth of time with a kind's size (without kinds: always)")
    parser.add_argument("--scaling-gap", type=float, default=0.02, help="the fixed gap of that; default 0.02")
    parser.add_argument("--scaling-time", type=float, default=300.0, help="seconds for each scale; default 300")
    parser.add_argument("--out", type=Path, default=Path(), help="folder for bench.json and bench.png; default: here")
    return parser


def _kind(text: str) -> str:
    if text not in (*KINDS, REAL):
        raise argparse.ArgumentTypeError(f"no such kind: {text}")
    return text


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _names(text: str) -> tuple[str, ...]:
    names = () if text == "none" else tuple(text.split(","))
    if unknown := set(names) - set(PEERS):
        raise argparse.ArgumentTypeError(f"no such peer: {', '.join(sorted(unknown))}")
    return names


def _rounds(console: Console, kind: str, seeds: Sequence[int]) -> list[tuple[int, Round]]:
    """The rounds of a kind by seed; the real one has none, and is skipped where its files are not there."""
    if kind != REAL:
        return [(seed, make_round(kind, seed)) for seed in seeds]
    folder = SHARED / REAL
    if folder.is_dir():
        return [(0, read_round(folder))]
    console.print(f"{REAL} is skipped: no folder shared/rounds/{REAL} beside the checkout")
    return []


def _one(console: Console, goal: Goal, seed: int, round: Round, limit: float, peers: Sequence[str]) -> Race:
    with console.status(f"{goal.kind} {seed}, {limit:g} s each …"):
        one = race(goal.kind, seed, round, limit, peers, goal.slack)
    show_race(console, one, goal)
    return one


def _grown(console: Console, given: argparse.Namespace) -> Scaling:
    kind = given.kinds[0] if given.kinds else "seoul"
    grown = scaling(kind, 1, given.scaling_gap, given.scaling_time, console.print, SCALES)
    show_scaling(console, grown)
    return grown


if __name__ == "__main__":
    sys.exit(main())
