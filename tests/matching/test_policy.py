"""A policy reads from every form that TOML has, and each fault finds its line."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from matching.faults import Faults
from matching.policy import read_policy_file, write_policy
from matching.round import Policy
from tests.matching.made import policies

PROGRAM = 'time_zone = "Asia/Seoul"\nterm_start = 2026-03-02\nterm_end = 2026-06-19\n'


def told(text: str, folder: Path) -> list[str]:
    """What is told of a policy."""
    (folder / "policy.toml").write_text(text, encoding="utf-8")
    faults = Faults()
    assert (read_policy_file(folder / "policy.toml", faults) is None) == bool(faults.found)
    return [str(fault) for fault in faults.found]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"[program]\n{PROGRAM}", id="tables"),
        pytest.param("".join(f"program.{line}\n" for line in PROGRAM.splitlines()), id="dotted keys"),
        pytest.param(f"program = {{ {', '.join(PROGRAM.splitlines())} }}", id="an inline table"),
        pytest.param(f'["program"] # the term\n{PROGRAM}'.replace("time_zone", '"time_zone"'), id="quoted keys and comments"),
        pytest.param(f"\ufeff[program]\n{PROGRAM}".replace("\n", "\r\n"), id="a byte-order mark and CR LF"),
        pytest.param(f'[program]\nname = """\n[group]\nmin_size = 0\n"""\n{PROGRAM}', id="a text of several lines"),
        pytest.param(f"[program]\nname = ''\n{PROGRAM}", id="an empty name"),
    ],
)
def test_every_form_of_toml_reads(text: str, tmp_path: Path) -> None:
    assert told(text, tmp_path) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param(
            f"[program]\n{PROGRAM}\n# why\n\n[group]\n\nmin_size = 0\n",
            "policy.toml:10: group.min_size: ",
            id="after comments and empty lines",
        ),
        pytest.param(
            f"[program]\n{PROGRAM}[group]\nmin_size = 1\n[mentor]\nmin_weeks = -1",
            "policy.toml:8: mentor.min_weeks: ",
            id="in the last line",
        ),
        pytest.param(
            f"group.min_size = 0\n[program]\n{PROGRAM}",
            "policy.toml:1: group.min_size: ",
            id="a dotted key",
        ),
        pytest.param(
            f"group = {{ max_size = 2, min_size = 0 }}\n[program]\n{PROGRAM}",
            "policy.toml:1: group.min_size: ",
            id="in an inline table",
        ),
        pytest.param(
            f"[program]\n{PROGRAM}[points]\nplaced = [\n 1,\n 2,\n]\ntime = 'x'\n",
            "policy.toml:6: points.placed: ",
            id="a value of several lines",
        ),
        pytest.param(
            f'[program]\nname = """\n[group]\nmin_size = 0\n"""\n{PROGRAM}[group]\nmin_size = 0\n',
            "policy.toml:10: group.min_size: ",
            id="after a text that looks like it",
        ),
        pytest.param(
            f"[program]\n{PROGRAM}[points.more]\nx = 1\n",
            "policy.toml:5: points.more: ",
            id="a table below a part",
        ),
        pytest.param(
            f"[program]\n{PROGRAM}[[points]]\nplaced = 1\n",
            "policy.toml:5: points: ",
            id="a list of tables",
        ),
        pytest.param(
            f"[program]\n{PROGRAM}[group]\nmin_size = {'9' * 5_000}\n",
            "policy.toml: holds a number of too many digits",
            id="a number of 5,000 digits",
        ),
    ],
)
def test_a_fault_finds_its_line(text: str, place: str, tmp_path: Path) -> None:
    assert told(text, tmp_path)[0].startswith(place)


@given(policies())
@settings(max_examples=60, deadline=None)
def test_a_policy_that_is_written_reads_back_equal(policy: Policy) -> None:
    faults = Faults()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.toml"
        path.write_text(write_policy(policy), encoding="utf-8", newline="\n")
        assert read_policy_file(path, faults) == policy
    assert not faults.found
