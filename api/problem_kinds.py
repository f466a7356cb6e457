"""The kinds of problems that the API answers with, each with what it means; their names stay.

Those of the packages below come from the table of statuses and from what their classes say of themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus

from api.problems import STATUS, name_of

KINDS_OF_THE_API = {
    "no-such-thing": (404, "There is no such thing, or whoever asks may not know of it."),
    "no-such-method": (405, "The address is there, but takes another method."),
    "not-json": (400, "The body is no JSON."),
    "bad-request": (422, "What was sent is not what the operation takes; the errors say where, and what would be right."),
    "no-webhooks": (409, "This service signs no webhooks."),
    "not-signed-in": (401, "Whoever asks has shown no token that holds."),
    "sign-in-failed": (401, "The address and the password do not belong together."),
    "second-factor": (401, "The account has a second factor beside its password."),
    "wrong-code": (401, "The code of the second factor is not good now."),
    "no-account": (409, "It is about an account, and an API client has none."),
    "other-site": (403, "A page of another site asks for it."),
    "also-elsewhere": (409, "Somebody is also in a program in which whoever asks may not do this."),
    "several": (409, "A key of your own means several things in several programs; write the id."),
    "changed-since": (412, "It has changed since it was read; read it again, and send its new ETag."),
    "media-type": (415, "The body is of a type that the operation does not take."),
    "bad-form": (422, "The form holds no file, or several; send one, in the field `file`."),
    "not-for-a-workbook": (409, "A cell holds characters that no workbook keeps; export a ZIP."),
    "too-large": (413, "The body is larger than is taken at once."),
    "too-slow": (408, "The body comes so slowly that nobody waits for it."),
    "too-many-lines": (422, "The call has more lines than one takes; send the rest in another."),
    "too-many-requests": (429, "These are more requests than a caller may make; wait for as long as Retry-After says."),
    "database-away": (503, "The database does not answer; try again in a moment."),
    "written-at-once": (503, "Others wrote the same at that moment; try again."),
    "refused": (400, "The request cannot be read as one."),
}
"""Of those that only the API knows of: the status, and what they mean."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem."""

    name: str
    status: HTTPStatus
    meaning: str

    @property
    def type(self) -> str:
        """As the answers name it."""
        return f"/problems/{self.name}"


@cache
def kinds() -> dict[str, Kind]:
    """All kinds by their names, ascending."""
    found = {name: Kind(name, HTTPStatus(status), meaning) for name, (status, meaning) in KINDS_OF_THE_API.items()}
    for error in _errors():
        status = next(STATUS[root] for root in error.__mro__ if root in STATUS)
        if status is not HTTPStatus.NOT_FOUND:
            meaning = (error.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
            found.setdefault(name_of(error), Kind(name_of(error), status, " ".join(meaning.split())))
    return dict(sorted(found.items()))


def _errors() -> Iterator[type[Exception]]:
    """The classes of the table, and all that are of these kinds."""
    waiting, seen = list(STATUS), set[type[Exception]]()
    while waiting:
        error = waiting.pop()
        if error not in seen:
            seen.add(error)
            waiting += error.__subclasses__()
            yield error
