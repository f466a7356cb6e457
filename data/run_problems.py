"""What can be wrong with rounds and their runs: a class for each cause."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from data.rounds import RunState


class RunError(Exception):
    """The root of what can be wrong with a wish about rounds and runs."""


@dataclass(eq=False)
class StillOpen(RunError):
    """A round of the term is open, which is to be closed first."""

    number: int

    def __str__(self) -> str:
        return f"round {self.number} is still open; close it first"


@dataclass(eq=False)
class NothingOpen(RunError):
    """No round of the term is open."""

    term: str

    def __str__(self) -> str:
        return f"no round of {self.term} is open; open one first"


@dataclass(eq=False)
class NotOpen(RunError):
    """This round of the term is not open."""

    number: int

    def __str__(self) -> str:
        return f"round {self.number} is closed already; close the one that is open, or open another"


@dataclass(eq=False)
class NoRound(RunError):
    """The term has no round at all."""

    term: str

    def __str__(self) -> str:
        return f"{self.term} has no round; open one, and close it when everybody is in"


@dataclass(eq=False)
class TooSoon(RunError):
    """Groups cannot meet from a day on that has begun."""

    on: dt.date
    soonest: dt.date

    def __str__(self) -> str:
        return f"{self.on}: is too soon; write {self.soonest} or a later day"


@dataclass(eq=False)
class NobodyMay(RunError):
    """Of all who ask, none may be in a round: their guardians have not consented."""

    term: str
    count: int

    def __str__(self) -> str:
        return f"{self.term}: of all {self.count:,} mentees who ask, no guardian's consent is in force; `dure consent give` notes one"


@dataclass(eq=False)
class ConsentGone(RunError):
    """A round asks for mentees whose guardians' consent is in force no more."""

    number: int
    mentees: tuple[str, ...]

    def __str__(self) -> str:
        named = ", ".join(self.mentees[:5]) + (", …" if len(self.mentees) > 5 else "")
        return f"round {self.number} is of {named} too, whose guardians' consent is in force no more; open another round and close it"


@dataclass(eq=False)
class NobodyAsks(RunError):
    """No mentee of the term asks for anything."""

    term: str

    def __str__(self) -> str:
        return f"no mentee of {self.term} asks for anything; import its people first"


@dataclass(eq=False)
class NoRun(RunError):
    """The term has no such run."""

    name: str

    def __str__(self) -> str:
        return f"there is no run {self.name}; `dure round list` shows those of a term"


@dataclass(eq=False)
class BadRunName(RunError):
    """No run can be called so."""

    name: str

    def __str__(self) -> str:
        return f"{self.name!r} is no name of a run; write TERM:ROUND.RUN, such as tutoring/2026-spring:1.2"


@dataclass(eq=False)
class NoLongerKept(RunError):
    """What a round asks is kept no more."""

    number: int

    def __str__(self) -> str:
        return f"what round {self.number} asks is no longer kept, as long ago as it was closed; open another one"


@dataclass(eq=False)
class OtherTerm(RunError):
    """A run is to repair one of another term."""

    name: str
    term: str

    def __str__(self) -> str:
        return f"run {self.name} is of another term than {self.term}; name one of this term"


@dataclass(eq=False)
class HasEnded(RunError):
    """The run has ended, and cannot be stopped."""

    name: str

    def __str__(self) -> str:
        return f"run {self.name} has ended already"


@dataclass(eq=False)
class NoResult(RunError):
    """The run has no result: it has not ended yet, or failed, or it was so long ago that its result is kept no more."""

    name: str
    state: RunState
    problem: str = ""

    def __str__(self) -> str:
        waits = {
            RunState.QUEUED: "it waits for a worker; ask again when it is done",
            RunState.DONE: "as long ago as it was solved, it is no longer kept; open another round",
        }
        failed = f"{self.problem}; start another run" if self.problem else ""
        why = failed or waits.get(self.state, "it is still being solved; ask again when it is done")
        return f"run {self.name} has no result: {why}"


@dataclass(eq=False)
class NotPublished(RunError):
    """No run of a round is published, or each has been taken back."""

    name: str

    def __str__(self) -> str:
        return f"round {self.name} has no groups: no run of it is published; publish one first"


@dataclass(eq=False)
class BadRoundName(RunError):
    """No round is called so."""

    name: str

    def __str__(self) -> str:
        return f"{self.name!r} is no name of a round; write TERM:ROUND, such as tutoring/2026-spring:1"


@dataclass(eq=False)
class NoSuchRound(RunError):
    """A term has no round of this number."""

    name: str

    def __str__(self) -> str:
        return f"there is no round {self.name}; `dure round list` shows those of a term"
