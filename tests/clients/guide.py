"""The guide, `docs/guide.md`, as tests read it: how one begins, its ten calls, and what they answer."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from data.database import open_database
from tests.command import COMMAND
from tests.serving import serving

TEXT = (Path(__file__).parents[2] / "docs" / "guide.md").read_text(encoding="utf-8")
OTHER = "…"
"""Stands for what is other each time."""

USUAL = "http://127.0.0.1:8000"
DATABASE = "guide.db"


@dataclass(frozen=True, slots=True)
class Step:
    """One call: what is typed, what of the answer is shown, and what is typed next."""

    title: str
    call: str
    shown: Any
    then: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Begun:
    """A server of an empty program, and how the platform shows who it is."""

    url: str
    client: str
    secret: str


def steps() -> list[Step]:
    """The calls, in their order."""
    return [_step(title, text) for title, text in re.findall(r"^## \d+\. (.+)\n((?:(?!## ).*\n)*)", TEXT, re.MULTILINE)]


def _step(title: str, text: str) -> Step:
    first, *then = _blocks(text, "sh")
    (shown,) = _blocks(text, "json")
    return Step(title, first, json.loads(shown), tuple(then))


def _blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@contextmanager
def begun(folder: Path) -> Iterator[Begun]:
    """Begins as the guide does, in a folder, at a port that is free."""
    *lines, last = _blocks(TEXT, "sh")[0].splitlines()
    assert last == "dure serve"
    path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
    said = run("\n".join(lines), {"PATH": path}, folder)
    client, secret = re.search(r"^client (\S+):", said, re.MULTILINE), re.search(r"^secret (\S+)", said, re.MULTILINE)
    assert client is not None
    assert secret is not None
    database = open_database(URL.create("sqlite", database=str(folder / DATABASE)))
    with serving(database, folder) as server:
        yield Begun(server.url, client[1], secret[1])
    database.dispose()


def run(lines: str, environment: Mapping[str, str], folder: Path) -> str:
    """What a shell says of some lines."""
    ended = subprocess.run(
        ["/bin/sh", "-e", "-c", lines],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=60,
    )
    assert ended.returncode == 0, f"{lines}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


def differences(shown: object, answer: object, place: str = "") -> list[str]:
    """Where an answer is not as the guide shows it; it may hold more fields than are shown."""
    if shown == OTHER:
        return [] if answer not in {None, ""} else [f"{place}: nothing"]
    if isinstance(shown, dict) and isinstance(answer, dict):
        missing = [f"{place}/{name}: missing" for name in shown if name not in answer]
        return missing + [one for name in shown.keys() & answer.keys() for one in differences(shown[name], answer[name], f"{place}/{name}")]
    if isinstance(shown, list) and isinstance(answer, list) and len(shown) == len(answer):
        return [one for number, pair in enumerate(zip(shown, answer, strict=True)) for one in differences(*pair, f"{place}/{number}")]
    return [] if shown == answer else [f"{place}: {answer!r}, not {shown!r}"]
