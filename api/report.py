"""Draws a result as one page in a person's language, complete in itself (`dure report`).

The page asks no other host for anything and runs nothing but its own script: its content security policy names the hashes of that
script and its style. Every text of the round is escaped, stripped of signs that steer, and set apart from the writing around it.
"""

from __future__ import annotations

import base64
import datetime as dt
import gettext
import hashlib
import os
from functools import partial
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.curve import curve
from api.exits import Exit, complain, refuse
from api.languages import Language, translations
from api.overview import Heat, Overview, read_overview
from api.plain import clean, whole_percent
from api.said import days, meetings, place, said
from matching.faults import BadFiles
from matching.result import EndedBy, Reason
from matching.sentences import Sentence
from matching.week import clock

TEMPLATES = Path(__file__).parent / "templates"
MOST_ROWS = 1000
"""A table of the page has at most so many rows; the files of the result have all."""

MOST_MOMENTS = 100
WARMTHS = 5


def write_report(folder: Path, out: Path, language: Language) -> Exit:
    """Draws the result in this folder as a page; one that cannot be read, or a page that cannot be written, is bad input."""
    try:
        page = report(read_overview(folder), language)
    except BadFiles as bad:
        return refuse(bad)
    try:
        _put(page, out)
    except OSError as error:
        complain([f"{out}: cannot be written ({error.strerror}); name a file in a folder that is there"])
        return Exit.BAD_INPUT
    return Exit.DONE


def _put(page: str, out: Path) -> None:
    """Writes the page, whole or not at all where an earlier one is in its place."""
    if out.exists() and not out.is_file():  # a pipe, or nowhere
        out.write_text(page, encoding="utf-8", newline="\n")
        return
    target = out.resolve()
    made = target.with_name(f".{target.name}-{os.getpid()}")
    try:
        made.write_text(page, encoding="utf-8", newline="\n")
        made.replace(target)
    finally:
        made.unlink(missing_ok=True)


def report(overview: Overview, language: Language) -> str:
    """The whole page as HTML."""
    words = translations(language)
    style, script = _asset("report.css"), _asset("report.js")
    result, heat = overview.result, overview.heat
    history = result.history[:: -(-len(result.history) // MOST_MOMENTS) or 1]
    if history and history[-1] != result.history[-1]:
        history += result.history[-1:]
    return (
        _environment(language, words)
        .get_template("report.html")
        .render(
            language=language.value,
            title=(overview.roster.program if overview.roster else "") or words.gettext("Result of a matching round"),
            style=style,
            script=script,
            policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'",
            overview=overview,
            result=result,
            roster=overview.roster,
            placed_part=result.placed / max(result.requests, 1),
            seated=len(overview.mentees_seated),
            asking=len(overview.mentees_asking),
            seated_part=len(overview.mentees_seated) / max(len(overview.mentees_asking), 1),
            used=len(overview.mentors_used),
            heat=heat,
            heat_rows=_heat_rows(heat),
            days=days(language.locale),
            unplaced=[row for reason in Reason for row in overview.unplaced_by(reason)],
            reason_name=_reason_names(words),
            reason_meaning=_reason_meanings(words),
            ended_by=_endings(words)[result.ended_by],
            curve=curve(result.history),
            history=history,
            most=MOST_ROWS,
        )
    )


def _environment(language: Language, words: gettext.NullTranslations) -> Environment:
    locale = language.locale
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        finalize=_clean,
    )
    environment.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined] # the extension adds it
    environment.filters.update(
        {
            "number": partial(format_decimal, locale=locale),
            "signed": lambda number: format_decimal(number, format="+#,##0;-#,##0", locale=locale),
            "share": lambda part: format_percent(whole_percent(part) / 100, locale=locale),
            "gap": lambda gap: format_percent(gap, format="#,##0.00%" if gap < 0.1 else None, locale=locale),
            "seconds": lambda seconds: words.gettext("%(seconds)s s") % {"seconds": format_decimal(round(seconds, 1), locale=locale)},
            "date": lambda day: _date(day, locale),
            "meetings": lambda starts: meetings(starts, locale),
            "place": lambda text: place(text, locale),
            "said": lambda text: said(text, words, locale),
            "tongue": lambda text: language.value if isinstance(text, Sentence) else Language.EN.value,
        }
    )
    return environment


def _clean(value: object) -> object:
    """What a template prints: text without signs that steer, markup as it is."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """How a content security policy names an inline script or style (CSP Level 3, 2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _heat_rows(heat: Heat) -> list[tuple[str, list[tuple[int, int]]]]:
    """Each hour with its counts and how warm each is, from 0 to `WARMTHS`."""
    return [
        (clock(hour * 60), [(count, -(-count * WARMTHS // heat.most)) for count in counts])
        for hour, counts in zip(heat.hours, heat.rows, strict=True)
    ]


def _date(day: dt.date, locale: Locale) -> str:
    return format_date(day, "long", locale=locale)


def _reason_names(words: gettext.NullTranslations) -> dict[Reason, str]:
    _ = words.gettext
    return {
        Reason.NO_MENTOR: _("no mentor"),
        Reason.NO_TIME: _("no time"),
        Reason.NO_GROUP: _("no group"),
        Reason.NO_SEAT: _("no seat"),
    }


def _reason_meanings(words: gettext.NullTranslations) -> dict[Reason, str]:
    _ = words.gettext
    return {
        Reason.NO_MENTOR: _("No mentor may have this mentee for this subject."),
        Reason.NO_TIME: _("Such mentors exist, but at no time that the mentee shares."),
        Reason.NO_GROUP: _("No group could form with the mentee, even if nobody else were placed."),
        Reason.NO_SEAT: _("A group could form, but not beside the others without a loss."),
    }


def _endings(words: gettext.NullTranslations) -> dict[EndedBy, str]:
    _ = words.gettext
    return {
        EndedBy.PROOF: _("It ended because nothing better exists."),
        EndedBy.EFFORT: _("It ended because its effort was used up."),
        EndedBy.TIME: _("It ended because its time was up."),
        EndedBy.INTERRUPT: _("It was interrupted."),
    }
