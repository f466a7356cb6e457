"""`make test` installs the system's packages that tests of pages need, or says which are missing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("packages.sh")


def run_where_there_is(programs: Mapping[str, str], folder: Path, *, user: int = 0) -> tuple[int, str, str]:
    """What becomes of the script on a machine that has these programs, given as shell scripts, and next to nothing else."""
    for tool in ("sh", "grep"):
        (folder / tool).symlink_to(str(shutil.which(tool)))
    for name, lines in {"id": f"echo {user}", **programs}.items():
        (folder / name).write_text(f"#!/bin/sh\n{lines}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    ended = subprocess.run(
        [folder / "sh", SCRIPT], capture_output=True, check=False, encoding="utf-8", env={"PATH": str(folder)}, timeout=30
    )
    return ended.returncode, ended.stdout, ended.stderr


CHROMIUM = {"chromium": ""}
FONTS = {"fc-list": "echo NotoSansCJK-Regular.ttc"}


def test_where_nothing_is_missing_nothing_is_said(tmp_path: Path) -> None:
    assert run_where_there_is({**CHROMIUM, **FONTS}, tmp_path) == (0, "", "")


@pytest.mark.parametrize(
    ("programs", "missing"),
    [
        pytest.param({}, " chromium fontconfig fonts-noto-cjk", id="a bare machine"),
        pytest.param({**CHROMIUM, "fc-list": ""}, " fonts-noto-cjk", id="no Korean letters"),
        pytest.param(FONTS, " chromium", id="no browser"),
        pytest.param({**FONTS, "apt-get": "exit 100"}, " chromium", id="nothing to be had from apt"),
    ],
)
def test_what_is_missing_and_cannot_be_installed_is_named(programs: Mapping[str, str], missing: str, tmp_path: Path) -> None:
    status, _, said = run_where_there_is(programs, tmp_path)
    assert status == 0
    assert said == f"missing for some tests, which are skipped:{missing} (on Debian: sudo apt-get install{missing})\n"


@pytest.mark.parametrize(("user", "installed"), [pytest.param(0, ["chromium"], id="root"), pytest.param(1000, [], id="somebody else")])
def test_only_root_installs_and_only_what_is_missing(user: int, installed: Sequence[str], tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    asked.touch()
    (tmp_path / "bin").mkdir()
    status, _, said = run_where_there_is({**FONTS, "apt-get": f'echo "$@" >> {asked}'}, tmp_path / "bin", user=user)
    assert (status, said == "") == (0, bool(installed))
    assert [line.split()[-1] for line in asked.read_text(encoding="utf-8").splitlines() if " install " in line] == installed


def test_make_test_calls_it() -> None:
    makefile = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")
    assert "\ntest: install packages\n" in makefile
    assert f"\npackages:\n\tsh {SCRIPT.relative_to(Path(__file__).parents[2])}\n" in makefile
