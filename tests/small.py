"""A small good round as the text of its files, and ways to break it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

Edit = Callable[[bytes], bytes | None]
"""Makes of a file's bytes what shall stand there; `None` leaves the file out."""

FILES: Mapping[str, str] = {
    "mentors.csv": """\
mentor_id,name,subjects,availability,preferred,home_region,regions,max_groups,max_size,max_weekly_minutes,available_from,available_until,gender
m-1,김하늘,math:7-9; english:10,Mon 18:00-21:00; Sat 09:00-12:30,Mon 18:00-21:00,Gyeongbuk,Gyeongbuk; Muan,2,3,240,2026-03-02,2026-06-19,F
m-2,"Lee, Ann",english:7-12,Tue 18:00-21:00,,,,,,,,,M
""",
    "mentees.csv": """\
mentee_id,name,grade,requests,availability,preferred,region,max_groups,mentor_gender,previous_mentor,school
s-1,이서준,8,math:3; english:1,Mon 19:00-22:00; Tue 18:00-20:00,Mon 19:00-22:00,Gyeongbuk/Andong,1,F,m-1,Andong Middle
s-2,,7,english,Tue 18:00-21:00,,,,,m-99,
""",
    "policy.toml": """\
[program]
name = "Spring"
time_zone = "Asia/Seoul"
term_start = 2026-03-02
term_end = 2026-06-19

[group]
min_size = 1
max_size = 3
same_time = true
session_minutes = 60
member_regions = "any"

[mentor]
min_weeks = 8

[points]
placed = 1000
off_target = -20
""",
    "pairs.csv": """\
mentor_id,mentee_id,subject,rule,points
m-1,s-1,math,points,50
m-2,s-2,,forbid,
""",
    "peers.csv": """\
mentee_id,other_mentee_id,rule,points
s-1,s-2,points,-20
""",
}


def swap(old: str, new: str) -> Callable[[bytes], bytes]:
    """Puts `new` in the place of `old`, which stands there once."""

    def edit(held: bytes) -> bytes:
        assert held.count(old.encode()) == 1, f"{old!r} stands there {held.count(old.encode())} times"
        return held.replace(old.encode(), new.encode())

    return edit


def both(first: Callable[[bytes], bytes], second: Callable[[bytes], bytes]) -> Edit:
    """Makes one edit and then another."""
    return lambda held: second(first(held))


def add(text: str) -> Edit:
    """Adds text at the end."""
    return lambda held: held + text.encode()


def be(content: str | bytes | None) -> Edit:
    """Puts something else in the place of the whole file."""
    return lambda _held: content.encode() if isinstance(content, str) else content


def encoded(encoding: str) -> Edit:
    """Writes the same text in another encoding."""
    return lambda held: held.decode().encode(encoding)


def write(folder: Path, edits: Mapping[str, Edit] | None = None) -> Path:
    """Writes the round into a new folder, with these files edited."""
    folder.mkdir()
    for name in {**FILES, **(edits or {})}:
        held: bytes | None = FILES.get(name, "").encode()
        if edits and name in edits:
            held = edits[name](held or b"")
        if held is not None:
            (folder / name).write_bytes(held)
    return folder
