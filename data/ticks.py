"""When something that repeats last did so: how others see that the ticker is alive."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Mapped, Session as DbSession, mapped_column

from data.base import Base


class Tick(Base):
    """The last time of what repeats, by its name."""

    __tablename__ = "tick"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]


def tick(db: DbSession, name: str, now: dt.datetime) -> None:
    """Notes that it has just happened."""
    db.merge(Tick(name=name, at=now))


def last_tick(db: DbSession, name: str) -> dt.datetime | None:
    """When it last happened; None where it never did. A clock that was set back leaves it in the future until the next one."""
    found = db.get(Tick, name)
    return found.at if found else None
