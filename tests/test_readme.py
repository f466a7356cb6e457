"""The README is true: its commands run, and what it names is there."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import cast

import pytest
from click import Group
from distributed import Client
from typer.main import get_command

from api.cli import app
from data.oneroster_own import KEY, OWN, OWN_COLUMNS, PROGRAM
from data.oneroster_tables import TABLES
from matching.check import check_result
from matching.columns import MENTEES, MENTORS, pairs, peers
from matching.faults import Faults
from matching.kinds import Known
from matching.policy import read_policy_file
from matching.resultfiles import FILES as RESULT_FILES, read_result
from matching.round import Policy
from matching.rows import Columns
from matching.tables import read_round

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
CLUSTER = next(block for block in BLOCKS if "dask scheduler" in block).splitlines()
LINES = [line.split("#")[0].strip() for block in BLOCKS for line in block.splitlines() if line not in CLUSTER]
MAKE = [line for line in LINES if line.startswith("make ")]
TOUR = [line for line in LINES if not line.startswith("make ") and line != "dure serve"]
PORT = "8786"


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


def test_the_commands_for_a_cluster_run_as_they_are_written_at_a_port_that_is_free(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shutil.copytree(ROOT / "data" / "demo", tmp_path / "data" / "demo")
    path = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "DASK_TEMPORARY_DIRECTORY": str(tmp_path)}
    *background, last = [line.replace(PORT, port) for line in CLUSTER]
    assert all(line.startswith("dask ") and line.endswith(" &") for line in background)
    with ExitStack() as running:
        for line in background:
            log = running.enter_context((tmp_path / f"{line.split()[1]}.log").open("wb"))
            started = subprocess.Popen(
                line.removesuffix("&").split(), cwd=tmp_path, env=environment, stdout=log, stderr=log, start_new_session=True
            )
            running.callback(_end, started)
        with Client(f"tcp://127.0.0.1:{port}", timeout=60) as client:
            client.wait_for_workers(1, timeout=60)
        ended = subprocess.run(last.split(), cwd=tmp_path, env=environment, capture_output=True, check=False, encoding="utf-8", timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert check_result(read_round(tmp_path / "data" / "demo"), read_result(tmp_path / "together")).fine


def _end(started: subprocess.Popen[bytes]) -> None:
    """Ends a process and those that it started: its session is its own."""
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()


COMMANDS = set(cast("Group", get_command(app)).commands)
NOT_ON_THE_TOUR = {
    *("demo", "serve", "tick", "worker"),  # they go on until Ctrl-C
    *("migrate", "reseal"),  # these are for PostgreSQL, and for a service with a new key
    "webhook",  # it wants a secret of the service, and somebody who is told
    "sso",  # it wants an identity provider, and what that calls the service
    *("outbox", "unrecorded"),  # the first days of a term know nothing of these
}


def test_the_tour_has_every_command_that_a_visitor_needs() -> None:
    told = {line.split()[1] for line in TOUR if line.startswith("dure ")}
    assert told == COMMANDS - NOT_ON_THE_TOUR


def test_every_command_is_in_the_table_of_commands() -> None:
    assert set(re.findall(r"^\| `dure (\w+)", README, re.MULTILINE)) == COMMANDS


@pytest.mark.parametrize("line", MAKE)
def test_make_knows_what_to_do(line: str) -> None:
    """What these do is run by .ci/run (check, test) and by the tests of the demo and the bench; here, that they would start."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    ended = subprocess.run(
        [*line.split(), "--dry-run"], cwd=ROOT, capture_output=True, check=False, encoding="utf-8", env=environment, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    run = {
        "make demo": "dure demo",
        "make test": "pytest",
        "make test-long": "pytest",
        "make test-clients": "thunderbird",
        "make check": "ruff check",
        "make bench": "-m tests.bench",
    }
    assert run[line] in ended.stdout


def test_the_two_first_commands_are_the_demo_and_the_tests() -> None:
    assert MAKE[:2] == ["make demo", "make test"]
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_what_it_links_to_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]


def test_the_folders_it_names_are_the_packages_in_the_order_of_their_imports() -> None:
    named = re.findall(r"^\| `(\w+)/` \|", README, re.MULTILINE)
    assert named == ["matching", "data", "scheduler", "api", "tests"]
    assert all((ROOT / name / "__init__.py").exists() for name in named)


@pytest.mark.parametrize("package", ["matching", "data", "scheduler"])
def test_the_map_of_a_package_names_each_of_its_rooms_once(package: str) -> None:
    table = (ROOT / package / "README.md").read_text(encoding="utf-8").split("| --- | --- |")[1].split("\n\n")[0]
    folders = {path.name for path in (ROOT / package).iterdir() if path.is_dir()}
    named = sorted(name for name in re.findall(r"`([a-z_]+)`", table) if name not in folders)
    assert named == sorted(path.stem for path in (ROOT / package).glob("*.py") if path.stem != "__init__")


NOBODY = Known(None, "mentor_id", "mentors.csv")
FILES = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        pytest.param("mentors.csv", MENTORS, id="mentors"),
        pytest.param("mentees.csv", MENTEES, id="mentees"),
        pytest.param("pairs.csv", pairs(NOBODY, NOBODY), id="pairs"),
        pytest.param("peers.csv", peers(NOBODY), id="peers"),
    ],
)
def test_the_page_of_files_has_every_column_and_says_which_must_be_there(table: str, columns: Columns[object]) -> None:
    told = FILES.split(f"## {table}")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\*\*)?`(\w+)`", told, re.MULTILINE)
    assert [(name, bool(bold)) for bold, name in rows] == [(column.name, column.required) for column in columns.columns]


def test_the_page_of_files_has_every_key_of_the_policy_with_what_holds_where_nothing_is_said(tmp_path: Path) -> None:
    told = re.search(r"```toml\n(.*?)```", FILES, re.DOTALL)
    assert told
    written = tomllib.loads(told[1])
    (tmp_path / "policy.toml").write_text(told[1], encoding="utf-8")
    policy = read_policy_file(tmp_path / "policy.toml", Faults())
    assert policy
    assert policy == Policy(program=policy.program)
    assert {part: set(keys) for part, keys in written.items()} == {
        field.name: {inner.name for inner in fields(getattr(policy, field.name))} for field in fields(policy)
    }


def test_the_page_of_files_names_every_file_of_a_result() -> None:
    assert set(re.findall(r"^\| `([\w.]+)` \|", FILES.split("## A result")[1], re.MULTILINE)) == set(RESULT_FILES)


def test_every_variable_that_the_program_reads_is_told() -> None:
    files = [path for package in ("api", "scheduler", "data", "matching") for path in (ROOT / package).rglob("*.py")]
    read = {name for path in files for name in re.findall(r"\"(DURE_[A-Z_]+)\"", path.read_text(encoding="utf-8"))}
    told = set(re.findall(r"`(DURE_[A-Z_]+)`", README.split("## To reach people")[1].split("\n## ")[0]))
    assert "DURE_URL" in read
    assert read == told


def test_the_page_of_oneroster_names_every_table_and_every_column_of_our_own() -> None:
    page = (ROOT / "docs" / "oneroster.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w.]+)`", page))
    assert {f"{table}.csv" for table in TABLES} <= named
    assert {name for name in (*OWN_COLUMNS, KEY) if name not in named and OWN + name not in named} == set()
    assert PROGRAM in named
