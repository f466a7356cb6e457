"""Real processes of the command on the database of a test, and when to kill them."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Engine, text

from data.database import reading
from tests.command import COMMAND


class Stage(StrEnum):
    """How far a command was when it was killed."""

    WRITING = "while they wrote"
    AFTER = "after that"


def environment(database: Engine, **more: str) -> Mapping[str, str]:
    """What a command is told of a database."""
    address = database.url.render_as_string(hide_password=False)
    return {**os.environ, **more, "DURE_DATABASE_URL": address, "PYTHONPATH": str(Path(__file__).parents[2])}


@contextmanager
def begun(database: Engine, *words: str | Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    """A command that is under way, gone at the end of the block."""
    process = subprocess.Popen(
        [COMMAND, *words], env=environment(database, **more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(holds: Callable[[], object], seconds: float = 120, pause: float = 0.02) -> float:
    """The seconds that it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, f"it has not come in {seconds:.0f} s"
        time.sleep(pause)
    return time.monotonic() - began


def is_writing(database: Engine) -> bool:
    """Whether somebody else is in the middle of a transaction that changes the database."""
    if database.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(database.url.database), timeout=0, isolation_level=None)) as probe:
            try:
                probe.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            probe.execute("ROLLBACK")
            return False
    with reading(database) as db:
        others = "datname = current_database() AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL"
        return bool(db.scalar(text(f"SELECT count(*) FROM pg_stat_activity WHERE {others}")))  # noqa: S608  it is all ours


def seconds_of_writing(database: Engine, *words: str | Path) -> float:
    """How long a command that nobody kills takes from when it is first seen to write until it is last seen to."""
    seen = list[float]()
    with begun(database, *words) as process:
        while process.poll() is None:
            if is_writing(database):
                seen.append(time.monotonic())
            time.sleep(0.002)
        _, complained = process.communicate()
        assert process.returncode == 0, complained
    return seen[-1] - seen[0]


def spread(kills: int, chance: random.Random) -> Sequence[float]:
    """Shares of the time that something takes, one in each of as many equal parts of it, in no order."""
    shares = [(part + chance.random()) / kills for part in range(kills)]
    chance.shuffle(shares)
    return shares


def killed(database: Engine, *words: str | Path, after: float) -> tuple[Stage, bool]:
    """Kills a command so many seconds after it began to write: before that, it has nothing that it could leave half done.

    How far it was then, and whether it had said that it is done.
    """
    with begun(database, *words) as process:
        wait_until(lambda: is_writing(database) or process.poll() is not None, pause=0.002)
        time.sleep(after)
        stage = Stage.WRITING if is_writing(database) else Stage.AFTER
        process.kill()
        said, complained = process.communicate()
        assert process.returncode in {0, -signal.SIGKILL}, complained
    wait_until(lambda: not is_writing(database), pause=0.01)  # a server of PostgreSQL sees some time later that a client is gone
    return stage, bool(said)
