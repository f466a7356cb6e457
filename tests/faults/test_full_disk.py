"""A disk that is full: what cannot be written is told in one line, nothing is half done, and all goes on once there is room."""

from __future__ import annotations

import datetime as dt
import resource
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import httpx
import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.engine import URL

from data.database import open_database, reading, transaction
from data.groups import Group
from data.sessions import Session
from data.ticks import last_tick
from matching.tables import write_round
from scheduler.changes import move
from scheduler.jobs import HEARTBEAT
from tests.bench.rounds import make_round
from tests.command import COMMAND
from tests.faults.processes import begun, environment, wait_until
from tests.faults.subscribers import polled, refuse_wrong, subscribers
from tests.faults.told import Told
from tests.scheduler.lessons import lessons, let_them_meet
from tests.serving import serving
from tests.sessions import dump
from tests.terms import demo_term

MEGABYTES = {"sqlite": 4, "postgresql": 48}
FULL = {"sqlite": "database or disk is full", "postgresql": "could not extend file"}
HOUR = dt.timedelta(hours=1)
BEAT_SECONDS = 10
"""So often a ticker says that it ticks."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A small disk."""

    folder: Path

    def fill(self) -> None:
        """Leaves no room on it."""
        with (self.folder / "filler").open("ab", buffering=0) as filler:
            for size in (65_536, 4_096, 1):
                try:
                    while True:
                        filler.write(b"x" * size)
                except OSError:  # there is no room for so much
                    continue

    def empty(self) -> None:
        """Gives the room back."""
        (self.folder / "filler").unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """A disk of so many megabytes at a folder, gone at the end; only root may make one."""
    folder.mkdir()
    mounted = subprocess.run(
        [_program("mount"), "-t", "tmpfs", "-o", f"size={megabytes}m", "dure", str(folder)],
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be made here: {mounted.stderr.strip()}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run([_program("umount"), "--lazy", str(folder)], check=True)


@pytest.fixture
def on_small_disk(database: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Engine, Disk]]:
    """A database of each kind on a small disk of its own."""
    kind = database.dialect.name
    database.dispose()
    with small_disk(tmp_path / "disk", MEGABYTES[kind]) as disk:
        if kind == "sqlite":
            moved = open_database(URL.create("sqlite", database=str(shutil.copy(str(database.url.database), disk.folder))))
            yield moved, disk
            moved.dispose()
        else:
            with _tablespace(request.getfixturevalue("postgres"), database, disk):
                yield database, disk


@contextmanager
def _tablespace(server: URL, database: Engine, disk: Disk) -> Iterator[None]:
    """Has PostgreSQL keep a database on a disk; both are gone at the end."""
    owner = Path(str(server.query["host"])).stat()
    shutil.chown(disk.folder, owner.st_uid, owner.st_gid)
    place = disk.folder / "tables"
    place.mkdir()
    shutil.chown(place, owner.st_uid, owner.st_gid)
    disk.folder.parent.chmod(0o711)
    engine = open_database(server)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE TABLESPACE small LOCATION '{place}'"))
        connection.execute(text(f"ALTER DATABASE {database.url.database} SET TABLESPACE small"))
        try:
            yield
        finally:
            database.dispose()
            connection.execute(text(f"DROP DATABASE {database.url.database} WITH (FORCE)"))
            connection.execute(text("DROP TABLESPACE small"))
    engine.dispose()


def test_an_import_onto_a_full_disk_is_refused_in_one_line_and_done_when_there_is_room(
    on_small_disk: tuple[Engine, Disk], tmp_path: Path, told: Told
) -> None:
    database, disk = on_small_disk
    demo_term(database)
    write_round(make_round("rural", 1, scale=0.4), tmp_path / "round")
    words = ("import", "2026-spring", tmp_path / "round", "--allow-removals", "--rows", "0")
    before = _dump(database)
    disk.fill()
    status, complained = _ended(database, *words)
    assert (status, complained.count("\n")) == (2, 1), complained
    file = f" {database.url.database}" if database.dialect.name == "sqlite" else ""
    assert complained.startswith(f"the database{file} cannot be used: ")
    assert FULL[database.dialect.name] in complained
    assert _dump(database) == before
    disk.empty()
    assert _ended(database, *words) == (0, "")
    assert _dump(database) != before
    told.tell(
        f"{database.dialect.name}: 1 import onto a full disk: refused ({complained.strip()}), nothing changed; done when there was room"
    )


