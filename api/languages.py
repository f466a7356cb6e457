"""The languages that pages speak: English in the source, Korean and Traditional Chinese from the catalogs in `locales`.

Catalogs are kept as text (.po) only and compiled in memory when a page is made.
"""

from __future__ import annotations

import gettext
import io
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

LOCALES = Path(__file__).parent / "locales"


class Language(StrEnum):
    """A language that pages are made in, by its tag (RFC 5646)."""

    KO = "ko"
    EN = "en"
    ZH_TW = "zh-TW"

    @property
    def locale(self) -> Locale:
        """Its numbers, dates and names of days."""
        from babel import Locale

        return Locale.parse(self.value, sep="-")

    @property
    def catalog(self) -> Path:
        """The file of its translations; English has none."""
        return LOCALES / self.value.replace("-", "_") / "LC_MESSAGES" / "dure.po"


def translations(language: Language) -> gettext.NullTranslations:
    """What turns the source's sentences into the language's."""
    if language is Language.EN:
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with language.catalog.open("rb") as file:
        write_mo(compiled, read_po(file, locale=str(language.locale)))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
