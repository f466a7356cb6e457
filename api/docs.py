"""The documentation of the API as pages: `/docs`, drawn from the document itself, and `/problems/...` for each kind of problem.

The pages run no script, ask no other host for anything, and have a style of their own at `/docs.css`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.problem_kinds import KINDS_OF_THE_API, Kind, kinds
from api.problems import Problem
from api.v1.document import operations_of
from data.access import MAY, Reach, Right, Role

TEMPLATES = Path(__file__).parent / "templates"
POLICY = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """An operation, as the page shows it."""

    id: str
    method: str
    path: str
    told: Json
    roles: tuple[tuple[Role, Reach], ...]


def add_docs(app: FastAPI) -> None:
    """Adds the pages to an app that has a document."""
    drawn: list[str] = []

    def docs(_: Request) -> Response:
        if not drawn:
            drawn.append(docs_page(app.openapi()))
        return HTMLResponse(drawn[0], headers=HEADERS)

    def style(_: Request) -> Response:
        return Response((TEMPLATES / "docs.css").read_bytes(), media_type="text/css", headers=HEADERS)

    def problem(request: Request) -> Response:
        name = request.path_params["kind"]
        kind = kinds().get(name)
        if kind is None:
            raise Problem(404, "no-such-thing", f"there is no problem of the kind {name}", "look at /docs")
        return HTMLResponse(problem_page(kind), headers=HEADERS)

    app.add_route("/docs", docs)
    app.add_route("/docs.css", style)
    app.add_route("/problems/{kind}", problem)


def docs_page(document: Json) -> str:
    """The whole document as a page."""
    tags = {tag["name"]: (tag["description"], list[Entry]()) for tag in document["tags"]}
    for method, path, told in operations_of(document):
        tags[told["tags"][0]][1].append(Entry(told["operationId"], method.upper(), path, told, _roles(told)))
    return (
        _environment()
        .get_template("docs.html")
        .render(
            info=document["info"],
            tags=tags,
            schemas=document["components"]["schemas"],
            rights=[(right, MAY[right]) for right in Right],
            all_roles=list(Role),
            problems=kinds().values(),
        )
    )


def problem_page(kind: Kind) -> str:
    """What a kind of problem means."""
    return _environment().get_template("problem.html").render(kind=kind, of_the_api=kind.name in KINDS_OF_THE_API)


def shape(schema: Json) -> str:
    """What a schema takes, in a few words: `string, date`, `list of GroupOut`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for choice, word in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
        if choice in schema:
            return word.join(shape(one) for one in schema[choice])
    if "const" in schema or "enum" in schema:
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {shape(schema.get('items', {}))}"
    bounds = [f"{word} {schema[name]}" for name, word in _BOUNDS.items() if name in schema]
    return ", ".join([str(schema.get("type", "anything")), *([schema["format"]] if "format" in schema else []), *bounds])


_BOUNDS = {"minimum": "at least", "maximum": "at most", "minLength": "at least so long:", "maxLength": "at most so long:"}


def models_in(schema: Any) -> list[str]:  # noqa: ANN401  a value of JSON
    """The names of the models that a schema refers to itself."""
    if isinstance(schema, Mapping):
        own = [str(schema["$ref"]).rpartition("/")[2]] if "$ref" in schema else []
        return own + [name for inside in schema.values() for name in models_in(inside)]
    if isinstance(schema, list):
        return [name for inside in schema for name in models_in(inside)]
    return []


def _roles(told: Json) -> tuple[tuple[Role, Reach], ...]:
    right = told.get("x-right")
    return tuple((role, reach) for role, reach in MAY[Right(right)].items() if reach) if right in set(Right) else ()


@cache
def _environment() -> Environment:
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["shape"] = shape
    made.filters["models"] = models_in
    made.filters["json"] = lambda value: json.dumps(value, ensure_ascii=False, indent=2)
    return made
