"""A folder is written whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from matching.faults import BadResult
from matching.folders import beside, refuse_others, write_folder

NAMES = ("one", "two")


def fill(folder: Path) -> None:
    for name in NAMES:
        (folder / name).write_text("new")


def whole(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def process(code: str, folder: Path) -> subprocess.Popen[str]:
    """Runs some code that knows `folder`, in a process of its own."""
    head = f"import time\nfrom pathlib import Path\nfrom matching.folders import write_folder\nfolder = Path({str(folder)!r})\n"
    environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen([sys.executable, "-c", head + code], stdout=subprocess.PIPE, text=True, env=environment)


def test_a_new_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    write_folder(tmp_path / "above" / "folder", fill)
    assert whole(tmp_path / "above" / "folder") == dict.fromkeys(NAMES, "new")
    assert [path.name for path in (tmp_path / "above").iterdir()] == ["folder"]


def test_what_was_there_before_is_gone(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "three").write_text("old")
    write_folder(tmp_path / "folder", fill)
    assert whole(tmp_path / "folder") == dict.fromkeys(NAMES, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_the_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    write_folder(tmp_path / "link", fill)
    assert (tmp_path / "link").is_symlink()
    assert whole(tmp_path / "folder") == dict.fromkeys(NAMES, "new")


def test_who_may_read_it_is_as_for_any_new_folder(tmp_path: Path) -> None:
    write_folder(tmp_path / "folder", fill)
    (tmp_path / "other").mkdir()
    assert (tmp_path / "folder").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_an_error_while_it_is_filled_leaves_everything_as_it_was(tmp_path: Path) -> None:
    write_folder(tmp_path / "folder", lambda folder: (folder / "one").touch())

    def fail(folder: Path) -> None:
        fill(folder)
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        write_folder(tmp_path / "folder", fail)
    assert whole(tmp_path / "folder") == {"one": ""}
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_process_that_is_killed_while_writing_leaves_the_old_folder_whole(tmp_path: Path) -> None:
    write_folder(tmp_path / "folder", fill)
    code = "def fill(made):\n (made / 'one').write_text('half')\n print('half', flush=True)\n time.sleep(60)\nwrite_folder(folder, fill)"
    with process(code, tmp_path / "folder") as writer:
        assert writer.stdout
        assert writer.stdout.readline() == "half\n"
        writer.kill()
    assert writer.returncode == -signal.SIGKILL
    assert whole(tmp_path / "folder") == dict.fromkeys(NAMES, "new")


def test_the_folder_is_there_at_every_moment(tmp_path: Path) -> None:
    write_folder(tmp_path / "folder", fill)
    code = "while True:\n write_folder(folder, lambda made: (made / 'one').touch())\n print('put', flush=True)"
    with process(code, tmp_path / "folder") as writer:
        assert writer.stdout
        writer.stdout.readline()
        looks = [(tmp_path / "folder").is_dir() for _ in range(50_000)]
        put = os.read(writer.stdout.fileno(), 2**16).count(b"put")
        writer.kill()
    assert put > 1
    assert all(looks)


@pytest.mark.parametrize("names", [pytest.param((), id="an empty folder"), pytest.param(("one",), id="an earlier result")])
def test_a_folder_of_the_same_kind_may_be_replaced(names: tuple[str, ...], tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).touch()
    refuse_others(tmp_path, NAMES)
    refuse_others(tmp_path / "not" / "there", NAMES)
    assert sorted(held.name for held in tmp_path.iterdir()) == sorted(names)


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "result").mkdir()
    (tmp_path / "result" / "thesis.doc").touch()
    with pytest.raises(BadResult, match=r"^result: holds thesis.doc, which is no file of a result; name a new or empty folder$"):
        refuse_others(tmp_path / "result", NAMES)


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "result" / "one").mkdir(parents=True)
    with pytest.raises(BadResult, match="holds one, which is no file of a result"):
        refuse_others(tmp_path / "result", NAMES)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "result").touch()
    with pytest.raises(BadResult, match=r"^result: is no folder; name a new or empty folder$"):
        refuse_others(tmp_path / "result", NAMES)
    with pytest.raises(BadResult, match=r"^below: cannot be written; name a new or empty folder$"):
        refuse_others(tmp_path / "result" / "below", NAMES)


def test_a_folder_that_cannot_be_looked_into_is_refused(tmp_path: Path) -> None:
    name = "x" * 300
    with pytest.raises(BadResult, match=rf"^{name}: cannot be looked into \(File name too long\); name a new or empty folder$"):
        refuse_others(tmp_path / name, NAMES)


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(BadResult, match=r"^loop: cannot be looked into \(Too many levels of symbolic links\); name a new or empty folder$"):
        refuse_others(tmp_path / "loop", NAMES)


def test_the_root_of_all_folders_is_refused() -> None:
    with pytest.raises(BadResult, match=r"^/: (holds|cannot be written)"):
        refuse_others(Path("/"), NAMES)


def test_beside_a_folder_is_the_next_number_that_is_free(tmp_path: Path) -> None:
    assert beside(tmp_path / "result") == tmp_path / "result-2"
    (tmp_path / "result-2").touch()
    assert beside(tmp_path / "below" / ".." / "result") == tmp_path / "result-3"
