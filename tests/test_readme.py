"""The README is true: its commands run, and what it names is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
LINES = [line.split("#")[0].strip() for block in BLOCKS for line in block.splitlines()]
MAKE = [line for line in LINES if line.startswith("make ")]
TOUR = [line for line in LINES if not line.startswith("make ")]


def test_the_tour_runs_as_it_is_written(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data" / "demo", tmp_path / "data" / "demo")
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    ended = subprocess.run(
        ["/bin/sh", "-ex", "-c", "\n".join(TOUR)], cwd=tmp_path, capture_output=True, check=False, encoding="utf-8", timeout=280
    )
    assert ended.returncode == 0, ended.stderr
    assert "nothing is wrong" in ended.stdout
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert len((tmp_path / "repaired" / "changes.csv").read_text(encoding="utf-8").splitlines()) > 1


def test_the_tour_has_every_command_but_the_demo() -> None:
    told = {line.split()[1] for line in TOUR if line.startswith("dure ")}
    assert told == {str(command.name or command.callback.__name__) for command in app.registered_commands if command.callback} - {"demo"}


def test_every_command_is_in_the_table_of_commands() -> None:
    told = set(re.findall(r"^\| `dure (\w+)", README, re.MULTILINE))
    assert told == {str(command.name or command.callback.__name__) for command in app.registered_commands if command.callback}


@pytest.mark.parametrize("line", MAKE)
def test_make_knows_what_to_do(line: str) -> None:
    """What these do is run by .ci/run (check, test) and by the tests of the demo and the bench; here, that they would start."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    ended = subprocess.run(
        [*line.split(), "--dry-run"], cwd=ROOT, capture_output=True, check=False, encoding="utf-8", env=environment, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    run = {"make demo": "dure demo", "make test": "pytest", "make check": "ruff check", "make bench": "-m tests.bench"}
    assert run[line] in ended.stdout


def test_the_two_first_commands_are_the_demo_and_the_tests() -> None:
    assert MAKE[:2] == ["make demo", "make test"]
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_what_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]


def test_the_folders_it_names_are_the_packages_in_the_order_of_their_imports() -> None:
    named = re.findall(r"^\| `(\w+)/` \|", README, re.MULTILINE)
    assert named == ["matching", "data", "scheduler", "api", "tests"]
    assert all((ROOT / name / "__init__.py").exists() for name in named)
