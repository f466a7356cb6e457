"""`make test` installs the system's packages that tests of pages need, or says which are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.machine import run_where_there_is

SCRIPT = Path(__file__).with_name("packages.sh")

CHROMIUM = {"chromium": ""}
FONTS = {"fc-list": "echo NotoSansCJK-Regular.ttc"}


def test_where_nothing_is_missing_nothing_is_said(tmp_path: Path) -> None:
    assert run_where_there_is(SCRIPT, {**CHROMIUM, **FONTS}, tmp_path) == (0, "", "")


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
    status, _, said = run_where_there_is(SCRIPT, programs, tmp_path)
    assert status == 0
    assert said == f"missing for some tests, which are skipped:{missing} (on Debian: sudo apt-get install{missing})\n"


@pytest.mark.parametrize(("user", "installed"), [pytest.param(0, ["chromium"], id="root"), pytest.param(1000, [], id="somebody else")])
def test_only_root_installs_and_only_what_is_missing(user: int, installed: Sequence[str], tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    asked.touch()
    (tmp_path / "bin").mkdir()
    status, _, said = run_where_there_is(SCRIPT, {**FONTS, "apt-get": f'echo "$@" >> {asked}'}, tmp_path / "bin", user=user)
    assert (status, said == "") == (0, bool(installed))
    assert [line.split()[-1] for line in asked.read_text(encoding="utf-8").splitlines() if " install " in line] == installed


def test_make_test_calls_it() -> None:
    makefile = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")
    assert "\ntest: install packages\n" in makefile
    assert "\npackages: .venv-clients/.installed\n\tsh tests/browser/packages.sh\n\tsh tests/clients/packages.sh\n" in makefile
