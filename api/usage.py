"""What is typed wrong, a word too many or an option that is not there, is told in one line like any other bad input."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

import typer

# The library holds its own copy of click and gives these two no public name: hence the bound on its version in pyproject.toml.
from typer._click.exceptions import NoArgsIsHelpError, UsageError
from typer.core import TyperGroup

from api.exits import Exit, complain
from api.plain import clean


class ToldInOneLine(AbstractContextManager[None]):
    """Ends a command that is typed wrong with one line and status 2; who types nothing but a group of commands sees its help."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, UsageError) and not isinstance(error, NoArgsIsHelpError):
            complain([clean(" ".join(_line(error).split()))])
            raise typer.Exit(Exit.BAD_INPUT) from None


def _line(error: UsageError) -> str:
    from pydantic import ValidationError

    from data.wording import why

    if isinstance(error, typer.BadParameter) and error.param and isinstance(error.__cause__, ValidationError):
        return f"{error.param.get_error_hint().replace(chr(39), '')}: {why(error.__cause__.errors()[0]).rstrip('.')}"
    said = error.format_message().rstrip(".")
    if error.ctx is None:
        return f"{said}; --help says what can be written"
    command = error.ctx.command_path
    return f"{command}: {said[:1].lower()}{said[1:]}; {command} --help says what can be written"


class Commands(TyperGroup):
    """The group of all commands."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  as the library passes them on
        """Reads the words before a command."""
        with ToldInOneLine():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Reads a command's own words, and runs it."""
        with ToldInOneLine():
            return super().invoke(ctx)
