"""Where the database is, how it is brought up to date, and what a transaction keeps."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import IntegrityError

from data.base import new_id
from data.database import BadAddress, NotUpToDate, TooNew, address, migrate, open_database, reading, refuse_other_version, transaction
from data.groups import Group
from data.people import CameAs as Role, Mentor, Person
from data.programs import Organisation, Program, Term
from data.sessions import Booking, Series, Session
from data.tables import METADATA

MONDAY = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def test_the_default_is_a_file_of_the_users_own(tmp_path: Path) -> None:
    url = address({"XDG_DATA_HOME": str(tmp_path)})
    assert url.get_backend_name() == "sqlite"
    assert url.database == str(tmp_path / "dure" / "dure.db")
    engine = open_database(url)
    migrate(engine)
    refuse_other_version(engine)
    engine.dispose()
    assert (tmp_path / "dure" / "dure.db").is_file()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param("nonsense", "is no address", id="no address"),
        pytest.param("sqlite://", "names no file", id="a database in memory, which no second process sees"),
        pytest.param("sqlite:////tmp/dure.db?mode=ro", "an SQLite file takes no options", id="options of an SQLite file"),
        pytest.param("mysql://host/name", "mysql is not known", id="another database"),
    ],
)
def test_an_address_of_no_database_that_can_be_used_is_told(given: str, told: str) -> None:
    with pytest.raises(BadAddress) as bad:
        address({"DURE_DATABASE_URL": given})
    assert str(bad.value) == f"DURE_DATABASE_URL: {told}; write sqlite:////folder/dure.db or postgresql://user:password@host/name"


def test_the_migrated_schema_is_that_of_the_tables(database: Engine) -> None:
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


def test_a_database_without_tables_is_refused_until_it_is_migrated(empty_database: Engine) -> None:
    with pytest.raises(NotUpToDate, match=r"version none, and this program needs \d{4}; run `dure migrate`"):
        refuse_other_version(empty_database)
    migrate(empty_database)
    migrate(empty_database)  # once more changes nothing
    refuse_other_version(empty_database)


def test_a_database_of_a_newer_program_is_left_alone(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for use in (refuse_other_version, migrate):
        with pytest.raises(TooNew, match="version 9999, which this program does not know yet"):
            use(database)


def test_processes_that_migrate_at_once_do_so_once(empty_database: Engine) -> None:
    problems: list[Exception] = []

    def one() -> None:
        engine = open_database(empty_database.url)
        try:
            migrate(engine)
            refuse_other_version(engine)
        except Exception as error:  # noqa: BLE001  whatever it is, the test tells it
            problems.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_nothing_is_kept_of_a_transaction_that_fails(database: Engine) -> None:
    def fail() -> None:
        with transaction(database) as db:
            db.add(Organisation(key="city"))
            db.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with transaction(database) as db:
        assert db.scalars(select(Organisation)).all() == []


def test_who_reads_sees_one_moment_and_keeps_nothing(database: Engine) -> None:
    with transaction(database) as db:
        db.add(Organisation(key="city"))
    with reading(database) as db:
        db.add(Organisation(key="other"))
    with reading(database) as db:
        assert [one.key for one in db.scalars(select(Organisation))] == ["city"]


def test_what_was_read_can_be_looked_at_afterwards(database: Engine) -> None:
    with transaction(database) as db:
        db.add(Organisation(key="city"))
    with reading(database) as db:
        found = db.scalars(select(Organisation)).one()
    assert found.key == "city"


def test_an_instant_comes_back_in_utc(database: Engine) -> None:
    seoul = dt.timezone(9 * HOUR)
    person, group = _group(database)
    _book(database, person, group, dt.datetime(2026, 3, 2, 19, 30, 0, 250, tzinfo=seoul))
    with reading(database) as db:
        found = db.scalars(select(Session)).one().starts_at
    assert found == dt.datetime(2026, 3, 2, 10, 30, 0, 250, tzinfo=dt.UTC)
    assert found.tzinfo is dt.UTC


def test_an_instant_without_a_zone_is_refused(database: Engine) -> None:
    with pytest.raises(Exception, match="has no zone"), transaction(database) as db:
        db.execute(select(Session).where(Session.starts_at == dt.datetime(2026, 3, 2))).all()  # noqa: DTZ001  that is what is refused


@pytest.mark.parametrize(
    ("shift", "refused"),
    [
        pytest.param(0 * HOUR, True, id="the same time"),
        pytest.param(0.5 * HOUR, True, id="half of it later"),
        pytest.param(-0.5 * HOUR, True, id="half of it earlier"),
        pytest.param(HOUR, False, id="right after"),
        pytest.param(-HOUR, False, id="right before"),
    ],
)
@pytest.mark.parametrize("moved", [pytest.param(False, id="added"), pytest.param(True, id="moved there")])
def test_the_database_itself_refuses_two_sessions_of_a_person_at_once(
    database: Engine, shift: dt.timedelta, refused: bool, moved: bool
) -> None:
    person, group = _group(database)
    _book(database, person, group, MONDAY)

    def book() -> None:
        if not moved:
            _book(database, person, group, MONDAY + shift)
            return
        booked = _book(database, person, group, MONDAY + dt.timedelta(days=7))
        with transaction(database) as db:
            one = db.get_one(Booking, (booked, person))
            one.starts_at, one.ends_at = MONDAY + shift, MONDAY + shift + HOUR

    if refused:
        with pytest.raises(IntegrityError, match="booking_no_two_at_once"):
            book()
    else:
        book()
        with reading(database) as db:
            assert len(db.scalars(select(Booking)).all()) == 2


def test_two_people_may_meet_at_one_time(database: Engine) -> None:
    person, group = _group(database)
    _book(database, person, group, MONDAY)
    with transaction(database) as db:
        other = Person(organisation_id=db.get_one(Person, person).organisation_id, came_as=Role.MENTEE, key="s-1")
        db.add(other)
        db.flush()
        db.add(Booking(session_id=db.scalars(select(Session.id)).one(), person_id=other.id, starts_at=MONDAY, ends_at=MONDAY + HOUR))
    with reading(database) as db:
        assert len(db.scalars(select(Booking)).all()) == 2


def test_of_fifty_who_book_one_time_at_once_one_wins(database: Engine) -> None:
    person, group = _group(database)
    start, won, lost = threading.Barrier(50), [], []

    def try_it(n: int) -> None:
        start.wait()
        try:
            won.append(_book(database, person, group, MONDAY + dt.timedelta(minutes=n)))
        except IntegrityError:
            lost.append(n)

    threads = [threading.Thread(target=try_it, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 49)
    with reading(database) as db:
        assert [one.session_id for one in db.scalars(select(Booking))] == won


def _group(database: Engine) -> tuple[UUID, Group]:
    """A group of a term, and its mentor's person."""
    with transaction(database) as db:
        organisation = Organisation(id=new_id(), key="city")
        program = Program(id=new_id(), organisation_id=organisation.id, key="run")
        term = Term(id=new_id(), program_id=program.id, key="spring", zone="Asia/Seoul", first_on=dt.date(2026, 3, 2))
        person = Person(id=new_id(), organisation_id=organisation.id, came_as=Role.MENTOR, key="m-1")
        mentor = Mentor(id=new_id(), term_id=term.id, person_id=person.id, key="m-1", subjects="math:7", availability="Mon 18:00-21:00")
        group = Group(id=new_id(), term_id=term.id, key="g-1", mentor_id=mentor.id, subject="math", from_on=term.first_on)
        for row in (organisation, program, term, person, mentor, group):
            db.add(row)
            db.flush()
    return person.id, group


def _book(database: Engine, person: UUID, group: Group, starts_at: dt.datetime) -> UUID:
    """A new session of the group in which the person takes part."""
    with transaction(database) as db:
        series = Series(id=new_id(), group_id=group.id, meetings=[1140], session_minutes=60, from_on=group.from_on)
        db.add(series)
        db.flush()
        session = Session(
            id=new_id(),
            series_id=series.id,
            group_id=group.id,
            original_start=starts_at,
            starts_at=starts_at,
            ends_at=starts_at + HOUR,
            mentor_id=group.mentor_id,
            changed_at=starts_at,
        )
        db.add(session)
        db.flush()
        db.add(Booking(session_id=session.id, person_id=person, starts_at=starts_at, ends_at=starts_at + HOUR))
    return session.id


def test_an_error_tells_no_values_which_may_be_of_people(database: Engine) -> None:
    def twice() -> None:
        with transaction(database) as db:
            db.execute(insert(Organisation), [{"id": new_id(), "key": "city", "name": "Name of somebody"} for _ in range(2)])

    with pytest.raises(IntegrityError) as refused:
        twice()
    assert "Name of somebody" not in str(refused.value)
