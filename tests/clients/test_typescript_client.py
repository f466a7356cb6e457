"""A client of openapi-fetch, by the types that openapi-typescript makes of the document, compiles and passes the guide."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import httpx

from tests.clients.guide import begun, differences, steps
from tests.clients.readers import NODE, needs_node

HERE = Path(__file__).parent
PROGRAMS = ("guide.ts", "tsconfig.json", "package.json")
TYPES, COMPILER = ("node_modules/openapi-typescript/bin/cli.js", "node_modules/typescript/bin/tsc")

pytestmark = needs_node


def test_it_compiles_and_passes_the_guide(tmp_path: Path) -> None:
    for name in PROGRAMS:
        shutil.copy(HERE / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    with begun(tmp_path) as server:
        (tmp_path / "openapi.json").write_bytes(httpx.get(f"{server.url}/openapi.json").content)
        _node(tmp_path, TYPES, "openapi.json", "--output", "dure.d.ts", "--default-non-nullable=false")
        _node(tmp_path, COMPILER)
        answers = json.loads(_node(tmp_path, "guide.js", server.url, server.client, server.secret))
    assert len(answers) == 10
    assert [differences(step.shown, answer) for step, answer in zip(steps(), answers, strict=True)] == [[]] * 10


def _node(folder: Path, *words: str) -> str:
    """What a program of Node says."""
    assert NODE is not None
    ended = subprocess.run([NODE, *words], cwd=folder, capture_output=True, check=False, encoding="utf-8", timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
