"""The root of what is sent and answered: values of JSON as they are, and nothing unknown."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler

AS_THEY_ARE = ("bool", "int", "float")
"""By themselves these take others for their own: `false` for 0, `"1"` for 1."""


def _take_as_they_are(schema: Any) -> None:  # noqa: ANN401  a schema, or a part of one
    if isinstance(schema, dict):
        if schema.get("type") in AS_THEY_ARE:
            schema["strict"] = True
        for part in schema.values():
            _take_as_they_are(part)
    elif isinstance(schema, list):
        for part in schema:
            _take_as_they_are(part)


class Wire(BaseModel):
    """What is sent or answered: nothing unknown is taken, and no text or truth value for a number."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler, /) -> Any:  # noqa: ANN401  a schema of the library
        made = handler(source)
        _take_as_they_are(made)
        return made
