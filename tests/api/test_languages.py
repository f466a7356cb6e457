"""Every sentence of a page and of a result is in every language, with the same places for what is put into it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import api
import matching
from api.languages import Language, translations

TRANSLATED = [language for language in Language if language is not Language.EN]
PLACES = re.compile(r"%\(\w+\)s")


def written() -> set[str]:
    """All sentences that stand in the source."""
    templates = {"templates/*.html": {"extensions": "jinja2.ext.i18n", "trim_blocks": "true", "lstrip_blocks": "true"}}
    found = extract_from_dir(
        Path(api.__file__).parent, method_map=[("templates/*.html", "jinja2"), ("*.py", "python")], options_map=templates
    )
    said = extract_from_dir(Path(matching.__file__).parent, method_map=[("*.py", "python")], keywords={"Sentence": None})
    return {str(sentence) for _, _, sentence, _, _ in (*found, *said)}


def catalog(language: Language) -> Catalog:
    with language.catalog.open("rb") as file:
        return read_po(file)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated_and_none_is_left_over(language: Language) -> None:
    known = {str(message.id) for message in catalog(language) if message.id}
    assert known == written()


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_empty_or_unsure(language: Language) -> None:
    unsure = [message.id for message in catalog(language) if message.id and (message.fuzzy or not str(message.string).strip())]
    assert unsure == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_places_of_its_sentence(language: Language) -> None:
    other = [
        message.id
        for message in catalog(language)
        if message.id and sorted(PLACES.findall(str(message.id))) != sorted(PLACES.findall(str(message.string)))
    ]
    assert other == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        pytest.param(Language.EN, "Unplaced requests", id="English is the source"),
        pytest.param(Language.KO, "배정되지 않은 신청", id="Korean"),
        pytest.param(Language.ZH_TW, "未安排的申請", id="Traditional Chinese"),
    ],
)
def test_a_sentence_is_said_in_each_language(language: Language, said: str) -> None:
    assert translations(language).gettext("Unplaced requests") == said
