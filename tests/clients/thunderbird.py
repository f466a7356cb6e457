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

IS_OFF = 'return [cal.manager.getCalendarById(given).getProperty("disabled") === "true"];'

SYNCHRONIZE = 'cal.view.getCompositeCalendar(Services.wm.getMostRecentWindow("mail:3pane")).refresh(); return [];'

IN_VIEW = """
const view = cal.view.getCompositeCalendar(Services.wm.getMostRecentWindow("mail:3pane"));
const items = await view.getItemsAsArray(Ci.calICalendar.ITEM_FILTER_ALL_ITEMS, 0, null, null);
return items.filter((item) => item.calendar.id === given).map((item) => item.id);
"""

REMOVE = "cal.manager.removeCalendar(cal.manager.getCalendarById(given)); Services.prefs.savePrefFile(null); return [];"

OWN_CALENDAR = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const account = MailServices.accounts.createAccount();
account.incomingServer = MailServices.accounts.createIncomingServer("somebody", "localhost", "none");
const identity = MailServices.accounts.createIdentity();
identity.email = given;
account.addIdentity(identity);
const made = cal.manager.createCalendar("storage", Services.io.newURI("moz-storage-calendar://"));
made.name = "own";
cal.manager.registerCalendar(made);
made.setProperty("imip.identity.key", identity.key);
return [made.id];
"""

RECEIVE = """
const [calendar, content] = given;
const { CalItipItem } = ChromeUtils.importESModule("resource:///modules/CalItipItem.sys.mjs");
const nothingBack = Ci.calIItipItem.NONE;
const invitation = new CalItipItem();
invitation.init(content);
invitation.targetCalendar = cal.manager.getCalendarById(calendar);
invitation.autoResponse = nothingBack;
const act = await new Promise((found) => cal.itip.processItipItem(invitation, (_, status, action) => found(action)));
if (!act) {
    return [""];
}
const status = await new Promise((done) => {
    act({ onOperationComplete: (_, ended) => done(ended) }, "ACCEPTED", { responseMode: nothingBack });
});
return [Components.isSuccessCode(status) ? act.method : `failed: ${status}`];
"""

HAS_ALREADY = """
const [calendar, content] = given;
const { CalItipItem } = ChromeUtils.importESModule("resource:///modules/CalItipItem.sys.mjs");
const invitation = new CalItipItem();
invitation.init(content);
const [asked, ...others] = invitation.getItemList();
const item = await cal.manager.getCalendarById(calendar).getItem(asked.id);
return [others.length === 0 && item !== null && cal.itip.compare(asked, item) === 0];
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

    def synchronize(self) -> None:
        """Has it look at all feeds again, as its button does."""
        self._run(SYNCHRONIZE, "")

    def has_in_view(self, calendar: str) -> int:
        """How many events of a calendar are shown among those of all others."""
        return len(self._run(IN_VIEW, calendar))

    def is_off(self, calendar: str) -> bool:
        """It has switched the calendar off."""
        [off] = self._run(IS_OFF, calendar)
        return bool(off)

    def remove(self, calendar: str) -> None:
        """Removes a calendar, as people do with one that is of no more use."""
        self._run(REMOVE, calendar)

    def own_calendar(self, address: str) -> str:
        """Makes a calendar of the one who gets mail at an address, and gives its id."""
        [calendar] = self._run(OWN_CALENDAR, address)
        return str(calendar)

    def receive(self, calendar: str, invitation: bytes) -> str:
        """Does with the invitation of a mail what its button offers, and gives what that was; empty where there is nothing to do."""
        [did] = self._run(RECEIVE, [calendar, invitation.decode()])
        return str(did)

    def has_already(self, calendar: str, invitation: bytes) -> bool:
        """Whether what a mail tells of is in a calendar, and as it stands there: neither is the later."""
        [has] = self._run(HAS_ALREADY, [calendar, invitation.decode()])
        return bool(has)

    def _run(self, script: str, given: str | list[str]) -> list[Any]:
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
