"""The tables of docs are true: each requirement of ASVS 5.0 up to level 2 is told once, by a test or a page that there is; and who may do
what is as the code has it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from data.signed_in import FRESH
from tests.docs import PAGE, access_page

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"
ASVS = (DOCS / "asvs.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) \| (\d) \| (.+?) \| (.+) \|$", ASVS, re.MULTILINE)

LEVELS = """
1.1 22 1.2 1111122223 1.3 112222222223 1.4 222 1.5 123
2.1 122 2.2 112 2.3 12223 2.4 23
3.1 3 3.2 113 3.3 12223 3.4 11222233 3.5 11122333 3.6 3 3.7 22333
4.1 12233 4.2 23333 4.3 22 4.4 1222
5.1 2 5.2 112333 5.3 113 5.4 222
6.1 122 6.2 111111112222 6.3 11223333 6.4 112233 6.5 22222333 6.6 2223 6.7 33 6.8 2222
7.1 222 7.2 1111 7.3 22 7.4 11222 7.5 223 7.6 22
8.1 1233 8.2 1123 8.3 133 8.4 23
9.1 111 9.2 1222
10.1 22 10.2 223 10.3 22223 10.4 1111122222233333 10.5 22222 10.6 22 10.7 222
11.1 2233 11.2 22233 11.3 11233 11.4 1222 11.5 23 11.6 23 11.7 33
12.1 12233 12.2 11 12.3 22223
13.1 2333 13.2 222223 13.3 2233 13.4 1222233
14.1 22 14.2 12223333 14.3 122
15.1 12233 15.2 12233 15.3 1222222 15.4 3333
16.1 2 16.2 22222 16.3 2222 16.4 222 16.5 2223
17.1 23 17.2 22223333 17.3 22
"""
"""Of each section of version 5.0.0 the levels of its requirements, in their order."""

KINDS = {"shown by tests": "`", "said": "said: ", "made so": "made so: ", "do not apply": "no: ", "open": "open: "}


def test_each_requirement_is_told_once_with_its_level() -> None:
    sections = re.findall(r"(\d+\.\d) (\d+)", LEVELS)
    told = [(f"{section}.{number}", level) for section, levels in sections for number, level in enumerate(levels, start=1)]
    wanted = [(number, level) for number, level in told if level < "3"]
    assert Counter(level for _, level in wanted) == {"1": 70, "2": 183}
    assert [(number, level) for number, level, _, _ in ROWS] == wanted


def test_each_is_of_a_kind_and_they_are_counted() -> None:
    found = {kind: sum(how.startswith(begin) for *_, how in ROWS) for kind, begin in KINDS.items()}
    assert sum(found.values()) == len(ROWS)
    told = re.search(r"^Of (\d+) requirements" + 5 * r"(?: and)? (\d+) (?:are )?([a-z ]+)[,.]" + "$", ASVS, re.MULTILINE)
    assert told is not None
    assert int(told[1]) == len(ROWS)
    assert {told[n + 1]: int(told[n]) for n in range(2, 12, 2)} == found


def test_each_test_that_is_named_is_there() -> None:
    named = set(re.findall(r"`([\w/]+\.py)::(\w+)`", ASVS))
    assert len(named) > 80
    assert {name for name in named if f"def {name[1]}(" not in _text(TESTS / name[0])} == set()
    assert set(re.findall(r"`tests/([\w/]+\.py)`", ASVS)) == {"api/v1/test_top_ten_callers.py", "api/v1/test_top_ten_service.py"}
    risks = _text(TESTS / "api/v1/test_top_ten_callers.py") + _text(TESTS / "api/v1/test_top_ten_service.py")
    assert set(re.findall(r"^def test_api(\d+)_", risks, re.MULTILINE)) == {str(number) for number in range(1, 11)}


def test_each_page_that_is_linked_is_there_with_its_heading() -> None:
    for page in DOCS.glob("*.md"):
        for link in re.findall(r"\]\((?!https?:)([^)]+)\)", _text(page)):
            path, _, heading = link.partition("#")
            aim = (page.parent / path).resolve() if path else page
            assert aim.exists(), f"{page.name}: {link}"
            headings = {_anchor(text) for text in re.findall(r"^#+ (.+)$", _text(aim), re.MULTILINE)} if heading else set()
            assert not heading or heading in headings, f"{page.name}: {link}"


def test_the_page_of_who_may_do_what_is_as_the_code_has_it() -> None:
    assert _text(PAGE) == access_page(), "write it anew: python -m tests.docs"
    assert f"within {FRESH.seconds // 60} minutes" in access_page()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
