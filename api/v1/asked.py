"""What of a request counts for every operation alike: query parameters that it knows, and the fields of the answer that it asks for."""

from __future__ import annotations

import inspect
import json
from collections.abc import Collection, Sequence
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from api.problems import Flaw, Problem
from data.wording import nearest

FIELDS = "fields"
PART = "application/vnd.dure.part+json"
"""The type of an answer that holds only those fields of what there is that were asked for."""


class BadRequest(Problem):
    """What is said after the question mark, or sent, is not what the operation takes."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__(422, "bad-request", "what was sent is not what this takes", "see the errors", errors=flaws)


class WrongMedia(Problem):
    """What is sent is of a type that the operation does not take, or says nothing of it."""

    def __init__(self, media: str, takes: Sequence[str]) -> None:
        mend = f"send {' or '.join(takes)}, and say so in Content-Type"
        super().__init__(415, "media-type", f"{media or 'a body without a type'} is not taken", mend)


def media_of(request: Request) -> str:
    """The type that a request says its body has; empty where it says none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def queries_of(dependant: Dependant) -> set[str]:
    """The names of all that an operation takes after the question mark, also of those that a model of it holds."""
    names: set[str] = set()
    for one in dependant.query_params:
        kind: object = one.field_info.annotation
        if inspect.isclass(kind) and issubclass(kind, BaseModel):
            names |= {field.alias or name for name, field in kind.model_fields.items()}
        else:
            names.add(one.alias)
    return names


def refuse_unknown(request: Request, known: Collection[str]) -> None:
    """Does nothing where a request says only what its operation knows after the question mark.

    Raises
    ------
    BadRequest
        There is something else: 422, with what is nearest.
    """
    _refuse([name for name in dict.fromkeys(request.query_params) if name not in known], known, "query:{}", "is no query parameter of this")


def refuse_body(body: bytes) -> None:
    """Does nothing where a request to an operation that takes no body sends none, or one that says nothing.

    Raises
    ------
    BadRequest
        It says something: 422.
    """
    if body.strip() not in {b"", b"{}"}:
        raise BadRequest([Flaw(pointer="", detail="this takes no body", mend="send none")])


def refuse_media(request: Request, takes: Sequence[str]) -> None:
    """Does nothing where a body is of a type that is taken.

    Raises
    ------
    WrongMedia
        It is of another, or of none.
    """
    if media_of(request) not in takes:
        raise WrongMedia(media_of(request), takes)


def fields_asked(request: Request, answers: type | None) -> Sequence[str]:
    """The fields that a request asks for of what an operation answers, of each thing on the page where that is a list; none where it says
    nothing, and wants all.

    Raises
    ------
    BadRequest
        Some are none: 422, with what is nearest.
    """
    if FIELDS not in request.query_params or answers is None:
        return ()
    wanted = list(dict.fromkeys(name.strip() for text in request.query_params.getlist(FIELDS) for name in text.split(",")))
    known = thing_in(answers).model_fields
    _refuse([name for name in wanted if name not in known], known, f"query:{FIELDS}", "{!r} is no field of this")
    return wanted


def thing_in(answers: type[BaseModel]) -> type[BaseModel]:
    """The model of what an answer is about: of a page, that of the things on it."""
    listed: tuple[type[BaseModel], ...] = answers.__pydantic_generic_metadata__["args"]
    return listed[0] if listed else answers


def part_of(body: bytes, fields: Sequence[str], answers: type[BaseModel]) -> bytes:
    """An answer with only these fields, of each thing on the page where it is one."""
    whole = json.loads(body)
    if thing_in(answers) is answers:
        return _written(_part(whole, fields))
    return _written({**whole, "items": [_part(item, fields) for item in whole["items"]]})


def _part(thing: dict[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    return {name: thing[name] for name in fields}


def _written(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _refuse(unknown: Sequence[str], known: Collection[str], pointer: str, detail: str) -> None:
    if not unknown:
        return
    raise BadRequest([Flaw(pointer=pointer.format(name), detail=detail.format(name), mend=nearest(name, known)) for name in unknown])
