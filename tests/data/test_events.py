"""Events are read in order, and whoever has read up to one misses none, whatever was under way meanwhile."""

from __future__ import annotations

import ast
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, delete, select, text, update

from data.audit import Deed, write_down
from data.database import reading, transaction
from data.deliveries import due_webhooks, take_load
from data.event_types import EVENT_TYPES, TYPES, type_of
from data.events import Event, EventServer, Happening, NoSuchEvent, event_of, events_after, forget_events, happened
from data.programs import Program, Term
from data.webhooks import Delivery, Webhook, make_webhook
from scheduler.changes import cancel, move
from scheduler.finding import session_named
from tests.sessions import at, taught_term

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ROOT = Path(__file__).parents[2]

postgresql_only = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
"""SQLite has one writer at a time, and numbers by which nothing else is counted."""


def write(database: Engine, program: UUID, *types: str, now: dt.datetime = NOW) -> None:
    with transaction(database) as db:
        happened(db, [Happening(program, one, {}) for one in types], now=now)


def types_after(database: Engine, program: UUID, after: Event | None = None, *types: str, most: int = 100) -> list[str]:
    with reading(database) as db:
        return [one.type for one in events_after(db, [program], after.place if after else None, types, most=most)]


def test_events_come_in_their_order_from_any_of_them_on(database: Engine) -> None:
    program = taught_term(database).program_id
    write(database, program, "a", "b")
    write(database, program, "c", "b")
    with reading(database) as db:
        events = events_after(db, [program], None, (), most=100)
    assert [one.type for one in events] == ["a", "b", "c", "b"]
    assert types_after(database, program, events[1]) == ["c", "b"]
    assert types_after(database, program, None, "b", most=1) == ["b"]
    assert types_after(database, program, events[1], "a") == []


def test_what_is_written_first_and_ends_last_is_not_missed(database: Engine) -> None:
    program = taught_term(database).program_id
    if database.dialect.name != "postgresql":
        write(database, program, "slow", "quick")
        assert types_after(database, program) == ["slow", "quick"]
        return
    with transaction(database) as slow:
        happened(slow, [Happening(program, "slow", {})], now=NOW)
        write(database, program, "quick")
        assert types_after(database, program) == [], "what comes after it waits for it"
    assert types_after(database, program) == ["slow", "quick"]


FAR = 10**12
"""So many transactions more the server had counted from which a dump came."""


def restored(database: Engine) -> None:
    """Leaves a database as the restore of a dump from a server of longer life does."""
    with transaction(database) as db:
        db.execute(update(EventServer).values(identifier=EventServer.identifier + 1))
        for table in (Event, Webhook):
            db.execute(update(table).values(writer=table.writer + FAR))


@postgresql_only
def test_on_another_server_all_that_was_kept_is_read_in_order_and_what_is_new_comes_after_it(database: Engine) -> None:
    program = taught_term(database).program_id
    write(database, program, "a")
    write(database, program, "b")
    restored(database)
    assert types_after(database, program) == ["a", "b"], "before anything is written on it"
    with reading(database) as db:
        first, last = events_after(db, [program], None, (), most=100)
    with transaction(database) as slow:
        happened(slow, [Happening(program, "c", {})], now=NOW)
        assert types_after(database, program) == ["a", "b"]
    with transaction(database) as slow:
        happened(slow, [Happening(program, "slow", {})], now=NOW)
        write(database, program, "quick")
        assert types_after(database, program, last) == ["c"], "what comes after it waits for it"
    assert types_after(database, program, first) == ["b", "c", "slow", "quick"]
    restored(database)
    write(database, program, "d")
    assert types_after(database, program) == ["a", "b", "c", "slow", "quick", "d"]


@postgresql_only
def test_what_came_without_the_server_that_counted_it_is_not_lost_either(database: Engine) -> None:
    program = taught_term(database).program_id
    write(database, program, "a")
    restored(database)
    with transaction(database) as db:
        db.execute(delete(EventServer))
    write(database, program, "b")
    assert types_after(database, program) == ["a", "b"]


@postgresql_only
def test_two_who_write_first_on_another_server_agree_on_where_it_counts_from(database: Engine) -> None:
    program = taught_term(database).program_id
    write(database, program, "old")
    restored(database)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: write(database, program, "new"), range(20)))
    assert types_after(database, program) == ["old", *["new"] * 20]
    with reading(database) as db:
        writers = db.scalars(select(Event.writer).order_by(Event.writer)).all()
        start = db.scalars(select(EventServer.start)).one()
    assert writers[0] + 1 == start
    assert writers[0] > FAR
    assert max(writers) < 2 * FAR, "it was moved once"


@postgresql_only
def test_a_webhook_goes_on_on_another_server_where_it_was_even_if_no_event_is_kept(database: Engine) -> None:
    program = taught_term(database).program_id
    write(database, program, "run.queued")
    own = "whsec_" + "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"
    with transaction(database) as db:
        webhook, _ = make_webhook(db, db.get_one(Program, program), "https://example.org", ["run.solved"], own, by="test", now=NOW)
    write(database, program, "run.solved")
    restored(database)
    write(database, program, "run.solved")
    assert told(database, webhook.id) == ["run.solved"] * 2
    restored(database)
    with transaction(database) as db:
        db.execute(delete(Delivery))
        assert forget_events(db, NOW + DAY, program) == 4
    write(database, program, "run.solved")
    assert told(database, webhook.id) == ["run.solved"]


