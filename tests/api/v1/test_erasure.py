"""Who is erased is named nowhere any more, not in a single byte; what is counted stays right."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unicodedata import normalize

from icalendar import Calendar
from sqlalchemy import Engine, Select, func, literal_column, select, text

from api.app import create_app
from data.archive import unpack
from data.audit import Deed, write_down
from data.database import reading, transaction
from data.events import Event
from data.groups import Group, Membership
from data.people import Mentee, Mentor, Person
from data.rounds import Round, Run
from data.runs import inputs_of, result_of
from data.sessions import Attendance, Session
from data.tables import METADATA
from matching.check import check_result
from matching.resultfiles import read_result
from matching.tables import read_round
from scheduler.erasure import erase_person
from scheduler.jobs import wipe_erased
from tests.api.web import Web
from tests.named import LATER, MENTEE, MENTOR, Somebody, named_everywhere
from tests.terms import demo_term

BOTH = (MENTEE, MENTOR)
EVERYWHERE = {
    *("person.key", "person.name", "person.email", "round.inputs", "run.result", "session.note", "session.topic", "task.text"),
    *("deed.whom", "deed.details", "event.data", "message.address", "message.problem", "subscription.rendered", "account.email"),
    *("mailed_link.email", "mentee.left_why", "visit.agent"),
}
"""Where they are named before, besides other places."""


def unpacked(held: bytes) -> Iterator[bytes]:
    """A blob, and what it is a compressed form of."""
    yield held
    if held[:2] == b"\x1f\x8b":
        yield gzip.decompress(held)
    if held[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(held)) as archive:
            for name in archive.namelist():
                yield from (name.encode(), archive.read(name))


def kept(database: Engine) -> Iterator[tuple[str, bytes]]:
    """All values in the database, as bytes, unpacked, with the names of their columns."""
    with database.connect() as connection:
        for table in METADATA.sorted_tables:
            for column in table.columns:
                cell = f'"{column.name}"' if column.type.python_type is bytes else f'CAST("{column.name}" AS TEXT)'
                there: Select[Any] = select(literal_column(cell)).select_from(table).where(column.is_not(None))
                for (value,) in connection.execute(there):
                    held = value.encode() if isinstance(value, str) else bytes(value)
                    yield from ((f"{table.name}.{column.name}", part) for part in unpacked(held))


def files(database: Engine) -> dict[str, bytes]:
    """All that the database has on its disk, but for a server's log of writes."""
    if database.dialect.name == "sqlite":
        return {path.name: path.read_bytes() for path in sorted(Path(str(database.url.database)).parent.iterdir()) if path.is_file()}
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        folder = Path(connection.execute(text("SHOW data_directory")).scalar_one())
        number = connection.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar_one()
        base = folder / "base" / str(number)
    return {path.name: path.read_bytes() for path in sorted(base.iterdir()) if path.is_file()}


def found(database: Engine, who: Somebody) -> Counter[str]:
    """Where they are named, and how often: in which files, and in values."""
    forms = {form.lower() for form in who.forms()}
    return Counter(place for place, held in [*files(database).items(), *kept(database)] for form in forms if form in held.lower())


