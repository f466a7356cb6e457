"""What tests of faults tell of the faults that they made, and of what they found then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

LINE, KILLS = "fault", "kills"
"""The names under which a test's report has its lines and its kills, so that they come from whatever process has run it."""

KILLING = frozenset(path.name for path in Path(__file__).parent.glob("test_killed_*.py"))
"""The files whose tests kill processes."""
ASKED_FOR = {False: 10, True: 100}
"""So many of their kills are asked for on each kind of database: of tests that take no long time, and of those that do."""


@dataclass(frozen=True, slots=True)
class Told:
    """Where a test tells how many processes it has killed, and what became of that."""

    test: pytest.Item

    def tell(self, line: str, *, kills: int = 0) -> None:
        """Adds a line, which counts so many kills."""
        self.test.user_properties += [(LINE, line), (KILLS, kills)]


def told_in(reports: Iterable[pytest.TestReport]) -> tuple[list[str], int]:
    """The lines of all tests, and how many kills they count."""
    told = [said for report in reports if report.when == "teardown" for said in report.user_properties]
    return [str(line) for name, line in told if name == LINE], sum(int(str(kills)) for name, kills in told if name == KILLS)


def too_few_kills(reports: Sequence[pytest.TestReport]) -> Iterator[str]:
    """What is to be said of kinds of databases on which the tests that kill have all been run, and made other than the kills asked for."""
    for long, asked_for in ASKED_FOR.items():
        for kind in ("sqlite", "postgresql"):
            run = [one for one in reports if one.nodeid.endswith(f"[{kind}]") and ("long" in one.keywords) is long]
            run = [one for one in run if _file(one) in KILLING]
            _, kills = told_in(run)
            if {_file(one) for one in run} == KILLING and kills != asked_for:
                yield f"{kind}: {kills} kills were made in all, and {asked_for} are asked for"


def _file(report: pytest.TestReport) -> str:
    return Path(report.nodeid.partition("::")[0]).name
