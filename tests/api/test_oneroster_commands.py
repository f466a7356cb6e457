"""`dure oneroster`: a published round's groups go out as an archive, and archives' people come into a term."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import time_machine
from sqlalchemy import Engine, select

from data.archive import unpack
from data.audit import Deed
from data.database import reading, transaction
from data.programs import Term
from matching.result import Result
from matching.resultfiles import read_result
from scheduler.publish import publish
from tests.api.typed import Typed, typed
from tests.api.v1.little import little_result, little_round
from tests.oneroster import tables_of, wrongs_of
from tests.solved import done_run
from tests.terms import demo_term
from tests.test_oneroster import right, zipped

__all__ = ["typed"]

BEFORE = dt.datetime(2026, 2, 20, tzinfo=dt.UTC)
THEN = "2026-03-01T09:00:00Z"


def little_read() -> Result:
    """What comes of the few people's round."""
    with TemporaryDirectory() as folder:
        return read_result(unpack(little_result(), Path(folder)))


@pytest.fixture
def published(database: Engine) -> None:
    """A term with few people, whose only group is published."""
    term = demo_term(database, little_round())
    with transaction(database) as db:
        run = done_run(db, db.get_one(Term, term.id), little_read(), round=little_round())
        publish(db, run, BEFORE, "kim")


@pytest.mark.usefixtures("published")
@time_machine.travel(THEN, tick=False)
def test_groups_go_out_and_the_archive_comes_in_where_its_people_are_new(typed: Typed, database: Engine, tmp_path: Path) -> None:
    made = tmp_path / "roster.zip"
    out = typed("oneroster", "export", "2026-spring:1", made)
    assert out.output.replace("\n", "") == f"1 classes, 2 users: {made}"
    assert wrongs_of(made.read_bytes()) == []
    assert len(tables_of(made.read_bytes())["enrollments"]) == 2
    with reading(database) as db:
        noted = db.scalars(select(Deed).where(Deed.what == "roster exported")).one()
    assert (noted.by, len(noted.details["mentees"])) == ("command line", 1)
    assert typed("oneroster", "export", "2026-spring:1", made, "--complete").exit_code == 0
    assert len(tables_of(made.read_bytes())["users"]) == 4
    typed("term", "new", "rural/autumn", "--zone", "Asia/Seoul", "--from", "2026-03-02", "--to", "2026-06-19")
    told = """\
mentors: 2 new, 0 changed, 0 unchanged, 0 gone
  new m-1
  new m-2
mentees: 2 new, 0 changed, 0 unchanged, 0 gone
  new s-1
  new s-2
users who are neither, or may not be: 0
"""
    assert typed("oneroster", "import", "autumn", made, "--dry-run").output == told + "nothing was changed: this is a dry run\n"
    assert typed("oneroster", "import", "autumn", made).output == told
    again = typed("oneroster", "import", "autumn", made).output
    assert again.splitlines()[:2] == ["mentors: 0 new, 0 changed, 2 unchanged, 0 gone", "mentees: 0 new, 0 changed, 2 unchanged, 0 gone"]


@time_machine.travel(THEN, tick=False)
def test_an_archive_of_others_comes_in_with_defaults_for_what_it_does_not_tell(typed: Typed, tmp_path: Path) -> None:
    typed("term", "new", "rural/autumn", "--zone", "Asia/Seoul", "--from", "2026-03-02", "--to", "2026-06-19")
    sent = tmp_path / "roster.zip"
    sent.write_bytes(zipped(right()))
    refused = typed("oneroster", "import", "autumn", sent)
    assert (refused.exit_code, len(refused.output.splitlines())) == (2, 4)
    assert "users.csv:2: metadata.dure.subjects: is empty" in refused.output
    usual = ("--default", "availability=Mon 18:00-21:00", "--default", "subjects=math:1-12", "--default", "requests=math")
    assert typed("oneroster", "import", "autumn", sent, *usual).output.splitlines()[1] == "  new t"


@time_machine.travel(THEN, tick=False)
@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("import", "2026-spring", "nothing.zip"), "nothing.zip: No such file"),
        (("import", "2026-spring", "{folder}/text.zip"), "the archive: is no ZIP archive"),
        (("import", "2026-spring", "{folder}/text.zip", "--default", "colour=red"), "--default: 'colour' is none of availability"),
        (("export", "2026-spring", "{folder}/made.zip"), "'2026-spring' is no name of a round"),
        (("export", "2026-spring:9", "{folder}/made.zip"), "there is no round 2026-spring:9"),
        (("export", "2026-spring:1", "{folder}"), "is a folder"),
        (("export", "2026-spring:1", "{folder}/none/made.zip"), "lies in no folder"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(typed: Typed, tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    (tmp_path / "text.zip").write_text("text", encoding="utf-8")
    ended = typed("oneroster", *(word.format(folder=tmp_path) for word in words))
    assert (ended.exit_code, len(ended.output.splitlines())) == (2, 1), ended.output
    assert says in ended.output
    assert [path.name for path in tmp_path.iterdir() if "made" in path.name] == []
