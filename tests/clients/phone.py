"""Somebody's calendar: khal shows what is in a folder, into which vdirsyncer fetches a feed, or invitations are taken in."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from click import Command
from click.testing import CliRunner, Result
from khal.cli import main_khal as khal
from vdirsyncer.cli import app as vdirsyncer

from tests.clients.steps import Told

HERE = "Asia/Kathmandu"
"""The zone of whoever looks: none of ours."""

FETCHES = """
[general]
status_path = "{folder}/status"

[pair dure]
a = "here"
b = "feed"
collections = null
conflict_resolution = "b wins"

[storage here]
type = "filesystem"
path = "{folder}/events"
fileext = ".ics"

[storage feed]
type = "http"
url = "{address}"
"""

SHOWS = """
[calendars]
[[dure]]
path = {folder}/events

[sqlite]
path = {folder}/khal.db

[locale]
local_timezone = {zone}
default_timezone = {zone}
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%dT%H:%M
longdatetimeformat = %Y-%m-%dT%H:%M
"""

FIELDS = ("start-long", "end-long", "title", "status", "description", "location")


@dataclass(frozen=True, slots=True)
class Phone:
    """A folder with a calendar, empty at first, and the settings of both programs."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "events").mkdir()
        (self.folder / f"{khal.name}.conf").write_text(SHOWS.format(folder=self.folder, zone=HERE), encoding="utf-8")

    def subscribe(self, address: str) -> None:
        """Makes it the calendar of a feed."""
        (self.folder / f"{vdirsyncer.name}.conf").write_text(FETCHES.format(folder=self.folder, address=address), encoding="utf-8")
        self._run(vdirsyncer, "discover")

    def sync(self, *words: str) -> None:
        """Fetches the feed."""
        self._run(vdirsyncer, "sync", *words)

    def fails_to_sync(self) -> str:
        """What is said where the feed cannot be fetched."""
        ended = self._ended(vdirsyncer, "sync")
        assert ended.exit_code == 1, ended.output
        return ended.output

    def take_in(self, invitation: bytes) -> None:
        """Enters what an invitation holds, in the place of what has the same UID."""
        file = self.folder / "invitation.ics"
        file.write_bytes(invitation)
        self._run(khal, "import", "--batch", file)

    def shows(self, from_on: dt.date, days: int) -> list[Told]:
        """What there is on so many days, in order."""
        fields = [word for field in FIELDS for word in ("--json", field)]
        lines = self._run(khal, "list", "--once", *fields, str(from_on), f"{days}d").splitlines()
        return sorted(
            Told(_instant(event["start-long"]), _instant(event["end-long"]), *(event[field].strip() for field in FIELDS[2:]))
            for day in lines
            for event in json.loads(day)
        )

    def _run(self, program: Command, *words: str | Path) -> str:
        """What a program says that does what it is told."""
        ended = self._ended(program, *words)
        assert ended.exit_code == 0, ended.output
        return ended.stdout

    def _ended(self, program: Command, *words: str | Path) -> Result:
        """A program that has ended; here, as a process of its own would take longer to start than to do it."""
        return CliRunner().invoke(program, ["-c", str(self.folder / f"{program.name}.conf"), *map(str, words)])


def _instant(wall: str) -> dt.datetime:
    return dt.datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(HERE)).astimezone(dt.UTC)
