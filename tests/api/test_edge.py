"""A command meets its database: opened, brought up to date, or refused in one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from typer.testing import CliRunner

from api.cli import app
from api.edge import BadWord, Told, day, opened
from api.exits import Exit
from data.database import migrate, refuse_other_version
from data.terms import NoSuchTerm


def refused(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line in which a database is refused."""
    with pytest.raises(typer.Exit) as ended, opened():
        pass
    assert ended.value.exit_code == Exit.BAD_INPUT
    (line,) = capsys.readouterr().err.splitlines()
    return line


def point_to(monkeypatch: pytest.MonkeyPatch, where: Engine | str) -> None:
    monkeypatch.setenv("DURE_DATABASE_URL", where if isinstance(where, str) else where.url.render_as_string(hide_password=False))


def test_sqlite_is_brought_up_to_date_when_it_is_used_and_postgresql_by_hand(
    empty_database: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    point_to(monkeypatch, empty_database)
    if empty_database.dialect.name == "sqlite":
        with opened() as engine:
            refuse_other_version(engine)
    else:
        line = r"the database is at version none, and this program needs \d{4}; run `dure migrate`"
        assert re.fullmatch(line, refused(capsys))
        with opened(migrated=False) as engine:
            migrate(engine)
        with opened() as engine:
            refuse_other_version(engine)


def test_a_database_of_an_older_program_is_brought_up_to_date_with_what_is_in_it(
    old_database: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    point_to(monkeypatch, old_database)
    run = CliRunner().invoke
    if old_database.dialect.name == "postgresql":
        line = r"the database is at version 0001, and this program needs \d{4}; run `dure migrate`"
        assert re.fullmatch(line, refused(capsys))
        assert run(app, ["migrate"]).output == "the database is up to date\n"
    listed = run(app, ["session", "list", "spring", "--from", "2026-03-10", "--to", "2026-03-10"])
    assert listed.output == "g-1@2026-03-10T19:00 to 20:00  math  m-1 with s-1, s-2  cancelled: ill\n"
    refuse_other_version(old_database)


def test_a_newer_programs_database_is_refused(
    database: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    point_to(monkeypatch, database)
    assert "version 9999, which this program does not know yet" in refused(capsys)


@pytest.mark.parametrize(
    ("url", "line"),
    [
        pytest.param("here", "DURE_DATABASE_URL: is no address; write", id="no address"),
        pytest.param(
            "sqlite:///{folder}",
            "the database {folder} cannot be used: unable to open database file; have DURE_DATABASE_URL name a file in a folder",
            id="a folder",
        ),
        pytest.param(
            "sqlite:///{folder}/text",
            "the database {folder}/text cannot be used: file is not a database; have DURE_DATABASE_URL name a file of SQLite",
            id="a file of something else",
        ),
        pytest.param("sqlite:///{folder}/text/dure.db", "{folder}/text: ", id="a file in a file"),
        pytest.param("postgresql://dure:secret@127.0.0.1:1/dure", "the database cannot be used: connection failed", id="nobody listens"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_in_one_line_without_its_password(
    url: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text").write_text("no database\n" * 100, encoding="utf-8")
    point_to(monkeypatch, url.format(folder=tmp_path))
    found = refused(capsys)
    assert found.startswith(line.format(folder=tmp_path))
    assert "secret" not in found


@pytest.mark.parametrize(
    ("error", "line"),
    [
        pytest.param(NoSuchTerm("a\nb", ()), r"there is no term 'a\nb', nor any other; make one with `dure term new`", id="a term"),
        pytest.param(BadWord("--to", "is\todd", "mend it"), r"--to: is\todd; mend it", id="a word"),
        pytest.param(FileNotFoundError(2, "No such file", "a.csv"), "a.csv: No such file", id="a file"),
        pytest.param(OperationalError("", {}, Exception("disk full\nmore")), "the database cannot be used: disk full", id="a full disk"),
    ],
)
def test_whatever_is_wrong_is_one_line_and_status_2(error: Exception, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, Told():
        raise error
    assert (ended.value.exit_code, capsys.readouterr().err) == (Exit.BAD_INPUT, line + "\n")


@pytest.mark.parametrize("error", [ZeroDivisionError(), ProgrammingError("", {}, Exception("no such column")), OSError("of no file")])
def test_a_fault_of_the_program_is_not_called_bad_input(error: Exception) -> None:
    with pytest.raises(type(error)), Told():
        raise error


def test_a_day_that_is_none_is_told_with_what_it_was_typed_for() -> None:
    with pytest.raises(BadWord) as bad:
        day("2026-02-30", "--from")
    assert str(bad.value) == "--from: 2026-02-30 is no day of the calendar; write a date such as 2026-03-02"
