"""Says the sentences of a result in a person's language: those it has for mentees left over, for advice and for changes."""

from __future__ import annotations

import gettext

from babel import Locale
from babel.dates import get_day_names
from babel.numbers import format_decimal

from matching.sentences import Sentence, Value, filled
from matching.week import DAY_MINUTES, Meetings, NotAWeeklyTime, Stretch, clock, read_meetings


def said(value: Value, words: gettext.NullTranslations, locale: Locale) -> str:
    """What stands in a place of a sentence, or a whole one, in the language; a text that is no sentence stays as it is."""
    match value:
        case Sentence():
            return filled(words.gettext(value.template), {name: said(one, words, locale) for name, one in value.values.items()})
        case int():
            return format_decimal(value, locale=locale)
        case Stretch():
            day, start = divmod(value.start, DAY_MINUTES)
            return f"{days(locale)[day]} {clock(start)}-{clock(value.end - day * DAY_MINUTES)}"
        case tuple():
            return meetings(value, locale)
    return value


def days(locale: Locale) -> list[str]:
    """The days of the week, from Monday on, in short."""
    names = get_day_names("abbreviated", locale=locale)
    return [names[day] for day in range(7)]


def meetings(starts: Meetings, locale: Locale) -> str:
    """`Tue, Thu 19:00`, or `Tue 19:00, Thu 20:00` where the times differ."""
    names = days(locale)
    told = [(names[start // DAY_MINUTES], clock(start % DAY_MINUTES)) for start in starts]
    if len({time for _, time in told}) == 1:
        return f"{', '.join(day for day, _ in told)} {told[0][1]}"
    return ", ".join(f"{day} {time}" for day, time in told)


def place(text: str, locale: Locale) -> str:
    """`mentor @ meetings` of changes.csv with the language's days; any other text as it is."""
    mentor, at, when = text.rpartition(" @ ")
    try:
        return f"{mentor} @ {meetings(read_meetings(when), locale)}" if at else text
    except NotAWeeklyTime:
        return text
