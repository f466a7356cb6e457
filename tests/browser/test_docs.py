"""The pages of the API's documentation in a real browser: they ask no other host for anything, and nothing in them is stopped."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy.engine import URL

from data.database import migrate, open_database
from tests.browser.chromium import CHROMIUM, FLAGS, SECONDS, Opened, needs_chromium, open_address
from tests.serving import Server, serving

pytestmark = needs_chromium

ONLY_HERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("docs")
    database = open_database(URL.create("sqlite", database=str(folder / "dure.db")))
    migrate(database)
    with serving(database, folder, "--http-only") as running:
        yield running
    database.dispose()


@pytest.mark.parametrize("path", ["/docs", "/problems/bad-request"])
def test_a_page_is_shown_without_a_complaint_and_without_another_host(server: Server, path: str, tmp_path: Path) -> None:
    answer = httpx.get(f"{server.url}{path}")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    opened = open_address(f"{server.url}{path}", tmp_path, ONLY_HERE)
    assert opened.complaints == ()
    assert "<h1>" in opened.html
    assert re.findall(r"""(?:src|srcset|action|href)=["']?(?:https?:)?//[^"'> ]*""", opened.html) == []


def test_whatever_a_link_of_the_page_names_is_there(server: Server, tmp_path: Path) -> None:
    html = _docs(server, tmp_path).html
    named = set(re.findall(r'href="#([^"]+)"', html))
    assert len(named) > 50
    assert named - set(re.findall(r'id="([^"]+)"', html)) == set()
    for path in re.findall(r'href="(/[^"#]+)', html)[:5]:
        assert httpx.get(f"{server.url}{path}").status_code == 200


def test_what_is_folded_on_the_screen_is_printed(server: Server, tmp_path: Path) -> None:
    printed = tmp_path / "docs.pdf"
    flags = (f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer", f"--print-to-pdf={printed}", f"{server.url}/docs")
    subprocess.run([str(CHROMIUM), *FLAGS, *flags], check=True, capture_output=True, timeout=SECONDS)
    operations = len(re.findall(r'<span class="method">', _docs(server, tmp_path).html))
    assert printed.read_bytes().count(b"/Type /Page\n") > operations / 2


def _docs(server: Server, folder: Path) -> Opened:
    return open_address(f"{server.url}/docs", folder)
