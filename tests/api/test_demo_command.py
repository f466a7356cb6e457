"""`dure demo` takes the project's own program from its people to a calendar: solved, published, shown, explained and served."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from api.cli import app
from api.demo import explained, telling
from api.overview import Overview, read_overview
from data.demo import ROUND
from matching.check import check_result
from matching.result import Reason
from matching.resultfiles import read_result
from matching.tables import read_round
from tests.api.shown import RESULT, WHOLE
from tests.command import COMMAND
from tests.scheduler.mailbox import Mailbox


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the command says, and the result that it keeps."""
    kept = tmp_path_factory.mktemp("demo") / "result"
    ended = CliRunner().invoke(app, ["demo", "--no-serve", "--out", str(kept)])
    assert ended.exit_code == 0
    return ended.stdout, kept


def test_the_result_is_right_and_proven_best(shown: tuple[str, Path]) -> None:
    result = read_result(shown[1])
    assert check_result(read_round(ROUND), result).fine
    assert result.optimal


def test_some_requests_are_left_for_every_reason(shown: tuple[str, Path]) -> None:
    reasons = read_overview(shown[1]).reasons
    assert len(reasons) > 1
    assert all(reasons.values())


def test_three_of_four_mentees_have_a_group(shown: tuple[str, Path]) -> None:
    overview = read_overview(shown[1])
    assert len(overview.mentees_seated) >= 0.75 * len(overview.mentees_asking) == 52.5


def test_it_shows_tables_the_week_and_an_explanation(shown: tuple[str, Path]) -> None:
    said, _ = shown
    headings = ["The week", "Placed requests", "Groups", "Mentors", "Unplaced requests"]
    places = [said.index(f"\n{heading}") for heading in [*headings, "One unplaced request, explained"]]
    assert places == sorted(places)


def test_it_shows_what_is_published_and_the_next_ten_sessions(shown: tuple[str, Path]) -> None:
    said, kept = shown
    published = re.search(r"^Published: (\d+) groups, (\d+) sessions from", said, re.MULTILINE)
    assert published
    assert int(published[1]) == len(read_result(kept).groups)
    assert int(published[2]) > 10 * int(published[1])
    rows = re.findall(r"^  \w{3} (\d{4}-\d\d-\d\d \d\d:\d\d) to \d\d:\d\d +g-\d\d ", said, re.MULTILINE)
    assert len(rows) == 10
    assert rows == sorted(rows)


def test_where_there_is_no_terminal_no_line_is_wider_than_a_page(shown: tuple[str, Path]) -> None:
    assert 60 < max(cell_len(line) for line in shown[0].splitlines()) <= 100


def test_it_serves_a_feed_until_ctrl_c_and_writes_to_nobody() -> None:
    box = Mailbox()
    way_out = {**os.environ, "DURE_SMTP_URL": f"smtp://127.0.0.1:{box.port}", "DURE_MAIL_FROM": box.server.sender}
    begun = subprocess.Popen([COMMAND, "demo"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", env=way_out)
    with box.up(), begun as running:
        assert running.stdout
        said = ""
        try:
            while not re.search("^Serving ", said, re.MULTILINE) and running.poll() is None:
                said += running.stdout.readline()
            link = re.search(r"^ (http:.*ics)$", said, re.MULTILINE)
            assert link, said
            with urlopen(link[1], timeout=30) as answer:  # noqa: S310  it is our own
                feed = answer.read().decode()
            ready = link[1].partition("/feeds/")[0] + "/readyz"
            while '"ticker"' not in urlopen(ready, timeout=30).read().decode():  # noqa: S310  it is our own
                time.sleep(0.1)
            time.sleep(0.5)  # all jobs begin at once
            running.send_signal(signal.SIGINT)
            assert running.wait(150) == 0
        finally:
            running.kill()
    assert box.arrived == []
    assert feed.startswith("BEGIN:VCALENDAR\r\n")
    assert feed.count("BEGIN:VEVENT") > 20
    assert "X-WR-CALNAME:두레 온라인 멘토링" in feed
    subjects = set(re.findall(r"^SUMMARY:(\S+) 멘토링", feed, re.MULTILINE))
    assert subjects
    assert subjects <= {"수학", "영어", "국어", "과학", "사회", "코딩", "진로"}


def test_an_explanation_names_who_asked_for_what_and_what_is_in_the_way() -> None:
    text = explained(WHOLE).plain
    assert "이서준 (s-1, grade 8) asked for english and is in no group for it." in text
    assert "g-9 is full" in text
    assert "One more group for 김하늘" in text


def test_the_request_that_is_explained_could_have_had_a_group() -> None:
    told = telling(WHOLE)
    assert told
    assert told.reason is Reason.NO_SEAT


def test_where_all_is_placed_there_is_nothing_to_explain() -> None:
    whole = Overview(replace(RESULT, unplaced=(), advice=()), WHOLE.roster)
    assert telling(whole) is None
    assert explained(whole).plain == "No advice was worked out."
