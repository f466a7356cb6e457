"""Runs one peer in this process: reads a round, solves it within the limits and writes what came of it.

    python -m tests.bench.peers flat_cpsat ROUND OUT --time 60 --since 1790000000.0

OUT is a folder: `built.txt` tells the size of the model as soon as it stands, `outcome.json` the best groups so far.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from importlib import import_module
from pathlib import Path

from matching.tables import read_round
from tests.bench.outcome import Limits, Outcome, Peer, write_outcome

PEERS = ("flat_cpsat", "flat_highs", "greedy")
MEMORY = 16 << 30
"""Bytes that a peer may use."""
NOT_BUILT = 3
"""The exit status where the model does not fit into memory."""


def peer(name: str) -> Peer:
    """The peer of this name."""
    solve: Peer = import_module(f"tests.bench.{name}").solve
    return solve


def main() -> int:
    """Runs the peer that the command line names; the exit status is 0 where it has a result, 1 where it has none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("round", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--time", type=float, required=True, help="seconds in all")
    parser.add_argument("--since", type=float, required=True, help="when they began, in seconds since 1970")
    given = parser.parse_args()
    allowed, started = float(given.time), float(given.since)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))

    def spent() -> float:
        return time.time() - started

    def built(size: str) -> None:
        (given.out / "built.txt").write_text(f"{spent():.1f} {size}\n", encoding="utf-8")

    def keep(outcome: Outcome) -> None:
        write_outcome(given.out / "outcome.json", outcome)

    limits = Limits(left=lambda: allowed - spent(), spent=spent, built=built, keep=keep)
    try:
        outcome = peer(given.peer)(read_round(given.round), limits)
    except MemoryError:
        return NOT_BUILT
    if outcome is not None:
        keep(outcome)
    return 0 if outcome is not None else 1


if __name__ == "__main__":
    sys.exit(main())
