"""The reference judge of the contract, where it lies beside the checkout in a folder `shared`; tests that need it are skipped elsewhere."""

from __future__ import annotations

import csv
import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from matching.result import Group, Unplaced
from matching.round import Round
from tests.rounds.files import write_round

FOLDER = Path(__file__).parents[2].parent / "shared" / "contract"

needs_the_contract = pytest.mark.skipif(
    not (FOLDER / "verify.py").exists(), reason="the contract's judge is not here: no shared/contract/verify.py beside the checkout"
)


def _load(name: str) -> ModuleType:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


class ReferenceJudge:
    """What the contract's judge says of groups and of unplaced rows of one round, which it reads from files itself."""

    def __init__(self, round: Round, folder: Path, previous: Sequence[Group] = ()) -> None:
        write_round(round, folder)
        self.folder = folder
        read_round = _load("roundfiles").read_round
        self.judge: Any = _load("verify").Judge(read_round(folder), _as_told(previous))

    def violations(self, groups: Sequence[Group]) -> list[str]:
        """Its sentences on rules broken."""
        return list(self.judge.violations(_as_told(groups)))

    def parts(self, groups: Sequence[Group]) -> dict[str, int]:
        """Its points by kind, those that come to nothing left out."""
        return {kind: points for kind, points in self.judge.score(_as_told(groups)).items() if points}

    def wrong_rows(self, groups: Sequence[Group], rows: Sequence[Unplaced]) -> list[str]:
        """Its sentences on unplaced.csv."""
        with (self.folder / "unplaced.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(["mentee_id", "subject", "reason", "detail"])
            table.writerows([row.mentee, row.subject, row.reason, row.detail] for row in rows)
        return list(self.judge.wrong_reasons(_as_told(groups), self.folder, len(rows)))


def faults_of(round: Path, result: Path, *options: str | Path) -> list[str]:
    """What it finds wrong with a result's files; `options` are of its command line."""
    command = [sys.executable, str(FOLDER / "verify.py"), str(round), str(result), *map(str, options)]
    ended = subprocess.run(command, capture_output=True, check=False, encoding="utf-8", timeout=120)
    assert ended.stdout, ended.stderr
    told: list[str] = json.loads(ended.stdout)["first"]
    assert ended.returncode == bool(told)
    return told


def _as_told(groups: Sequence[Group]) -> dict[str, dict[str, Any]]:
    return {
        group.key: {"mentor": group.mentor, "subject": group.subject, "meetings": group.meetings, "members": list(group.members)}
        for group in groups
    }
