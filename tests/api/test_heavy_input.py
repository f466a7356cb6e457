"""Input made to be heavy is refused in little time and memory: each case runs in a process of its own with a limit on both."""

from __future__ import annotations

import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests import small
from tests.small import Edit, add, be, swap
from tests.workbooks import sheets_of, write_workbook

MEMORY = 512 * 2**20
SECONDS = 60

pytestmark = pytest.mark.timeout(120)


def refused(path: Path) -> tuple[str, ...]:
    """The lines that `dure match` tells of a round; makes sure that it exits with 2 within the limits and writes nothing."""
    before = sorted(path.parent.iterdir())
    command = [sys.executable, "-m", "api.cli", "match", str(path), "--out", str(path.parent / "result")]
    ended = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", timeout=SECONDS, check=False, preexec_fn=_little_memory, env=_ENVIRONMENT
    )
    assert (ended.returncode, ended.stdout) == (2, ""), ended.stderr
    assert sorted(path.parent.iterdir()) == before
    return tuple(ended.stderr.splitlines())


_ENVIRONMENT = {"PYTHONPATH": str(Path(__file__).parents[2]), "OPENBLAS_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}


def _little_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


TEN_MB = 10 * 2**20
QUOTES = "write at most 10,000, and close every quote"


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        pytest.param(
            {"mentees.csv": swap("Andong Middle", "x" * TEN_MB)},
            f"mentees.csv:2: school: goes on for over 10,000 characters; {QUOTES}",
            id="a cell of 10 MB",
        ),
        pytest.param(
            {"mentees.csv": swap("이서준", f'"{"서" * TEN_MB}"')},
            f"mentees.csv:2: name: goes on for over 10,000 characters; {QUOTES}",
            id="a quoted cell of 30 MB",
        ),
        pytest.param(
            {"mentees.csv": swap("이서준", '"' + "line\n" * (TEN_MB // 5) + '"')},
            f"mentees.csv:2: name: goes on for over 10,000 characters; {QUOTES}",
            id="a cell of two million lines",
        ),
        pytest.param(
            {"mentors.csv": add('m-3,"' + "m-4,x,y,z\n" * 100_000)},
            f"mentors.csv:4: name: goes on for over 10,000 characters; {QUOTES}",
            id="a quote that swallows the rest of a long file",
        ),
        pytest.param(
            {"mentors.csv": be("mentor_id,subjects,availability\nm-1" + "," * TEN_MB)},
            "mentors.csv:2: row: goes on for over 1,000,000 characters; write one row a line",
            id="a row of ten million cells",
        ),
        pytest.param(
            {"mentors.csv": be("x" * TEN_MB)},
            f"mentors.csv:1: header: goes on for over 10,000 characters; {QUOTES}",
            id="one long line",
        ),
        pytest.param(
            {"mentors.csv": be(b"\0" * TEN_MB)},
            f"mentors.csv:1: header: goes on for over 10,000 characters; {QUOTES}",
            id="ten megabytes of the character 0",
        ),
        pytest.param(
            {"peers.csv": be("mentee_id,other_mentee_id,rule\n" + "s-1,s-2,apart\n" * 1_000_001)},
            "peers.csv:1000002: row: is one too many; write at most 1,000,000 rows",
            id="a table of a million rows and one",
        ),
        pytest.param(
            {"policy.toml": be("x = 1\n" * (TEN_MB // 6))},
            "policy.toml: is over 100,000 bytes or 1,000 lines long; leave only the keys of a policy",
            id="a policy of 10 MB",
        ),
    ],
)
def test_a_heavy_file_is_refused(edits: Mapping[str, Edit], told: str, tmp_path: Path) -> None:
    assert refused(small.write(tmp_path / "round", edits)) == (told,)


SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
LIGHTER = "give a folder of CSV files instead"
TOO_LARGE = f"unpacks to over 128 MiB; {LIGHTER}"
MUCH_SHEET = f"book.xlsx: holds too much in {SHEET}; {LIGHTER}"
MUCH_TEXT = f"book.xlsx: holds too much in {STRINGS}; {LIGHTER}"
UNREADABLE = "is no workbook that can be read; save it as .xlsx, without a password"

Repack = Callable[[bytes], bytes]


def _more(after: str, text: str) -> Repack:
    """Puts text behind the first place where `after` stands."""
    return lambda held: held.replace(after.encode(), (after + text).encode(), 1)


def _entities(strings: bytes) -> bytes:
    """Entities that are made of entities, ten times each, nine levels deep."""
    levels = [b'<!ENTITY e0 "ha">', *(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">'.encode() for n in range(1, 10))]
    document = strings.index(b"<sst")
    return strings[:document] + b"<!DOCTYPE sst [" + b"".join(levels) + b"]>" + strings[document:].replace(b"<t>", b"<t>&e9;", 1)


FAR_BELOW = b'<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>'


@pytest.mark.parametrize(
    ("part", "repack", "told"),
    [
        pytest.param(SHEET, lambda held: held + b" " * (200 * 2**20), f"book.xlsx: {TOO_LARGE}", id="200 MiB of spaces"),
        pytest.param("xl/more.xml", lambda _: b"\0" * (130 * 2**20), f"book.xlsx: {TOO_LARGE}", id="a part of zeros"),
        pytest.param(STRINGS, _more("<t>", "x" * TEN_MB), MUCH_TEXT, id="a text of 10 MiB"),
        pytest.param(SHEET, _more("<row", "/>" + "<c/>" * 4_000_000 + "<row"), MUCH_SHEET, id="four million cells"),
        pytest.param(SHEET, _more("<row", "/><row" * 4_000_000), MUCH_SHEET, id="four million rows"),
        pytest.param(STRINGS, _more("<si>", "</si><si>" * 4_000_000), MUCH_TEXT, id="four million texts"),
        pytest.param(STRINGS, _entities, f"book.xlsx: {UNREADABLE}", id="entities made of entities"),
        pytest.param(
            SHEET,
            lambda held: held.replace(b"</sheetData>", FAR_BELOW + b"</sheetData>"),
            "book.xlsx[mentees]:1048577: row: lies below row 1,048,576; delete it",
            id="a row far below the last that can be",
        ),
        pytest.param(SHEET, lambda held: held[:-40], f"book.xlsx: {UNREADABLE}", id="a sheet that is cut off"),
        pytest.param("[Content_Types].xml", lambda _: b"<Types/>", f"book.xlsx: {UNREADABLE}", id="a zip file that is no workbook"),
    ],
)
def test_a_heavy_workbook_is_refused(part: str, repack: Repack, told: str, tmp_path: Path) -> None:
    plain = write_workbook(tmp_path / "plain.xlsx", sheets_of(small.write(tmp_path / "source")))
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(plain) as held, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name in dict.fromkeys((*held.namelist(), part)):
            content = held.read(name) if name in held.namelist() else b""
            packed.writestr(name, repack(content) if name == part else content)
    assert path.stat().st_size < 2 * 2**20
    assert refused(path)[-1] == told


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"mentor_id,subjects\n", id="text"),
        pytest.param(b"PK\x03\x04" + b"\xff" * 1_000, id="the beginning of a zip file"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4_096, id="a workbook under a password"),
    ],
)
def test_a_file_that_is_no_workbook_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    assert refused(path) == (f"book.xlsx: {UNREADABLE}",)
