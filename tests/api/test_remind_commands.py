"""`dure remind`: people are reminded as they wish, and whatever cannot be is told in one line."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from data.audit import Deed
from data.database import reading
from data.people import Person
from tests.api.typed import Typed, typed
from tests.sessions import taught_term

__all__ = ["typed"]


def test_wishes_are_set_listed_and_given_up(database: Engine, typed: Typed) -> None:
    taught_term(database)
    assert typed("remind", "mentor", "spring", "m-1").output == "m-1: reminded as the program says\n"
    both = typed("remind", "mentor", "spring", "m-1", "--before", "30, 1440", "--language", "ko").output
    assert both == "m-1: reminded 1440 and 30 minutes before, in ko\n"
    assert typed("remind", "mentee", "spring", "s-1", "--before", "none").output == "s-1: reminded never\n"
    assert typed("remind", "list", "spring").output == both + "s-1: reminded never\n"
    assert typed("remind", "mentor", "spring", "m-1", "--before", "usual").output == "m-1: reminded as the program says, in ko\n"
    assert typed("remind", "list", "spring").output == "s-1: reminded never\n"
    with reading(database) as db:
        assert db.scalars(select(Person.reminders).where(Person.key.in_(["m-1", "s-1"])).order_by(Person.key)).all() == [None, []]
        deeds = [(deed.what, deed.whom, deed.details) for deed in db.scalars(select(Deed).order_by(Deed.id))]
    assert deeds == [
        ("wish changed", "mentor m-1", {"reminders": [1440, 30]}),
        ("wish changed", "mentor m-1", {"language": "ko"}),
        ("wish changed", "mentee s-1", {"reminders": []}),
        ("wish changed", "mentor m-1", {"reminders": None}),
    ]


def test_what_is_wished_already_leaves_no_trace(database: Engine, typed: Typed) -> None:
    taught_term(database)
    for _ in range(2):
        typed("remind", "mentor", "spring", "m-1", "--before", "60", "--language", "en")
    with reading(database) as db:
        assert len(db.scalars(select(Deed)).all()) == 2


@pytest.mark.parametrize(
    ("words", "line"),
    [
        pytest.param(("mentor", "spring", "m-9", "--before", "60"), "m-9: there is no such mentor", id="no such mentor"),
        pytest.param(("mentee", "spring", "m-1", "--before", "60"), "m-1: there is no such mentee", id="in the other role"),
        pytest.param(("mentor", "spring", "m-1", "--before", "soon"), "--before: 'soon' are no minutes; write minutes", id="no minutes"),
        pytest.param(("mentor", "spring", "m-1", "--before", "60,0"), "reminders [60, 0]: at most 5, each 1 to 40320", id="at the start"),
        pytest.param(("mentor", "spring", "m-1", "--before", "60,60"), "reminders [60, 60]: at most 5", id="twice"),
        pytest.param(
            ("mentor", "spring", "m-1", "--before", "60", "--language", "fr"), "language 'fr': the program speaks", id="a language"
        ),
    ],
)
def test_what_cannot_be_is_one_line_and_changes_nothing(database: Engine, typed: Typed, words: tuple[str, ...], line: str) -> None:
    taught_term(database)
    ended = typed("remind", *words)
    assert (ended.exit_code, ended.output.count("\n")) == (2, 1)
    assert ended.output.startswith(line)
    assert typed("remind", "list", "spring").output == "everybody is reminded as the program says\n"
