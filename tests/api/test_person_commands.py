"""`dure person`: all that is held on somebody is written into a file, and somebody is erased, when that is meant."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from sqlalchemy import Engine, select

from data.audit import Deed
from data.database import reading
from data.erasures import Erasure
from data.people import Mentee, Person
from tests.api.typed import Typed, typed
from tests.terms import demo_term

__all__ = ["typed"]


def test_what_is_held_is_written_into_a_new_file_and_that_is_noted(database: Engine, typed: Typed, tmp_path: Path) -> None:
    demo_term(database)
    out = tmp_path / "s-01.json"
    assert typed("person", "export", "rural", "s-01", out).output == f"all that is held on mentee s-01: {out}\n"
    assert json.loads(out.read_text(encoding="utf-8"))["person"]["name"] == "이서준"
    archive = tmp_path / "m-01.zip"
    typed("person", "export", "rural", "m-01", archive)
    assert zipfile.ZipFile(archive).namelist() == ["held.json", "mentors.csv", "rural.ics"]
    for words in (("s-01", out), ("s-01", tmp_path / "s-01.pdf"), ("nobody", tmp_path / "nobody.json")):
        refused = typed("person", "export", "rural", *words)
        assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
    with reading(database) as db:
        noted = db.execute(select(Deed.by, Deed.whom).where(Deed.what == "person exported").order_by(Deed.id)).all()
        assert [tuple(row) for row in noted] == [("command line", "mentee s-01"), ("command line", "mentor m-01")]


def test_somebody_is_erased_and_wiped_where_that_is_meant(database: Engine, typed: Typed) -> None:
    demo_term(database)
    assert typed("person", "erase", "rural", "s-01").output == "mentee s-01: nothing was erased; say --yes where that is meant\n"
    told = typed("person", "erase", "rural", "s-01", "--yes").output
    with reading(database) as db:
        erased = db.scalars(select(Person).where(Person.erased_at.is_not(None))).one()
        assert told == f"mentee s-01 is erased, and counted as {erased.key}\n"
        assert erased.name == ""
        assert db.scalars(select(Erasure.wiped_at)).one() is not None
        assert db.scalars(select(Mentee.key).where(Mentee.person_id == erased.id)).one() == erased.key
    assert typed("person", "erase", "rural", "s-01", "--yes").exit_code == 2
