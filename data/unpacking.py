"""Archives that somebody sent, and that may be bombs: what a ZIP unpacks to is bounded before it is looked at."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence

from matching.faults import BadFiles, Fault, short

ARCHIVE = "the archive"
MOST_UNPACKED = 64 * 1024 * 1024
"""Bytes, of all files together: many times those of the largest program's round."""
MOST_FILES = 50
ENCRYPTED = 0x1
PLAIN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""What can be unpacked bit by bit; other ways may make a lot of a little in one step."""


def unpacked(body: bytes, known: Callable[[str], bool], what: str, mend: str, error: type[BadFiles]) -> dict[str, bytes]:
    """The files of a ZIP by name, without the one folder in which all of them may lie.

    `known` says which names are taken; `what` they are part of and `mend` are said of others.

    Raises
    ------
    BadFiles
        The `error` of this kind that was named, with what is wrong with the archive.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            above = _folder_above(members)
            faults = tuple(_faults(members, above, known, what, mend))
            if faults:
                raise error(faults)
            files = _read(archive, members, above)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        raise error((Fault(ARCHIVE, 0, "", "is no ZIP archive, or a broken one", f"send one of the files of {what}"),)) from None
    if files is None:
        raise error((Fault(ARCHIVE, 0, "", f"unpacks to more than {MOST_UNPACKED:,} bytes", "send less"),))
    return files


def _folder_above(members: Sequence[zipfile.ZipInfo]) -> str:
    """The one folder in which all files lie, where they do."""
    tops = {member.filename.partition("/")[0] + "/" for member in members}
    deep = all("/" in member.filename for member in members)
    return tops.pop() if len(tops) == 1 and deep else ""


def _faults(members: Sequence[zipfile.ZipInfo], above: str, known: Callable[[str], bool], what: str, mend: str) -> Iterator[Fault]:
    if len(members) > MOST_FILES:
        yield Fault(ARCHIVE, 0, "", f"holds {len(members):,} files", mend)
        return
    seen: set[str] = set()
    for member in members:
        name = member.filename.removeprefix(above)
        if not known(name):
            yield Fault(ARCHIVE, 0, "", f"holds {short(name)}, which is no file of {what}", mend)
        elif name in seen:
            yield Fault(name, 0, "", "is there twice", "send it once")
        elif member.flag_bits & ENCRYPTED:
            yield Fault(name, 0, "", "is encrypted", "send it as it is")
        elif member.compress_type not in PLAIN:
            yield Fault(name, 0, "", "is packed in a way that is not known", "pack it by deflate, as ZIP archives usually are")
        seen.add(name)


def _read(archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo], above: str) -> dict[str, bytes] | None:
    """The files; None where they are too much."""
    left, files = MOST_UNPACKED, dict[str, bytes]()
    for member in members:
        with archive.open(member) as packed_file:
            text = packed_file.read(left + 1)
        left -= len(text)
        if left < 0:
            return None
        files[member.filename.removeprefix(above)] = text
    return files
