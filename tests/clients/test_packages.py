"""`make test` installs the programs of others that read calendars and use the API, or says what is missing for them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.machine import run_where_there_is

HERE = Path(__file__).parent
LOCK = "package-lock.json"
NODE = {"curl": "", "node": "", "npm": ": > .asked; /bin/mkdir -p node_modules"}
FAILS = {"curl": "", "node": "", "npm": "exit 1"}
NO_THUNDERBIRD = "missing for these tests: thunderbird (on Debian: sudo apt-get install thunderbird)\n"
MISSING = "missing for some tests, which are skipped:"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """The script in a folder of its own, beside the lock."""
    folder = tmp_path / "clients"
    folder.mkdir()
    for name in ("packages.sh", LOCK):
        shutil.copy(HERE / name, folder)
    return folder / "packages.sh"


def a_machine(tmp_path: Path, name: str) -> Path:
    """The folder of a machine's programs."""
    (tmp_path / name).mkdir()
    return tmp_path / name


def test_what_is_locked_is_installed_once_and_anew_when_it_changes(script: Path, tmp_path: Path) -> None:
    lock, asked = script.with_name(LOCK), script.with_name(".asked")
    for day, installs in enumerate((True, False, True)):
        if day == 2:
            lock.write_text("{}", encoding="utf-8")
        assert run_where_there_is(script, NODE, a_machine(tmp_path, f"day {day}")) == (0, "", "")
        assert asked.exists() == installs
        asked.unlink(missing_ok=True)
        assert (script.parent / "node_modules" / ".installed.json").read_bytes() == lock.read_bytes()


def test_what_npm_cannot_install_is_told_and_tried_again(script: Path, tmp_path: Path) -> None:
    said = f"{MISSING} what tests/clients/{LOCK} names (npm could not install it)\n"
    assert run_where_there_is(script, FAILS, a_machine(tmp_path, "without a net")) == (0, "", said)
    assert not (script.parent / "node_modules").exists()
    assert run_where_there_is(script, NODE, a_machine(tmp_path, "with one")) == (0, "", "")


@pytest.mark.parametrize(
    ("apt", "user"),
    [
        pytest.param({}, 0, id="no apt"),
        pytest.param({"apt-get": ""}, 1000, id="not root"),
        pytest.param({"apt-get": "exit 100"}, 0, id="nothing to be had from apt"),
    ],
)
def test_node_is_named_where_it_is_missing_and_cannot_be_installed(script: Path, tmp_path: Path, apt: dict[str, str], user: int) -> None:
    status, _, said = run_where_there_is(script, apt, a_machine(tmp_path, "bare"), user=user)
    assert (status, said) == (0, f"{MISSING} curl nodejs npm (on Debian: sudo apt-get install curl nodejs npm)\n")


def test_root_installs_what_is_missing_of_node(script: Path, tmp_path: Path) -> None:
    folder, asked = a_machine(tmp_path, "half"), tmp_path / "asked"
    apt = f'case "$*" in *" install "*) echo "$@" > {asked}; /bin/cp {folder}/npm-of-apt {folder}/npm;; esac'
    status, _, said = run_where_there_is(script, {"curl": "", "node": "", "npm-of-apt": NODE["npm"], "apt-get": apt}, folder)
    assert (status, said) == (0, "")
    assert asked.read_text(encoding="utf-8").split()[-2:] == ["install", "npm"]
    assert (script.parent / "node_modules" / ".installed.json").exists()


@pytest.mark.parametrize(
    ("programs", "user", "ends"),
    [
        pytest.param({"thunderbird": ""}, 1000, (0, ""), id="there"),
        pytest.param({"apt-get": ""}, 0, (0, ""), id="root has it installed"),
        pytest.param({"apt-get": ""}, 1000, (1, NO_THUNDERBIRD), id="nobody else does"),
        pytest.param({}, 0, (1, NO_THUNDERBIRD), id="no apt"),
    ],
)
def test_whoever_asks_for_thunderbird_gets_it_or_is_told(
    tmp_path: Path, programs: dict[str, str], user: int, ends: tuple[int, str]
) -> None:
    status, _, said = run_where_there_is(HERE / "thunderbird.sh", programs, tmp_path, user=user)
    assert (status, said) == ends


def test_the_lock_names_no_registry_and_has_the_hash_of_each_package() -> None:
    packages = json.loads((HERE / LOCK).read_text(encoding="utf-8"))["packages"]
    names = ("ical.js", "node-ical", "openapi-fetch", "openapi-typescript", "typescript")
    assert {f"node_modules/{name}" for name in names} <= set(packages)
    for name, package in packages.items():
        assert "resolved" not in package
        assert not name or package["integrity"].startswith("sha512-")


def test_the_generators_lock_names_no_registry_and_has_the_hash_of_each_package() -> None:
    wanted = [line for line in (HERE / "generator.in").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    lock = (HERE / "generator.lock").read_text(encoding="utf-8")
    packages = re.findall(r"^([a-z0-9-]+)==\S+ \\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", lock, re.MULTILINE)
    assert set(wanted) < {name for name, _ in packages}
    assert len(packages) == lock.count("==")
    assert "://" not in lock