def told(database: Engine, webhook: UUID) -> list[str]:
    """What a webhook is to be told next."""
    with transaction(database) as db:
        assert due_webhooks(db, NOW) == [webhook]
        load = take_load(db, webhook, now=NOW, lease=dt.timedelta())
        assert load is not None
        return [event.type for _, event in load.deliveries]


@postgresql_only
def test_whoever_may_use_the_database_may_ask_which_server_it_is_on(database: Engine) -> None:
    program = taught_term(database).program_id
    with transaction(database) as db:
        db.execute(text("GRANT ALL ON ALL TABLES IN SCHEMA public TO pg_signal_backend"))
        db.execute(text("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO pg_signal_backend"))
        db.execute(text("SET LOCAL ROLE pg_signal_backend"))
        happened(db, [Happening(program, "a", {})], now=NOW)
        assert db.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")).scalar_one() is False
    assert types_after(database, program) == ["a"]


def test_what_is_undone_has_no_event(database: Engine) -> None:
    program = taught_term(database).program_id
    with transaction(database) as db:
        happened(db, [Happening(program, "undone", {})], now=NOW)
        db.rollback()
    assert types_after(database, program) == []


def test_of_an_event_that_is_kept_no_longer_or_foreign_nobody_goes_on(database: Engine) -> None:
    program, other = taught_term(database).program_id, taught_term(database, city="town").program_id
    write(database, program, "old")
    write(database, program, "new", now=NOW + 2 * DAY)
    with transaction(database) as db:
        (old, _) = db.scalars(select(Event.id).order_by(Event.number)).all()
        assert event_of(db, [program], old).type == "old"
        with pytest.raises(NoSuchEvent):
            event_of(db, [other], old)
        assert forget_events(db, NOW + DAY, other) == 0
        assert forget_events(db, NOW + DAY, program) == 1
        with pytest.raises(NoSuchEvent):
            event_of(db, [program], old)
    assert types_after(database, program) == ["new"]


def test_a_change_of_a_session_has_an_event_of_its_own_and_one_of_each_session_with_ids_only(database: Engine) -> None:
    term = taught_term(database)
    with transaction(database) as db:
        one = session_named(db, db.get_one(Term, term.id), "g-1@2026-03-03T19:00")
        move(db, one, at("2026-03-06 19:00"), by="office", now=NOW, reason="Kim Minji is ill")
        session, group = str(one.id), str(one.group_id)
    with transaction(database) as db:
        cancel(db, db.get_one(type(one), one.id), by="office", now=NOW + DAY / 2, reason="ill")
    with reading(database) as db:
        events = [(one.type, one.data) for one in events_after(db, [term.program_id], None, (), most=100)]
    keys = {"term": str(term.id), "group": group, "session": session}
    assert [kind for kind, _ in events] == ["session.changed", "session.moved", "session.changed", "session.cancelled"]
    assert events[0][1] == {**keys, "sequence": 1}
    assert {name: value for name, value in events[1][1].items() if name != "whom"} == keys
    assert "Kim" not in str(events)


def test_every_row_of_the_audit_has_its_event_but_those_of_who_only_looked(database: Engine) -> None:
    term = taught_term(database)
    with transaction(database) as db:
        for what in TYPES:
            write_down(db, at=NOW, by="office", what=what, whom="thing x", term=term.id)
        program = db.get_one(Program, term.program_id)
        write_down(db, at=NOW, by="office", what="painted", whom="program run", ids={"program": program.id})
        write_down(db, at=NOW, by="office", what="mentees read", whom="mentee s-1", term=term.id)
    with reading(database) as db:
        deeds = [deed.what for deed in db.scalars(select(Deed))]
    assert sorted(types_after(database, term.program_id)) == sorted(kind for what in deeds if (kind := type_of(what, "program run")))
    assert "program.painted" in types_after(database, term.program_id)
    assert len(deeds) == len(types_after(database, term.program_id)) + 1


def written_words() -> set[str]:
    """What the operations call what they do, as far as they say it in so many words."""
    words: set[str] = set()
    for path in (path for package in ("data", "scheduler") for path in (ROOT / package).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"write_down", "Deed"}:
                for word in (keyword.value for keyword in node.keywords if keyword.arg == "what"):
                    words |= {part.value for part in ast.walk(word) if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    return words


OF_NO_PROGRAM = {
    *("account made", "account closed", "password set", "second factor added", "second factor taken"),
    *("identity provider set", "identity provider removed", "identity added"),
    *("recovery codes made", "recovery code used", "taken away", "secrets sealed anew"),
}
"""People's own accounts, matches, which are nobody's, and the service itself."""


def test_all_that_is_done_has_a_type_that_stays() -> None:
    words = written_words()
    assert len(words) > 30
    assert {word for word in words - TYPES.keys() - OF_NO_PROGRAM if type_of(word, "thing x")} == set()
    assert len(EVENT_TYPES) == len(TYPES) + 1, "no two are called the same"
