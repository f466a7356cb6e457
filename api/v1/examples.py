"""Examples of what is sent, in the document: an operation's own, or its model's, else made of those of its fields.

A field that may be left out is in what is made where it has an example of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from api.v1.example_bodies import BODIES

Json = dict[str, Any]

SENT = {"application/json", "application/x-www-form-urlencoded"}


def add_examples(operations: Iterable[Json], schemas: Mapping[str, Json]) -> None:
    """Gives each body of some operations that is JSON or a form an example, as far as there is one."""
    for operation in operations:
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            if media in SENT and "example" not in content:
                own = BODIES.get(operation["operationId"])
                found = _example(content["schema"], schemas) if own is None else [own]
                if found:
                    content["example"] = found[0]


def _example(schema: Json, schemas: Mapping[str, Json]) -> list[Any]:
    """One value that a schema takes; none where nothing shows any."""
    if "$ref" in schema and "examples" not in schema:
        return _example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for several in ("examples", "enum"):
        if several in schema:
            return cast("list[Any]", schema[several][:1])
    if "const" in schema:
        return [schema["const"]]
    if "properties" in schema:
        return _of_object(schema, schemas)
    if "items" in schema:
        return [found] if (found := _example(schema["items"], schemas)) else []
    choices = (one for several in ("anyOf", "oneOf", "allOf") for one in schema.get(several, ()))
    return next((found for one in choices if (found := _example(one, schemas))), [])


def _of_object(schema: Json, schemas: Mapping[str, Json]) -> list[Any]:
    needed = schema.get("required", ())
    made = {name: found[0] for name, inside in schema["properties"].items() if (found := _example(inside, schemas))}
    kept = {name: value for name, value in made.items() if name in needed or _shown(schema["properties"][name])}
    return [kept] if all(name in kept for name in needed) and (kept or not schema["properties"]) else []


def _shown(schema: Json) -> bool:
    """Whether a field says itself what it may be."""
    return any("examples" in one for one in (schema, *schema.get("anyOf", ())))