MAY_GROW_TO = 64 * 1024
"""Less than an import writes, and than an empty database has."""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_that_may_grow_no_more_is_told_in_one_line(database: Engine, tmp_path: Path, told: Told) -> None:
    """What a quota or a limit of the process does, and so can be tried by everybody."""
    demo_term(database)
    write_round(make_round("rural", 1, scale=0.4), tmp_path / "round")
    before = _dump(database)
    words: list[str | Path] = [COMMAND, "import", "2026-spring", tmp_path / "round", "--allow-removals"]

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (MAY_GROW_TO, MAY_GROW_TO))

    ended = subprocess.run(words, env=environment(database), preexec_fn=limit, capture_output=True, check=False, encoding="utf-8")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert ended.stderr.startswith(f"the database {database.url.database} cannot be used: ")
    assert _dump(database) == before
    told.tell(f"sqlite: 1 import into a file that may grow no more: refused ({ended.stderr.strip()}), nothing changed")


@pytest.mark.long
def test_a_server_on_a_full_disk_serves_what_it_can_and_goes_on_when_there_is_room(
    on_small_disk: tuple[Engine, Disk], tmp_path: Path, told: Told
) -> None:
    database, disk = on_small_disk
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    sessions = lessons(database, [now + dt.timedelta(hours=50)] * 2)
    let_them_meet(database)
    with transaction(database) as db:  # the feed of one is too large for what room is left in pages of the database
        db.scalars(select(Group).where(Group.key == "g-000")).one().link = f"https://meet.example.org/{token_hex(10_000)}"
    people = subscribers(database, ["m-000", "m-001"])
    database.dispose()  # so that SQLite begins a new log, which needs room
    with serving(database, tmp_path) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        wait_until(lambda: _ticked(database) > now)
        wait_until(lambda: _produced(database) > len(sessions))
        assert polled(client, people) == Counter({200: 2})
        with transaction(database) as db:
            row = db.get_one(Session, sessions[0])
            move(db, row, row.starts_at + HOUR, by="office", now=now)
        disk.fill()
        full_at = dt.datetime.now(dt.UTC)
        assert [one.poll(client) for one in people] == [503, 304]
        time.sleep(BEAT_SECONDS + 2)
        assert [one.poll(client) for one in people] == [503, 304]
        assert client.get("/healthz").status_code == 200
        disk.empty()
        back = wait_until(lambda: [one.poll(client) for one in people] in ([200, 304], [304, 304]), 30)
        refuse_wrong(database, people)
        again = wait_until(lambda: _ticked(database) > full_at + dt.timedelta(seconds=1), 30)
        assert client.get("/readyz").status_code == 200
        assert server.process.poll() is None
        said = server.said.read_text()
        assert "Traceback" not in said
        assert "heartbeat: the database cannot be used: " in said or database.dialect.name != "sqlite"
    told.tell(
        f"{database.dialect.name}: a server on a full disk answered 503 where it had to write, and 304 else; with room again it was right "
        f"after {back:.1f} s and ticked after {again:.1f} s"
    )


def _program(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"there is no {name} here")


def _ended(database: Engine, *words: str | Path) -> tuple[int, str]:
    """The status of a command, and what it complains of."""
    with begun(database, *words) as process:
        _, complained = process.communicate()
        return process.returncode, complained


def _dump(database: Engine) -> object:
    with reading(database) as db:
        return dump(db)


def _ticked(database: Engine) -> dt.datetime:
    with reading(database) as db:
        return last_tick(db, HEARTBEAT) or dt.datetime.min.replace(tzinfo=dt.UTC)


def _produced(database: Engine) -> int:
    with reading(database) as db:
        return len(db.scalars(select(Session.id)).all())
