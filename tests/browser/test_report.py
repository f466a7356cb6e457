"""The report in a real browser: its own script runs, nobody else's does, and it asks for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.languages import Language
from api.report import report
from matching.resultfiles import write_result
from tests.api.page import read_page
from tests.api.shown import RESULT, ROSTER, WHOLE
from tests.browser.chromium import needs_chromium, open_page
from tests.browser.picture import draw

pytestmark = needs_chromium


@pytest.mark.parametrize("language", list(Language))
def test_the_page_runs_its_script_without_a_complaint(language: Language, tmp_path: Path) -> None:
    opened = open_page(report(WHOLE, language), tmp_path)
    page = read_page(opened.html)
    assert opened.complaints == ()
    assert [told.text for told in page.all("output")] == ["3 / 3", "3 / 3", "2 / 2"]


def test_a_search_leaves_the_rows_that_say_all_its_words(tmp_path: Path) -> None:
    html = report(WHOLE, Language.KO).replace('id="find-groups-table"', 'id="find-groups-table" value="MATH 제갈윤"')
    page = read_page(open_page(html, tmp_path).html)
    assert page.all("output")[0].text == "1 / 3"
    assert [row.text[:3] for row in page.all("tr") if "hidden" in row.attributes] == ["g-2", "g-3"]


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param("<script>document.title = 'taken'</script>", id="a script"),
        pytest.param("<img src='x' onerror=\"document.title = 'taken'\">", id="a handler"),
    ],
)
def test_what_is_not_the_pages_own_is_stopped_even_where_it_got_in(harm: str, tmp_path: Path) -> None:
    opened = open_page(report(WHOLE, Language.EN).replace("<main>", f"<main>{harm}"), tmp_path)
    assert "taken" not in read_page(opened.html).one("title").text
    assert any("Content Security Policy" in complaint for complaint in opened.complaints)


def test_the_page_is_not_wider_than_a_phone(tmp_path: Path) -> None:
    measure = "<script>document.title = document.documentElement.scrollWidth + ' of ' + innerWidth</script>"
    html = report(WHOLE, Language.EN).replace("http-equiv", "data-http-equiv").replace("</body>", f"{measure}</body>")
    wide, _, window = read_page(open_page(html, tmp_path, "--window-size=500,900").html).one("title").text.partition(" of ")
    assert int(wide) <= int(window) <= 500


def test_the_readmes_picture_is_drawn_of_a_result(tmp_path: Path) -> None:
    write_result(RESULT, tmp_path / "result", roster=ROSTER)
    draw(tmp_path / "result", tmp_path / "docs" / "report.png", tmp_path)
    assert (tmp_path / "docs" / "report.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
