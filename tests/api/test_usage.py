"""What is typed wrong is told in one line."""

from __future__ import annotations

import shlex

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from api.cli import app

HELP = "--help says what can be written"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        pytest.param("dance", f"dure: no such command 'dance'; dure {HELP}", id="no such command"),
        pytest.param("term dance", f"dure term: no such command 'dance'; dure term {HELP}", id="no such word of a command"),
        pytest.param("--colour", f"dure: no such option: --colour; dure {HELP}", id="no such option of the program"),
        pytest.param("audit list --colour", f"dure audit list: no such option: --colour; dure audit list {HELP}", id="no such option"),
        pytest.param(
            "term new a/b --from 2026-03-02", f"dure term new: missing option '--zone'; dure term new {HELP}", id="an option is missing"
        ),
        pytest.param("term show", f"dure term show: missing argument 'TERM'; dure term show {HELP}", id="an argument is missing"),
        pytest.param("term show a b", "dure term show: got unexpected extra argument", id="a word too many"),
        pytest.param("audit list --rows", f"Option '--rows' requires an argument; {HELP}", id="an option without its value"),
        pytest.param("audit list --rows x", '--rows: "x" is no whole number; write one, such as 28', id="no number"),
        pytest.param("audit list --rows 0", '--rows: "0" is too little; write 1 or more', id="too small a number"),
        pytest.param("report r --out f --language fr", "--language: 'fr' is not one of 'ko', 'en', 'zh-TW'", id="no language"),
        pytest.param("match 'a\nb' --worm", "dure match: no such option: --worm", id="an option that is like another"),
        pytest.param("'da\nnce\x1b[31m'", "dure: no such command", id="a word of several lines"),
    ],
)
def test_what_is_typed_wrong_is_one_line(words: str, line: str) -> None:
    ended = CliRunner().invoke(app, shlex.split(words), prog_name="dure")
    assert ended.exit_code == 2
    assert ended.stdout == ""
    [told] = ended.stderr.splitlines()
    assert told.startswith(line)
    assert told.isprintable()


def test_a_word_that_is_not_utf_8_is_told_in_one_line(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DURE_DATABASE_URL", database.url.render_as_string(hide_password=False))
    ended = CliRunner().invoke(app, ["feed", "new", "--school", "\udcff\udcfe"], prog_name="dure")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr == "\\udcff\\udcfe: is not UTF-8; have your terminal write that\n"


def test_a_group_of_commands_alone_shows_its_help() -> None:
    ended = CliRunner().invoke(app, ["audit"], prog_name="dure")
    assert ended.exit_code == 2
    assert "list" in ended.stderr
    assert len(ended.stderr.splitlines()) > 3
