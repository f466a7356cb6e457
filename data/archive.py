"""Folders of files as one ZIP, the same bytes for the same files: what a round was asked, and what a run gave."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The first moment that a ZIP can tell: it stands at every file."""
PLAIN_FILE = 0o644 << 16
UNIX = 3
"""The system that every file is said to come from."""


def packed(fill: Callable[[Path], object]) -> bytes:
    """The files that `fill` writes into a folder, which is gone afterwards."""
    with TemporaryDirectory(prefix="dure-") as folder:
        fill(Path(folder))
        return pack(Path(folder))


def pack(folder: Path) -> bytes:
    """The files of a folder, by name; what lies in folders of it is left out."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in sorted(folder.iterdir()):
            entry = zipfile.ZipInfo(path.name, LONG_AGO)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, PLAIN_FILE, UNIX
            archive.writestr(entry, path.read_bytes())
    return held.getvalue()


def unpack(archive: bytes, folder: Path) -> Path:
    """Writes the files of a ZIP into a folder, which is made where it is missing, and gives that folder."""
    with zipfile.ZipFile(io.BytesIO(archive)) as held:
        held.extractall(folder)
    return folder
