"""Debian's Chromium without a window, started anew for each page."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium")
SECONDS = 60

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: chromium)")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of a page: its elements after its script ran, and what the browser had to complain of."""

    html: str
    complaints: tuple[str, ...]


def open_page(html: str, folder: Path, *flags: str) -> Opened:
    """Opens a page from a file, as somebody does who was sent it; `folder` is for this page alone."""
    page = folder / "page.html"
    page.write_text(html, encoding="utf-8")
    return open_address(page.as_uri(), folder, *flags)


def open_address(address: str, folder: Path, *flags: str) -> Opened:
    """Opens a page at an address; `folder` is for this page alone."""
    here = (f"--user-data-dir={folder / 'profile'}", "--enable-logging=stderr", *flags, "--dump-dom", address)
    ended = subprocess.run([str(CHROMIUM), *FLAGS, *here], capture_output=True, check=True, encoding="utf-8", timeout=SECONDS)
    return Opened(ended.stdout, tuple(line for line in ended.stderr.splitlines() if ":CONSOLE" in line))
