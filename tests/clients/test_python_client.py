"""The client that openapi-python-client makes of the document says its types, and passes the guide."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.v1.document import operations_of
from tests.clients.guide import Begun, begun, differences, steps

HERE = Path(__file__).parent
BIN = HERE.parents[1] / ".venv-clients" / "bin"

GENERATOR = BIN / "openapi-python-client"

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SKIPPED = {
    ("put_mentors", "application/x-ndjson"): "beside a list it would have to be told from a file by what it is",
    ("put_mentees", "application/x-ndjson"): "likewise",
    ("import_tables", XLSX): "a file like the ZIP, which it is not told from",
    ("follow_run", "text/event-stream"): "no stream can be read",
    ("follow_match", "text/event-stream"): "likewise",
}
"""The only bodies that the generator leaves out, each beside another way, and why."""

pytestmark = pytest.mark.skipif(not GENERATOR.exists(), reason="the generator is missing: `make packages` installs it")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    with begun(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Begun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the document, the client, `dure_client`, and the program that goes through the guide."""
    folder = tmp_path_factory.mktemp("client")
    document = httpx.get(f"{server.url}/openapi.json").json()
    (folder / "document.json").write_text(json.dumps(document), encoding="utf-8")
    assert _without_skipped(document) == set(SKIPPED)
    (folder / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    words = ("--path", "openapi.json", "--meta", "none", "--output-path", "dure_client", "--config", str(HERE / "generator.yml"))
    said = _ended("openapi-python-client", "generate", *words, "--fail-on-warning", folder=folder)
    assert said.strip() == "Generating dure_client"
    shutil.copy(HERE / "guide_client.py", folder)
    return folder


def test_the_document_is_one_of_openapi_3_1(client: Path) -> None:
    assert _ended("openapi-spec-validator", "--schema", "3.1", "document.json", folder=client).strip() == "document.json: OK"


def test_all_of_it_is_as_it_says_its_types_and_so_is_whoever_uses_it(client: Path) -> None:
    """But for the lines in which the generator's own template ends a client."""
    ended = _run("mypy", "--strict", "--no-error-summary", "--no-incremental", "guide_client.py", "dure_client", folder=client)
    assert [line for line in ended.stdout.splitlines() if not re.match(r"dure_client/client\.py:.* \"__a?exit__\" of ", line)] == []


def test_each_operation_has_a_function(client: Path) -> None:
    document = json.loads((client / "openapi.json").read_text(encoding="utf-8"))
    made = {path.stem for path in (client / "dure_client" / "api").glob("*/*.py")} - {"__init__"}
    assert made == {one["operationId"] for _, _, one in operations_of(document)}


def test_it_passes_the_guide(client: Path, server: Begun) -> None:
    answers = json.loads(_ended("python", "guide_client.py", server.url, server.client, server.secret, folder=client))
    assert len(answers) == 10
    assert [differences(step.shown, answer) for step, answer in zip(steps(), answers, strict=True)] == [[]] * 10


def _without_skipped(document: dict[str, Any]) -> set[tuple[str, str]]:
    """Takes the named bodies out of a document, and says which of them were in it."""
    found = set()
    for _, _, one in operations_of(document):
        answers = [answer for status, answer in one["responses"].items() if status.startswith("2")]
        for holder in (one.get("requestBody", {}), *answers):
            for media in [media for media in holder.get("content", {}) if (one["operationId"], media) in SKIPPED]:
                del holder["content"][media]
                found.add((one["operationId"], media))
    return found


def _ended(program: str, *words: str, folder: Path) -> str:
    ended = _run(program, *words, folder=folder)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def _run(program: str, *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A program of the generator's environment, which finds its formatter there, and nothing of ours."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [BIN / program, *words],
        cwd=folder,
        env={**environment, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=240,
    )
