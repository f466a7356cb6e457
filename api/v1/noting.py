"""Notes whose data was read: minors' are, each time, with who asked, from where, and what for."""

from __future__ import annotations

from collections.abc import Iterable

from api.v1.door import Call
from data.audit import write_down
from data.programs import Term
from data.terms import term_name


def note_reading(call: Call, term: Term, keys: Iterable[str], what: str = "mentees read") -> None:
    """Writes down whose data a request read: those of mentees of a term, by their keys; where it read nobody's, nothing."""
    read = sorted(keys)
    if read:
        whom = f"mentee {read[0]}" if len(read) == 1 else f"term {term_name(call.db, term)}"
        details = {"mentees": read, "path": call.request.url.path}
        write_down(call.db, at=call.now, by=call.by, what=what, whom=whom, term=term.id, details=details)
