"""Notes that a command read or wrote out minors' data: whose, and what, as the API does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from api.edge import BY, now

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as DbSession

    from data.programs import Term
    from data.rounds import Run


def note_read(db: DbSession, term: Term, mentees: Iterable[str], what: str) -> None:
    """Writes down whose data a command read, by the keys of mentees of a term; where it read nobody's, nothing."""
    from data.audit import write_down
    from data.terms import term_name

    read = sorted(mentees)
    if read:
        whom = f"mentee {read[0]}" if len(read) == 1 else f"term {term_name(db, term)}"
        write_down(db, at=now(), by=BY, what=what, whom=whom, term=term.id, details={"mentees": read})


def note_run_read(db: DbSession, run: Run, held: bytes, what: str) -> None:
    """Writes down that a command read of a run's result, which comes as the ZIP of its folder, and of which mentees it tells."""
    from api.compare_shown import read_held
    from data.audit import write_down
    from data.rounds import Round
    from data.runs import number_of

    term = db.get_one(Round, run.round_id).term_id
    details = {"what": what, "mentees": sorted(read_held(held).mentees)}
    write_down(db, at=now(), by=BY, what="read", whom=f"run {number_of(db, run)}", term=term, details=details)
