"""`dure client` and `dure account`: whom the API lets in, made, listed and ended by commands."""

from __future__ import annotations

import re

import httpx
from sqlalchemy import Engine, select

from data.audit import Deed
from data.database import reading
from data.outbox import Message
from tests.api.typed import Typed, typed
from tests.api.v1.callers import Caller, Platform
from tests.terms import demo_term

__all__ = ["typed"]


def token(database: Engine, client: str, secret: str) -> httpx.Response:
    """What is answered to a client that shows a secret."""
    form = httpx.Request(
        "POST", "http://dure.example", data={"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    )
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return Platform(database).web.ask("/v1/tokens", kind, method="POST", body=form.read())


def test_a_client_is_let_in_by_its_secrets_until_they_are_dropped_or_it_is_closed(database: Engine, typed: Typed) -> None:
    demo_term(database)
    made = typed("client", "new", "rural", "tutoring platform", "--scopes", "program:read people:read").output
    client, first = re.search(r"client (\S+): tutoring", made)[1], re.search(r"secret (dure_secret_\S+)", made)[1]  # type: ignore[index]
    second = re.search(r"secret (dure_secret_\S+)", typed("client", "rotate", client).output)[1]  # type: ignore[index]
    assert [token(database, client, secret).status_code for secret in (first, second)] == [200, 200]
    full = typed("client", "rotate", client)
    assert (full.exit_code, full.output) == (2, "the client has 2 secrets; take one away first\n")
    listed = typed("client", "list").output
    assert "may: program:read people:read" in listed
    assert "dure_secret_" not in listed
    old = re.findall(r"secret (\S+), made", listed)[0]
    assert typed("client", "drop", client, old).output == f"secret {old} is no more\n"
    assert [token(database, client, secret).status_code for secret in (first, second)] == [401, 200]
    typed("client", "close", client)
    assert token(database, client, second).status_code == 401
    with reading(database) as db:
        whats = db.scalars(select(Deed.what).order_by(Deed.id)).all()
    assert whats == ["client made", "client secret added", "client secret taken", "client closed"]


def test_a_client_for_a_whole_organisation_makes_programs_and_one_for_a_program_makes_none(database: Engine, typed: Typed) -> None:
    demo_term(database)
    answers: list[int] = []
    for words in (("--everywhere",), ()):
        made = typed("client", "new", "rural", "platform", *words).output
        client, secret = re.search(r"client (\S+): platform", made)[1], re.search(r"secret (dure_secret_\S+)", made)[1]  # type: ignore[index]
        shown = token(database, client, secret).json()["access_token"]
        caller = Caller(Platform(database).web, shown)
        answers.append(caller.ask("POST", "/v1/programs", {"external_id": f"city{len(answers)}"}).status_code)
    assert answers == [201, 403]


def test_what_is_no_scope_and_what_is_no_client_are_told_in_one_line(database: Engine, typed: Typed) -> None:
    demo_term(database)
    for words in (("new", "rural", "x", "--scopes", "all"), ("rotate", "nobody"), ("close", "nobody"), ("new", "nowhere", "x")):
        told = typed("client", *words)
        assert (told.exit_code, told.output.count("\n")) == (2, 1), told.output
    assert typed("client", "list").output == "there are no clients; `dure client new` makes one\n"


def test_somebody_gets_a_role_with_a_mail_and_loses_it_again(database: Engine, typed: Typed) -> None:
    demo_term(database)
    given = typed("account", "give", "Kim@example.org", "rural", "owner").output
    assert given == "kim@example.org: owner of rural; a mail with a link to set a password is in the outbox\n"
    with reading(database) as db:
        assert db.scalars(select(Message.address)).all() == ["kim@example.org"]
    typed("account", "give", "kim@example.org", "rural", "manager")
    assert typed("account", "list").output == "kim@example.org: manager of rural, owner of rural\n"
    assert typed("account", "take", "kim@example.org", "rural", "manager").output == "kim@example.org: manager of rural no more\n"
    last = typed("account", "take", "kim@example.org", "rural", "owner")
    assert (last.exit_code, last.output) == (2, "this is the program's only owner; make another first\n")
    assert typed("account", "close", "kim@example.org").output == "kim@example.org: closed\n"
    assert typed("account", "list").output == "there are no accounts; `dure account give` makes one\n"


def test_bad_words_of_accounts_are_told_in_one_line_and_change_nothing(database: Engine, typed: Typed) -> None:
    demo_term(database)
    for words in (
        ("give", "no address", "rural", "owner"),
        ("give", "kim@example.org", "rural", "king"),
        ("give", "kim@example.org", "rural", "mentor"),
        ("give", "kim@example.org", "nowhere", "owner"),
        ("close", "kim@example.org"),
        ("take", "kim@example.org", "rural", "owner"),
    ):
        told = typed("account", *words)
        assert (told.exit_code, told.output.count("\n")) == (2, 1), told.output
    assert typed("account", "list").output == "there are no accounts; `dure account give` makes one\n"
