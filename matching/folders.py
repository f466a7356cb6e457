"""Writes a folder of files all at once: it is there whole, or as it was before."""

from __future__ import annotations

import ctypes
import os
import shutil
import uuid
from collections.abc import Callable, Collection
from itertools import count
from pathlib import Path

from matching.faults import BadResult, Fault

_HERE = -100
_EXCHANGE = 2
"""AT_FDCWD and RENAME_EXCHANGE of Linux's renameat2."""


def closed(path: Path) -> str:
    """Why nobody may look at what stands at this path, or into it where it is a folder; nothing where one may, or where nothing is."""
    try:
        os.stat(os.path.join(path, os.curdir))  # noqa: PTH116, PTH118  a Path would leave out the dot
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        return f"cannot be looked into ({error.strerror})"
    return ""


def refuse_others(folder: Path, names: Collection[str]) -> None:
    """Makes sure that replacing a folder destroys nothing: it is missing, empty, or holds only files of these names.

    Raises
    ------
    BadResult
        The folder cannot be written, or holds something else.
    """
    if why := closed(folder):
        raise _unfit(folder, why)
    try:
        if folder.exists() and not folder.is_dir():
            raise _unfit(folder, "is no folder")
        others = sorted(path.name for path in folder.iterdir() if path.name not in names or path.is_dir()) if folder.is_dir() else []
        above = next((path for path in folder.absolute().parents if path.exists()), folder)
    except OSError as error:
        raise _unfit(folder, f"cannot be looked into ({error.strerror})") from None
    if others:
        raise _unfit(folder, f"holds {others[0]}, which is no file of a result")
    if not above.is_dir() or not all(os.access(path, os.W_OK | os.X_OK) for path in (above, folder) if path.exists()):
        raise _unfit(folder, "cannot be written")


def beside(folder: Path) -> Path:
    """A folder that is not there yet, with the next free number at the end of its name: `result-2`."""
    whole = folder.resolve()
    return next(path for number in count(2) if not (path := whole.with_name(f"{whole.name}-{number}")).exists())


def _unfit(folder: Path, problem: str) -> BadResult:
    return BadResult((Fault(folder.name or str(folder), 0, "", problem, "name a new or empty folder"),))


def write_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Lets `fill` write files into a new folder beside `folder`, and puts it in that one's place when all are on the disk.

    Where the system can exchange two folders in one step, there is a whole folder at every moment; elsewhere there is none
    for an instant. A run that is killed leaves the new one behind, under a hidden name.
    """
    folder = Path(os.path.realpath(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = folder.parent / f".{folder.name}-{uuid.uuid4().hex}"
    made.mkdir()
    try:
        fill(made)
        for path in (*made.iterdir(), made):
            _sync(path)
        _put(made, folder)
        _sync(folder.parent)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _put(made: Path, folder: Path) -> None:
    """Puts one folder in the place of another; what was there before takes the place of the first."""
    if not folder.exists():
        made.rename(folder)
    elif not _exchanged(made, folder):
        aside = made.with_name(f"{made.name}-before")
        folder.rename(aside)
        made.rename(folder)
        aside.rename(made)


def _exchanged(one: Path, other: Path) -> bool:
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    return renameat2 is not None and renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