def blobs_that_name(database: Engine, who: Somebody) -> list[bytes]:
    """Pieces of compressed blobs that name somebody, by which these are known on the disk."""
    with reading(database) as db:
        held = [*db.scalars(select(Round.inputs)), *db.scalars(select(Run.result))]
    naming = [one for one in held if one and any(form in part for part in unpacked(one) for form in who.forms())]
    return [one[len(one) // 2 :][:48] for one in naming]


def totals(database: Engine) -> dict[str, object]:
    """What a program counts."""
    held = select(Session.state, func.count(), func.coalesce(func.sum(Session.minutes_held), 0))
    with reading(database) as db:
        return {
            "sessions": sorted(db.execute(held.where(Session.starts_at < LATER).group_by(Session.state)).all()),
            "attendance": sorted(db.execute(select(Attendance.presence, func.count()).group_by(Attendance.presence)).all()),
            "mentees": sorted(db.execute(select(Mentee.region, Mentee.grade, func.count()).group_by(Mentee.region, Mentee.grade)).all()),
            "mentors": sorted(db.execute(select(Mentor.home_region, func.count()).group_by(Mentor.home_region)).all()),
            "groups": sorted(db.execute(select(Group.key, Group.subject)).all()),
            "members": sorted(db.execute(select(Group.key, func.count()).join(Membership).group_by(Group.key)).all()),
            "runs": db.execute(select(Run.placed, Run.score, Run.bound)).all(),
        }


def erase(database: Engine, who: Somebody) -> None:
    with transaction(database) as db:
        erase_person(db, db.scalars(select(Person).where(Person.key == who.key)).one(), by="test", now=LATER)


def refuse_a_result_that_is_wrong(database: Engine) -> None:
    """What came of a round still is a result of it, by every rule, and has the points that it had."""
    with reading(database) as db, TemporaryDirectory() as folder:
        asked, gave = inputs_of(db.scalars(select(Round)).one()), result_of(db, db.scalars(select(Run)).one())
        round, result = read_round(unpack(asked, Path(folder) / "round")), read_result(unpack(gave, Path(folder) / "result"))
        assert check_result(round, result).fine
        aliases = set(db.scalars(select(Person.key).where(Person.erased_at.is_not(None))))
        assert len(aliases & ({one.key for one in round.mentors} | {one.key for one in round.mentees})) == 2
        assert aliases & {member for group in result.groups for member in group.members}


def test_nobody_who_was_erased_is_named_in_any_byte_and_all_is_counted_as_before(database: Engine) -> None:
    _, feeds = named_everywhere(database)
    web = Web(create_app(database, lambda: LATER))
    for feed in feeds.values():
        assert web.ask(feed.path).status_code == 200
    before, pieces = totals(database), [piece for who in BOTH for piece in blobs_that_name(database, who)]
    assert len(pieces) >= 4
    assert {place for who in BOTH for place in found(database, who)} >= EVERYWHERE, "what is to be gone can be found"
    assert all(any(piece in held for held in files(database).values()) for piece in pieces)
    for who in BOTH:
        erase(database, who)
    left = {place for who in BOTH for place in found(database, who)}
    assert not left & {f"{table.name}.{column.name}" for table in METADATA.sorted_tables for column in table.columns}
    assert wipe_erased(database, lambda: LATER) == 2
    for who in BOTH:
        assert found(database, who) == Counter()
    assert not [name for name, held in files(database).items() for piece in pieces if piece in held]
    assert totals(database) == before
    refuse_a_result_that_is_wrong(database)
    assert wipe_erased(database, lambda: LATER) == 0
    answers = {name: web.ask(feed.path) for name, feed in feeds.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == {
        name: 410 if name in {"mentee", "mentor"} else 200 for name in feeds
    }
    for name, answer in answers.items():
        if answer.status_code == 200:
            assert Calendar.from_ical(answer.text).walk("VEVENT"), name
            assert not [form for who in BOTH for form in who.forms() if form in answer.content]
    for who in BOTH:
        assert found(database, who) == Counter(), "nor does a new rendering bring them back"


def test_a_name_goes_however_it_is_spelled(database: Engine) -> None:
    """Where others wrote it, of whom nobody would look for it: with accents composed or not, in small letters and large."""
    term, spelled = demo_term(database), "Élise Zzyx"
    with transaction(database) as db:
        person = db.scalars(select(Person).where(Person.key == "m-01")).one()
        person.name = spelled
        spellings = {normalize(form, word) for word in (spelled, spelled.lower(), spelled.upper(), "éLISE zZYX") for form in ("NFC", "NFD")}
        for number, one in enumerate(sorted(spellings)):
            said = f"because of {one}, who is ill"
            for column, reason in (("reason", said), ("details", "")):
                details = {"told": [said]} if column == "details" else {}
                write_down(db, at=LATER, by="test", what="moved", whom=f"session g-{number}", reason=reason, term=term.id, details=details)
    assert len(spellings) == 8
    with transaction(database) as db:
        erase_person(db, db.scalars(select(Person).where(Person.key == "m-01")).one(), by="test", now=LATER)
    with reading(database) as db:
        written = [text for deed in db.scalars(select(Deed)) for text in (deed.reason, json.dumps(deed.details, ensure_ascii=False))]
        written += [json.dumps(event.data, ensure_ascii=False) for event in db.scalars(select(Event))]
    assert [text for text in written if "zzyx" in text.casefold()] == []
    assert sum("because of , who is ill" in text for text in written) == 16


def test_what_somebody_still_reads_is_wiped_when_they_have_ended(database: Engine) -> None:
    """A reader who began after the erasure, and so sees no name, still has a server keep what was noted of the columns before."""
    named_everywhere(database)
    if database.dialect.name == "postgresql":
        with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    for who in BOTH:
        erase(database, who)
    with database.connect() as reader:
        assert reader.scalar(select(func.count()).select_from(Person))
        wiped = wipe_erased(database, lambda: LATER)
        assert wiped == 0 or not any(found(database, who) for who in BOTH)
    assert wiped + wipe_erased(database, lambda: LATER) == 2
    for who in BOTH:
        assert found(database, who) == Counter()
