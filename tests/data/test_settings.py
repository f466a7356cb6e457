"""Settings of programs: what is wrong with one is told in plain words, one line for each fault."""

from __future__ import annotations

import pytest

from data.settings import BadSettings, read_settings

WRONG: dict[str, dict[str, object]] = {
    "languages: is empty; write at least one": {"languages": []},
    'languages, value 1: "fr" is none of these; write ko, en or zh-TW': {"languages": ["fr"]},
    "reminders: 60 is no list; write one, such as [1440, 60]": {"reminders": 60},
    "reminders, value 2: 0 is too little; write 1 or more": {"reminders": [5, 0]},
    "horizon_days: 999 is too much; write 732 or less": {"horizon_days": 999},
    'horizon_days: "soon" is no whole number; write one, such as 28': {"horizon_days": "soon"},
    "horizon_days: 2.5 is no whole number; write one, such as 28": {"horizon_days": 2.5},
    "link: 7 is no text; write some in quotes": {"link": 7},
    'titles: "x" names nothing in languages; write it as `dure program show` does': {"titles": "x"},
    'titles, fr: "fr" is none of these; write ko, en or zh-TW': {"titles": {"fr": "x"}},
    "subjects: 'math' has an empty name in ko; write some text, or leave it out": {"subjects": {"math": {"ko": " "}}},
    "colour: is no setting; leave it out": {"colour": "red"},
    f'horizon_days: "{"9" * 58}… is no whole number; write one, such as 28': {"horizon_days": "9" * 5000},
}


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_with_a_setting_is_one_line(line: str) -> None:
    with pytest.raises(BadSettings) as bad:
        read_settings(WRONG[line])
    assert bad.value.lines == (line,)


def test_each_fault_has_its_line() -> None:
    with pytest.raises(BadSettings) as bad:
        read_settings({"names": "all", "reminders": [0]})
    assert [line.partition(":")[0] for line in bad.value.lines] == ["names", "reminders, value 1"]
