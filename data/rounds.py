"""Rounds and their runs: what was asked, frozen; who solves it; what came out.

A round is one of a term, or one that a platform has solved without keeping it here: a *match*.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column

from data.base import Base, Document, new_id
from data.programs import Term


class RoundState(StrEnum):
    """How far a round has come."""

    OPEN = "open"
    CLOSED = "closed"


class RunState(StrEnum):
    """How far a run has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Round(Base):
    """One matching exercise, of a term but where it is a match's; `inputs` are its files of ROUND.md as one ZIP, frozen when it closes.

    `left_out` are the ids of the mentees who are not in it for want of a guardian's consent.
    """

    __tablename__ = "round"
    __table_args__ = (UniqueConstraint("term_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    term_id: Mapped[UUID | None] = mapped_column(ForeignKey(Term.id))
    number: Mapped[int]
    state: Mapped[RoundState] = mapped_column(default=RoundState.OPEN)
    opened_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    left_out: Mapped[list[Any] | None] = mapped_column(JSON)
    inputs: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))


class Run(Base):
    """One solving of a round, by the worker that holds its lease; `result` is the result's folder of ROUND.md as one ZIP.

    A run with a `previous` one repairs what that published. `history` is a list of [seconds, score, bound]; `claims` counts the workers
    that have begun with it.
    """

    __tablename__ = "run"
    __table_args__ = (UniqueConstraint("round_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    round_id: Mapped[UUID] = mapped_column(ForeignKey(Round.id))
    number: Mapped[int]
    previous_id: Mapped[UUID | None] = mapped_column(ForeignKey("run.id"))
    state: Mapped[RunState] = mapped_column(default=RunState.QUEUED, index=True)
    seed: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[float | None]
    effort: Mapped[float | None]
    explain_seconds: Mapped[float | None]
    workers: Mapped[int] = mapped_column(default=2)
    solver: Mapped[str] = mapped_column(default="")
    queued_at: Mapped[dt.datetime]
    started_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    leased_by: Mapped[str] = mapped_column(default="")
    leased_until: Mapped[dt.datetime | None]
    claims: Mapped[int] = mapped_column(default=0)
    stop_asked: Mapped[bool] = mapped_column(default=False)
    placed: Mapped[int | None]
    score: Mapped[int | None] = mapped_column(BigInteger)
    bound: Mapped[int | None] = mapped_column(BigInteger)
    ended_by: Mapped[str] = mapped_column(default="")
    problem: Mapped[str] = mapped_column(default="")
    history: Mapped[list[Any]] = mapped_column(JSON, default=list)
    result: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    published_at: Mapped[dt.datetime | None]
    undone_at: Mapped[dt.datetime | None]
    undo: Mapped[Document | None] = deferred(mapped_column(JSON))


class Match(Base):
    """A round without a term, solved for whoever asked: `owner` is what the audit calls them. Its key is its only run's."""

    __tablename__ = "match"

    id: Mapped[UUID] = mapped_column(ForeignKey(Run.id), primary_key=True)
    owner: Mapped[str] = mapped_column(index=True)
    asked_at: Mapped[dt.datetime]
    fetched_at: Mapped[dt.datetime | None]
