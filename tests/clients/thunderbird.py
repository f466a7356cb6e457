"""Thunderbird without a screen and with a fresh profile, told what to do through Marionette, its own remote control.

Marionette is a socket on which each message is its length in bytes, a colon, and JSON: [0, number, command, parameters] there,
[1, number, error, result] back.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.clients.steps import Told
from tests.serving import free_port

THUNDERBIRD = shutil.which("thunderbird")
SECONDS_TO_START = 120
SECONDS_TO_ANSWER = 60

PREFERENCES = """
user_pref("marionette.port", {port});
user_pref("app.update.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("mailnews.start_page.enabled", false);
user_pref("calendar.timezone.useSystemTimezone", false);
user_pref("calendar.timezone.local", "Asia/Kathmandu");
"""

WITH_CALENDARS = """
const [given, done] = arguments;
const { cal } = ChromeUtils.importESModule("resource:///modules/calendar/calUtils.sys.mjs");
(async () => { %s })().then((told) => done({ told }), (error) => done({ error: String(error) }));
"""

SUBSCRIBE = """
const made = cal.manager.createCalendar("ics", Services.io.newURI(given));
made.name = "dure";
made.setProperty("cache.enabled", true);
cal.manager.registerCalendar(made);
return [made.id];
"""

REFRESH = "cal.manager.getCalendarById(given).refresh(); return [];"

SHOWS = """
const calendar = cal.manager.getCalendarById(given);
const items = await calendar.getItemsAsArray(Ci.calICalendar.ITEM_FILTER_ALL_ITEMS, 0, null, null);
return items.map((item) => [
    item.startDate.nativeTime / 1e6, item.endDate.nativeTime / 1e6, item.title, item.status,
    item.getProperty("DESCRIPTION") ?? "", item.getProperty("LOCATION") ?? "",
]);
"""


class Thunderbird:
    """A running Thunderbird."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._answers = connection.makefile("rb")
        self._number = 0
        self._read()
        self._ask("WebDriver:NewSession", capabilities={})
        self._ask("Marionette:SetContext", value="chrome")
        self._ask("WebDriver:SetTimeouts", script=SECONDS_TO_ANSWER * 1000)

    def subscribe(self, address: str) -> str:
        """Subscribes to a feed, and gives the calendar's id."""
        [calendar] = self._run(SUBSCRIBE, address)
        return str(calendar)

    def refresh(self, calendar: str) -> None:
        """Has it look at the feed again, soon."""
        self._run(REFRESH, calendar)

    def shows(self, calendar: str) -> list[Told]:
        """All events of a calendar."""
        return sorted(Told(_instant(start), _instant(end), *words) for start, end, *words in self._run(SHOWS, calendar))

    def _run(self, script: str, given: str) -> list[Any]:
        answer = self._ask("WebDriver:ExecuteAsyncScript", script=WITH_CALENDARS % script, args=[given])["value"]
        assert "error" not in answer, answer["error"]
        told: list[Any] = answer["told"]
        return told

    def _ask(self, command: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        message = json.dumps([0, self._number, command, parameters]).encode()
        self._connection.sendall(b"%d:%b" % (len(message), message))
        _, number, error, result = self._read()
        assert (number, error) == (self._number, None)
        answer: dict[str, Any] = result
        return answer

    def _read(self) -> Sequence[Any]:
        size = b""
        while (sign := self._answers.read(1)) != b":":
            assert sign, "Thunderbird has gone"
            size += sign
        message: Sequence[Any] = json.loads(self._answers.read(int(size)))
        return message


def _instant(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


@contextmanager
def thunderbird(folder: Path) -> Iterator[Thunderbird]:
    """Thunderbird with a fresh profile in a folder, ended afterwards."""
    assert THUNDERBIRD is not None
    profile, port = folder / "profile", free_port()
    profile.mkdir()
    (profile / "user.js").write_text(PREFERENCES.format(port=port), encoding="utf-8")
    options = ["--headless", "--no-remote", "--marionette", "--remote-allow-system-access", "--profile", str(profile)]
    home = {**os.environ, "HOME": str(folder)}
    with (
        (folder / "thunderbird.log").open("wb") as log,
        subprocess.Popen([THUNDERBIRD, *options], stdout=log, stderr=log, env=home) as process,
    ):
        try:
            with _connected(port, process) as connection:
                yield Thunderbird(connection)
        finally:
            process.kill()


def _connected(port: int, process: subprocess.Popen[bytes]) -> socket.socket:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until and process.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=2 * SECONDS_TO_ANSWER)
        except ConnectionRefusedError:
            time.sleep(0.2)
    raise TimeoutError(f"no Thunderbird after {SECONDS_TO_START} seconds")
