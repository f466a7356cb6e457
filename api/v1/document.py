"""The document of the API (OpenAPI 3.1): made from its operations, so that whatever is added is told in it.

What a tag is about is the first sentence of the module of its operations; an answer that shows a thing links to the operations that take
its id.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api.access import COOKIE
from api.problems import MEDIA, ProblemBody
from api.v1.asked import FIELDS, PART
from api.v1.door import ROOT
from api.v1.examples import add_examples
from api.v1.people_fields import MenteeLine, MentorLine
from api.v1.progress import ProgressOut
from api.v1.round_json import MatchIn
from data.access import Right

DESCRIPTION = """\
Everything that the service can do, for a tutoring platform's programs.

Take a token with `POST /v1/tokens` and send it with each request. Whatever has an `external_id` is known by that too: write `ext:` and
that key wherever an id is asked for; what you `PUT` under such a key is made, or replaced. What the service makes for itself, such as
deliveries, events, secrets, roles and API clients, has an id only. Send an `Idempotency-Key` with each request that changes something, and
repeat it as often as you like: it has one effect. What was refused had none, and is looked at anew. Where nobody is signed in yet
(`/v1/tokens`, `/v1/auth`) no key is taken: what is answered there is a secret of the moment. Say in `Audit-Reason` why, where the body has
no place for it. Lists come a page at a time; go on with the address in `next`. Whatever is read comes with only those `fields` that are
asked for, where any are. Send the `ETag` of what was read as `If-Match` when you change it, so that nobody else's change is lost.
What is not known, in a body or after the question mark, is refused. What is wrong is told as a problem (RFC 9457) whose `type` stays the
same and leads to a page that says what it means.
"""

UNTOLD = (ProblemBody, MatchIn, MenteeLine, MentorLine, ProgressOut)
"""Models that no operation declares, but which it reads or writes by itself."""

FIELDS_TOLD = "Only these fields, with commas between them; of a list, of each thing on it."
ACTIONS = {
    *("cancel", "close", "end", "join", "leave", "make-up", "move", "publish", "replay", "restore", "stay", "stop", "substitute", "test"),
    *("times", "undo"),
}
"""The last words of addresses at which something is done to the thing that the rest names."""
IF_MATCH_TOLD = "The `ETag` of the state that is to be changed; where that is another, nothing is done, and the answer is 412."

_PART = {"type": "object", "description": "Those fields of a thing that were asked for.", "additionalProperties": {}}
PARTS = {
    "Part": {"title": "Part", **_PART},
    "PartPage": {
        "title": "PartPage",
        "type": "object",
        "description": "Some things of a list, with the fields that were asked for, and where the others are.",
        "properties": {
            "items": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
            "next": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["items", "next"],
    },
}
"""Answers that hold only some fields."""

METHODS = ("get", "put", "post", "delete", "patch")
OF_THE_SHOWN = {"application/json"}

Json = dict[str, Any]


def add_document(app: FastAPI) -> None:
    """Has the app make its document when it is first asked for."""

    def document() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign] # the framework's own way


def operations_of(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Json]]:
    """Each operation of a document with its method and its path."""
    for path, of in document["paths"].items():
        for method in METHODS:
            if method in of:
                yield method, path, of[method]


def _document(app: FastAPI) -> Json:
    made = get_openapi(title=app.title, version="1", description=DESCRIPTION, servers=[{"url": "/"}], tags=_tags(app), routes=app.routes)
    parts = made.setdefault("components", {})
    for model in UNTOLD:
        told = model.model_json_schema(ref_template="#/components/schemas/{model}")
        parts.setdefault("schemas", {}).update(told.pop("$defs", {}), **{model.__name__: told})
    scopes = {right.value: right.name.replace("_", " ").lower() for right in Right}
    parts.setdefault("securitySchemes", {}).update(
        client={"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": f"{ROOT}/tokens", "scopes": scopes}}},
        visit={"type": "apiKey", "in": "cookie", "name": COOKIE},
    )
    for name in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(name, None)
    parts["schemas"].update(PARTS)
    operations = list(operations_of(made))
    for method, path, operation in operations:
        _add_problems(operation)
        _add_fields(method, path, operation, parts["schemas"])
        _add_headers(method, operation)
    _add_links(operations)
    add_examples([operation for _, _, operation in operations], parts["schemas"])
    return made


def _tags(app: FastAPI) -> list[Json]:
    """What each tag is about."""
    about: dict[str, str] = {}
    for route in app.routes:
        if isinstance(route, APIRoute):
            for tag in route.tags:
                about.setdefault(str(tag), _purpose(route))
    return [{"name": name, "description": text} for name, text in about.items()]


def _purpose(route: APIRoute) -> str:
    """The first sentence of the module in which an operation is."""
    return (sys.modules[route.endpoint.__module__].__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def _add_problems(operation: Json) -> None:
    """Says what is answered where the framework would answer in its own words."""
    problem = {"content": {MEDIA: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}}
    operation["responses"]["422"] = {"description": "What was sent is not what this takes.", **problem}
    if "requestBody" in operation:
        operation["responses"].setdefault("408", {"description": "The body comes too slowly.", **problem})
        operation["responses"].setdefault("413", {"description": "The body is too large.", **problem})
    operation["responses"].setdefault("503", {"description": "The database does not answer.", **problem})


def _add_fields(method: str, path: str, operation: Json, schemas: Json) -> None:
    """Says of which fields an answer may be asked to be, and what it is then; of what changes something, which state may be asked for."""
    if "security" not in operation:
        return
    parameters = operation.setdefault("parameters", [])
    shown = _shown(operation["responses"].get("200", {}))
    if method == "get" and shown:
        listed = re.fullmatch(r"Page_(\w+)_", shown)
        thing = listed[1] if listed else shown
        name = f"{thing}Field"
        schemas[name] = {"type": "string", "enum": list(schemas[thing]["properties"]), "title": name}
        array = {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}, "minItems": 1}
        parameters.append(
            {
                "name": FIELDS,
                "in": "query",
                "required": False,
                "style": "form",
                "explode": False,
                "schema": array,
                "description": FIELDS_TOLD,
            }
        )
        part = {"$ref": f"#/components/schemas/{'PartPage' if listed else 'Part'}"}
        operation["responses"]["200"]["content"][PART] = {"schema": part}
    elif method in {"put", "patch", "delete"} or (method == "post" and path.rpartition("/")[2] in ACTIONS):
        header = {"name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"}, "description": IF_MATCH_TOLD}
        parameters.append(header)


def _add_headers(method: str, operation: Json) -> None:
    """Says which header fields come with an answer, and which may be sent."""
    if "security" not in operation:
        return
    for status, answer in operation["responses"].items():
        if status.startswith("2") or status == "304":
            answer["headers"] = {**_fields(method, status, answer), **answer.get("headers", {})}
        elif status in {"409", "429", "503"}:
            answer["headers"] = {"Retry-After": _field("After so many seconds it may be tried again.", {"type": "integer", "minimum": 0})}


def _fields(method: str, status: str, answer: Json) -> Json:
    text = {"type": "string"}
    fields = {
        "RateLimit": _field("How many requests are left, and for how many seconds.", text),
        "RateLimit-Policy": _field("How many requests may be made, and within how many seconds.", text),
    }
    if method == "get" and OF_THE_SHOWN & set(answer.get("content", {})):
        fields["ETag"] = _field("What this is the state of; send it as If-None-Match or If-Match.", text)
        if _shown(answer).startswith("Page_"):
            fields["Link"] = _field('The next page, as `rel="next"`.', text)
    if status == "201":
        fields["Location"] = _field("Where it is.", text)
    if status == "202":
        fields["Location"] = _field("Where to look, where something was begun.", text)
    return fields


def _field(description: str, schema: Json) -> Json:
    return {"description": description, "schema": schema}


def _add_links(operations: list[tuple[str, str, Json]]) -> None:
    """Links each answer that shows a thing to the operations that take its id."""
    takers = [(path, operation["operationId"], re.findall(r"{(\w+)}", path)) for _, path, operation in operations]
    for method, path, operation in operations:
        for status, answer in operation["responses"].items():
            word, place = _thing(_shown(answer))
            if status.startswith("2") and word and (method != "get" or place):
                links = {
                    taker: {"operationId": taker, "parameters": {word: f"$response.body#{place}/id"}}
                    for taken, taker, names in takers
                    if names == [word] and taken != path
                }
                if links:
                    answer["links"] = links


def _shown(answer: Json) -> str:
    """The name of the model of an answer."""
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _thing(model: str) -> tuple[str, str]:
    """What a model shows, as the addresses call it, and where in the answer the first of it is: `("group", "/items/0")`."""
    listed = re.fullmatch(r"Page_(\w+)_", model)
    found = re.fullmatch(r"(\w+)Out", listed[1] if listed else model)
    word = re.sub(r"(?<!^)(?=[A-Z])", "_", found[1]).lower() if found else ""
    return word, "/items/0" if listed else ""
