"""What programs differ in: how sessions are called, what feeds show, when people are reminded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from string import Formatter
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from data.base import Document
from data.retention import MOST_DAYS, PERIODS, Kept
from data.wording import why


class Language(StrEnum):
    """The languages in which people are spoken to."""

    KO = "ko"
    EN = "en"
    ZH_TW = "zh-TW"


class Names(StrEnum):
    """What a feed shows of mentees, who are minors."""

    COUNT = "count"
    GIVEN = "given"


@dataclass(eq=False)
class BadSettings(ValueError):
    """Settings are unknown, or hold what they must not: one line for each."""

    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines)


def _in_words(held: object) -> object:
    """A version that somebody wrote as a number."""
    return str(held) if type(held) is int else held


class Settings(BaseModel):
    """A program's settings.

    `titles` are how a session is called in each language, with `{subject}` and `{mentor}` in them; `subjects` are how a subject is called
    in each, where that is not as its key says, such as {"math": {"ko": "수학", "en": "Mathematics"}}; `link` is where groups meet that have
    no link of their own, with `{group}` in it; `reminders` are minutes before a session; a cancelled session stays in feeds for
    `cancelled_days`; a record of a session is asked for so many hours after it, each time once; the sessions of an open-ended term are
    produced for `horizon_days`. Who is younger than `consent_age` is in a round only with a guardian's consent to the text whose version is
    `consent_text`; so is who is of `consent_grade` or below where nobody knows when they were born. An age of 0 asks for none. `retention`
    are days for which kinds of data are kept otherwise than usual, such as {"records": 180}. With `two_factors` whoever runs the program
    or is there for others signs in with two.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    titles: dict[Language, str] = {
        Language.KO: "{subject} 멘토링",
        Language.EN: "{subject} tutoring",
        Language.ZH_TW: "{subject} 課輔",
    }
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = tuple(Language)
    subjects: dict[str, dict[Language, str]] = {}
    names: Names = Names.COUNT
    link: str = ""
    reminders: tuple[Annotated[int, Field(strict=True, ge=1, le=28 * 24 * 60)], ...] = (1440, 60)
    cancelled_days: Annotated[int, Field(strict=True, ge=1, le=366)] = 14
    ask_after_hours: tuple[Annotated[int, Field(strict=True, ge=1, le=14 * 24)], ...] = (1, 48)
    horizon_days: Annotated[int, Field(strict=True, ge=1, le=732)] = 56
    consent_age: Annotated[int, Field(strict=True, ge=0, le=19)] = 14
    consent_grade: Annotated[int, Field(strict=True, ge=0, le=12)] = 0
    consent_text: Annotated[
        str, BeforeValidator(lambda held: str(held) if isinstance(held, int) else held), Field(pattern=r"^\S{1,60}$")
    ] = "1"
    retention: dict[Kept, Annotated[int, Field(strict=True, ge=1, le=MOST_DAYS)]] = {}
    two_factors: Annotated[bool, Field(strict=True)] = False

    @field_validator("titles")
    @classmethod
    def _titles_can_be_filled(cls, titles: dict[Language, str]) -> dict[Language, str]:
        for title in titles.values():
            _filled(title, subject="", mentor="")
        return {**cls.model_fields["titles"].default, **titles}

    @field_validator("subjects")
    @classmethod
    def _subjects_have_names(cls, subjects: dict[str, dict[Language, str]]) -> dict[str, dict[Language, str]]:
        for subject, names in subjects.items():
            for language, name in names.items():
                if not name.strip():
                    raise ValueError(f"{subject!r} has an empty name in {language}; write some text, or leave it out")
        return subjects

    @field_validator("retention")
    @classmethod
    def _is_kept_long_enough(cls, retention: dict[Kept, int]) -> dict[Kept, int]:
        for kept, days in retention.items():
            if days < PERIODS[kept].least:
                raise ValueError(f"{kept} are kept for at least {PERIODS[kept].least} days")
        return retention

    @field_validator("link")
    @classmethod
    def _link_can_be_filled(cls, link: str) -> str:
        if link and not is_address(_filled(link, group="g-0001")):
            raise ValueError(f"{link!r} is no link; write https://...")
        return link

    def subject_in(self, language: Language, subject: str) -> str:
        """What a subject is called in a language: by its key, where nothing else is said."""
        return self.subjects.get(subject, {}).get(language, subject)


def is_address(link: str) -> bool:
    """Whether a link is the address of a page, which calendars may show."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and link.isprintable() and " " not in link


def _filled(template: str, **values: str) -> str:
    """The template with values in place of their marks, which are plain names: nothing of a value but its text may be asked for.

    Raises
    ------
    ValueError
        It has other marks.
    """
    try:
        marks = [mark[1:] for mark in Formatter().parse(template) if mark[1] is not None]
    except ValueError:
        marks = [("", "", None)]
    if any(name not in values or form or conversion for name, form, conversion in marks):
        raise ValueError(f"{template!r} has other marks than {', '.join(f'{{{name}}}' for name in values)}")
    return template.format(**values)


def read_settings(document: Document) -> Settings:
    """The settings that a document of JSON says; what it leaves out is as usual.

    Raises
    ------
    BadSettings
        With a line for each fault.
    """
    try:
        return Settings.model_validate(document)
    except ValidationError as bad:
        raise BadSettings(tuple(_lines(bad.errors()))) from None


def settings_of(document: Document) -> Settings:
    """The settings that are kept in a document: all that goes on by itself goes by these.

    A setting that cannot be, such as one that an older program let in, is as usual: no calendar and no mail stops for it, and
    `dure program show` says what is wrong.
    """
    try:
        return Settings.model_validate(document)
    except ValidationError as bad:
        faulty = {fault["loc"][0] for fault in bad.errors()}
        return Settings.model_validate({name: value for name, value in document.items() if name not in faulty})


OWN_WORDS = {
    "tuple_type": "{given} is no list; write one, such as [1440, 60]",
    "dict_type": "{given} names nothing in languages; write it as `dure program show` does",
    "string_pattern_mismatch": "{given} is no address; write https://...",
    "too_short": "is empty; write at least one",
    "extra_forbidden": "is no setting; leave it out",
}
"""What is wrong with settings, by the library's name for the fault, where that can be said nearer than of other values."""


def _lines(faults: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each fault: where it is, what is wrong, and what would be right."""
    for fault in faults:
        if fault["type"] == "too_short" and any(other["loc"][:-1] == fault["loc"] for other in faults):
            continue  # of a list that is short only for what is wrong in it
        name, *inside = fault["loc"]
        at = [f"value {part + 1}" if isinstance(part, int) else part for part in inside if part != "[key]"]
        yield f"{', '.join([str(name), *at])}: {why(fault, OWN_WORDS)}"
