"""`dure report` draws a result as one page: complete in itself, in three languages, with nothing that a name could do."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.languages import Language
from api.overview import Overview
from api.report import MOST_MOMENTS, MOST_ROWS, report
from matching.result import Group
from matching.resultfiles import write_result
from matching.roster import MenteeEntry
from matching.week import read_meetings
from tests.api.page import Page, read_page
from tests.api.shown import BARE, RESULT, ROSTER, SCRIPT, WHOLE

LOADING = {"src", "srcset", "href", "xlink:href", "action", "formaction", "data", "poster", "background", "style"}


@pytest.fixture(scope="module", params=list(Language))
def page(request: pytest.FixtureRequest) -> Page:
    """The page of the small result in one of the languages."""
    return read_page(report(WHOLE, request.param))


def hashes(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_every_element_is_closed_and_every_id_is_given_once(page: Page) -> None:
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    assert page.closed
    assert len(ids) == len(set(ids))


def test_the_page_asks_nobody_for_anything(page: Page) -> None:
    asked = {(name, value) for element in page.elements for name, value in element.attributes.items() if name in LOADING}
    assert {(name, value[0]) for name, value in asked} == {("href", "#")}
    assert not page.all("link")
    assert not page.all("img")
    assert "url(" not in page.one("style").text
    assert "@import" not in page.one("style").text


def test_the_policy_allows_the_pages_own_style_and_script_and_nothing_else(page: Page) -> None:
    policy = next(meta.attributes["content"] for meta in page.all("meta") if meta.attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy == (
        f"default-src 'none'; style-src {hashes(page.one('style').text)}; script-src {hashes(page.one('script').text)}; "
        "base-uri 'none'; form-action 'none'"
    )


def test_the_policy_stands_before_what_it_governs(page: Page) -> None:
    tags = [element.tag for element in page.elements]
    kept = [element.attributes.get("http-equiv") for element in page.elements]
    assert kept.index("Content-Security-Policy") < tags.index("style") < tags.index("script")


def test_no_element_has_a_handler_of_its_own(page: Page) -> None:
    assert not [name for element in page.elements for name in element.attributes if name.startswith("on")]


def test_names_are_text_and_nothing_else(page: Page) -> None:
    assert [one.text for one in page.all("bdi")].count(SCRIPT) >= 2
    assert len(page.all("script")) == 1
    assert "<img src=x onerror=alert(1)>" in " ".join(cell.text for cell in page.all("td"))
    assert "art & <b>" in [one.text for one in page.all("bdi")]
    assert len(page.all("b")) == len(RESULT.advice)


def test_no_sign_turns_the_direction_of_writing(page: Page) -> None:
    told = "".join(element.text for element in page.all("body"))
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b]", told)
    assert "evil" in told


def test_every_table_and_drawing_can_be_read_aloud(page: Page) -> None:
    assert page.all("svg")
    assert page.all("th")
    for drawing in page.all("svg"):
        assert drawing.attributes.get("aria-hidden") == "true" or drawing.attributes["aria-label"]
    for head in page.all("th"):
        assert head.attributes["scope"] in {"row", "col"}
    labelled = {label.attributes["for"] for label in page.all("label")}
    assert {field.attributes["id"] for field in page.all("input")} == labelled
    assert len(page.all("h1")) == len(page.all("main")) == 1


def test_links_lead_to_sections_of_the_page(page: Page) -> None:
    ids = {element.attributes["id"] for element in page.elements if "id" in element.attributes}
    assert {link.attributes["href"][1:] for link in page.all("a")} <= ids
    assert {section.attributes["id"] for section in page.all("section")} == {
        "week", "shares", "groups", "mentors", "unplaced", "advice", "changes", "run",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("language", "told"),
    [
        pytest.param(Language.EN, ["March 2, 2027", "Mon, Wed 19:00", "Mon 17:30, Sat 10:00", "≤ 9.09%", "67%", "+1 placed"], id="English"),
        pytest.param(Language.KO, ["2027년 3월 2일", "월, 수 19:00", "멘토 3명 중 2명이 가르칩니다", "배정 +1"], id="Korean"),
        pytest.param(Language.ZH_TW, ["2027年3月2日", "週一, 週三 19:00", "3 位導師中有 2 位授課", "安排 +1"], id="Traditional Chinese"),
    ],
)
def test_each_language_has_its_own_words_dates_and_days(language: Language, told: list[str]) -> None:
    page = read_page(report(WHOLE, language))
    assert page.one("html").attributes["lang"] == language
    assert not [text for text in told if text not in page.one("body").text]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        pytest.param(Language.EN, ["nobody teaches math", "m-2 @ Mon 19:00", "m-1 @ Mon, Wed 19:00"], id="English"),
        pytest.param(Language.KO, ["math 과목을 가르치는 멘토가 없습니다", "m-2 @ 월 19:00", "m-1 @ 월, 수 19:00"], id="Korean"),
        pytest.param(Language.ZH_TW, ["沒有導師教 math", "m-2 @ 週一 19:00", "m-1 @ 週一, 週三 19:00"], id="Traditional Chinese"),
    ],
)
def test_what_is_said_of_a_request_is_in_the_language(language: Language, told: list[str]) -> None:
    page = read_page(report(WHOLE, language))
    cells = {cell.text: cell.attributes.get("lang") for cell in page.all("td")}
    assert [text for text in told if text not in cells] == []
    assert cells[told[0]] == language


def test_a_text_that_is_no_sentence_is_shown_as_the_english_it_is() -> None:
    cells = {cell.text: cell.attributes.get("lang") for cell in read_page(report(WHOLE, Language.KO)).all("td")}
    assert cells["m-2 left"] == "en"


def test_a_place_that_is_none_is_shown_as_it_stands() -> None:
    changes = tuple(replace(row, before="gone @ sea") for row in RESULT.changes)
    page = read_page(report(Overview(replace(RESULT, changes=changes), ROSTER), Language.KO))
    assert "gone @ sea" in [cell.text for cell in page.all("td")]


def test_the_heat_of_an_hour_is_both_a_number_and_a_colour() -> None:
    cells = [(cell.text, cell.attributes.get("class", "")) for cell in read_page(report(WHOLE, Language.EN)).all("td")]
    assert {cell for cell in cells if re.fullmatch(r"h\d", cell[1])} == {("·", "h0"), ("1", "h3"), ("2", "h5")}


def test_shares_are_both_numbers_and_bars() -> None:
    html = report(WHOLE, Language.EN)
    row = re.search(r"<tr><th scope=\"row\"><bdi><wbr>math</bdi>.*?</tr>", html, re.DOTALL)
    assert row
    assert '<rect class="fill " width="75.0"' in row[0]
    assert "3 / 4" in row[0]


def test_a_proven_best_is_called_so() -> None:
    html = report(Overview(replace(RESULT, bound=RESULT.score), ROSTER), Language.EN)
    assert "Proven: nothing better exists." in html


def test_without_a_roster_the_page_shows_what_is_known() -> None:
    page = read_page(report(BARE, Language.EN))
    assert page.one("h1").text == "Result of a matching round"
    assert "2 mentors teach" in page.one("body").text
    assert "Region" not in [head.text for head in page.all("th")]


def test_an_empty_result_is_a_page_too() -> None:
    empty = replace(RESULT, groups=(), unplaced=(), requests=0, history=(), advice=(), changes=())
    page = read_page(report(Overview(empty, replace(ROSTER, mentors=(), mentees=())), Language.KO))
    assert page.closed
    assert "만나는 그룹이 없습니다." in page.one("body").text


def test_a_page_of_a_large_result_stays_one_that_opens() -> None:
    count = MOST_ROWS + 500
    mentees = tuple(MenteeEntry(key=f"s-{n}", name=f"학생{n}", grade=7, region="", gender="", school="") for n in range(count))
    groups = tuple(
        Group(key=f"g-{n}", mentor="m-1", subject="math", meetings=read_meetings("Mon 19:00"), members=(f"s-{n}",)) for n in range(count)
    )
    history = tuple((n / 10, n, 10**6 - n) for n in range(5000))
    large = replace(RESULT, groups=groups, unplaced=(), history=history, changes=())
    page = read_page(report(Overview(large, replace(ROSTER, mentees=mentees)), Language.EN))
    keys = [head.text for head in page.all("th") if re.fullmatch(r"g-\d+", head.text)]
    assert len(keys) == MOST_ROWS
    assert "500 more are in groups.csv." in page.one("body").text
    assert len([cell for cell in page.all("td") if cell.text.endswith(" s")]) <= MOST_MOMENTS + 1


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    write_result(RESULT, tmp_path / "result", roster=ROSTER, repaired=True)
    ended = CliRunner().invoke(app, ["report", str(tmp_path / "result"), "--out", str(tmp_path / "report.html"), "--language", "zh-TW"])
    assert (ended.exit_code, ended.output) == (0, "")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == report(WHOLE, Language.ZH_TW)


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    write_result(RESULT, tmp_path / "result")
    ended = CliRunner().invoke(app, ["report", str(tmp_path / "result"), "--out", str(tmp_path / "nowhere" / "report.html")])
    assert ended.exit_code == 2
    assert "cannot be written (No such file or directory); name a file in a folder that is there" in ended.stderr


def test_what_is_no_result_is_bad_input(tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["report", str(tmp_path), "--out", str(tmp_path / "report.html")])
    assert ended.exit_code == 2
    assert "groups.csv: is missing" in ended.stderr
    assert not (tmp_path / "report.html").exists()


def test_an_earlier_page_stays_where_a_new_one_has_no_room(tmp_path: Path) -> None:
    write_result(RESULT, tmp_path / "result", roster=ROSTER)
    page = tmp_path / "page.html"
    page.write_text("the earlier one")
    command = [sys.executable, "-m", "api.cli", "report", str(tmp_path / "result"), "--out", str(page)]
    ended = subprocess.run(
        ["/bin/sh", "-c", 'ulimit -f 1; exec "$@"', "sh", *command],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"{page}: cannot be written (File too large); name a file in a folder that is there\n"
    assert page.read_text() == "the earlier one"
    assert sorted(held.name for held in tmp_path.iterdir()) == ["page.html", "result"]
