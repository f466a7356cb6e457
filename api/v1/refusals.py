"""What any operation may answer beside what it is for, as the document tells it."""

from __future__ import annotations

from typing import Any

from api.problems import MEDIA

PROBLEM: dict[str, Any] = {"content": {MEDIA: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}}
"""How the document shows an answer that says what is wrong."""


def responses_of(method: str) -> dict[int | str, dict[str, Any]]:
    """What else may be answered, for the documentation."""
    told = {
        400: "The body is no JSON.",
        401: "Who asks is not known.",
        403: "They have no such right.",
        404: "There is no such thing, or it is not theirs to see.",
        409: "It cannot be as things stand.",
        422: "What was sent is not what this takes.",
        429: "Too many requests.",
        503: "The database does not answer.",
    }
    if method not in {"GET", "HEAD"}:
        told |= {
            408: "The body comes too slowly.",
            412: "It has changed since.",
            413: "The body is too large.",
            415: "The body is of a type that is not taken.",
        }
    elif method == "GET":
        told[304] = "It has not changed."
    return {
        status: {
            "description": text,
            **({} if status == 304 else PROBLEM),
        }
        for status, text in told.items()
    }
