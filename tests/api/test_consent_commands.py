"""`dure consent`: papers of guardians are noted one by one or by a table, and a round tells whom it leaves out."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, select

from data.audit import Deed
from data.database import reading
from tests.api.typed import Typed, typed
from tests.terms import demo_term

__all__ = ["typed"]

TERM = "rural/2026-spring"


def test_a_round_leaves_out_who_lacks_a_consent_and_says_so_until_it_is_noted(database: Engine, typed: Typed) -> None:
    demo_term(database)
    assert typed("consent", "list", TERM).output == "nobody needs a consent, and there is none\n"
    assert typed("program", "set", "rural", "consent_grade", "12").output == "consent_grade 12\n"
    assert typed("consent", "born", TERM, "s-01", "2000-02-29").output == "s-01: born on 2000-02-29\n"
    assert typed("consent", "born", TERM, "s-02", "2020-02-01").exit_code == 0
    assert len(typed("consent", "list", TERM, "--lacking").output.splitlines()) == 69
    typed("program", "set", "rural", "consent_grade", "0")
    assert typed("consent", "list", TERM).output == "s-02: born on 2020-02-01; no consent\n"
    typed("round", "open", TERM)
    told = typed("round", "close", TERM).output.splitlines()
    assert told == [
        f"round 1 of {TERM} is closed, with 24 mentors and 69 mentees",
        "left out, for want of a guardian's consent: 1 mentees (s-02)",
        "39 mentees may be under the age of consent: say when they were born, or set consent_grade",
    ]
    assert told[1] in typed("round", "list", TERM).output
    given = typed("consent", "give", TERM, "s-02", "--method", "phone", "--guardian", "mother", "--on", "2026-03-02")
    assert given.output == "s-02: consent to text 1 given\n"
    assert typed("consent", "list", TERM, "--lacking").output == "nobody lacks a consent\n"
    assert typed("consent", "list", TERM).output == "s-02: born on 2020-02-01; text 1 given on 2026-03-02, by phone\n"
    typed("program", "set", "rural", "consent_text", "2")
    assert "which is not the text in force" in typed("consent", "list", TERM, "--lacking").output
    assert typed("consent", "withdraw", TERM, "s-02").output.splitlines() == [
        "s-02: consent to text 1 withdrawn",
        "they are in no round that is closed from now on",
    ]
    twice = typed("consent", "withdraw", TERM, "s-02")
    assert (twice.exit_code, twice.output) == (2, "s-02: no consent is in force; there is nothing to withdraw\n")
    with reading(database) as db:
        read = db.scalars(select(Deed.details).where(Deed.what == "consents read").order_by(Deed.id)).all()
        assert [len(one["mentees"]) for one in read] == [69, 1, 1, 1]


def test_papers_are_noted_from_a_table_all_or_none(database: Engine, typed: Typed, tmp_path: Path) -> None:
    demo_term(database)
    papers = tmp_path / "papers.csv"
    papers.write_text("mentee_id,born_on,given_on,method,guardian\ns-01,2020-05-05,2026-03-02,paper,mother\nnobody,2020-05-05,,pigeon,\n")
    wrong = typed("consent", "import", TERM, papers)
    assert wrong.exit_code == 2
    assert [line.partition(":")[0] for line in wrong.output.splitlines()] == ["papers.csv", "papers.csv"]
    assert typed("consent", "list", TERM).output == "nobody needs a consent, and there is none\n"
    papers.write_text("mentee_id,born_on,given_on,method,guardian\ns-01,2020-05-05,2026-03-02,paper,mother\ns-03,2020-05-05,,,\n")
    assert typed("consent", "import", TERM, papers).output == "1 consents are noted, of 2 lines\n"
    assert typed("consent", "list", TERM, "--lacking").output == "s-03: born on 2020-05-05; no consent\n"


def test_what_is_typed_wrong_is_told_in_one_line(database: Engine, typed: Typed) -> None:
    demo_term(database)
    for words in (("give", TERM, "s-01", "--method", "pigeon"), ("born", TERM, "s-01", "someday"), ("give", TERM, "s-999")):
        ended = typed("consent", *words)
        assert (ended.exit_code, ended.output.count("\n")) == (2, 1), ended.output
