"""`dure feed`: makes the secret links of calendar feeds, lists them, changes what is behind one, and revokes them one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from api.edge import BY, MOST_SIGNS_OF_NAMES, BadWord, bounded, minutes_of, now, opened, some_text
from api.session_lines import say

if TYPE_CHECKING:
    from data.feeds import Calendar, Subscription
    from data.programs import Program

SubscriptionId = Annotated[str, typer.Argument(metavar="ID", help="As `dure feed list` tells it.")]

feeds = typer.Typer(help="Make secret links of calendar feeds, and revoke them.", no_args_is_help=True, rich_markup_mode=None)


@feeds.command()
def new(  # noqa: PLR0913, PLR0917  typer calls it by names
    place: Annotated[str, typer.Argument(metavar="[TERM|PROGRAM]", help="Where the key is known, if in several.", show_default=False)] = "",
    mentor: Annotated[str, typer.Option(metavar="KEY", help="A mentor's sessions.")] = "",
    mentee: Annotated[str, typer.Option(metavar="KEY", help="A mentee's sessions.")] = "",
    group: Annotated[str, typer.Option(metavar="KEY", help="A group's sessions.")] = "",
    school: Annotated[str, typer.Option(metavar="NAME", help="The sessions of a school's mentees.")] = "",
    program: Annotated[str, typer.Option(metavar="KEY", help="All sessions of a program.")] = "",
    name: Annotated[str, typer.Option(metavar="TEXT", help="What the link is for, such as: my phone.")] = "my calendar",
    language: Annotated[str, typer.Option(metavar="CODE", help="ko, en or zh-TW. [default: the person's, or the program's]")] = "",
    alarms: Annotated[str, typer.Option(metavar="MINUTES", help="Ring so long before a session, such as 1440,60.")] = "",
    days_back: Annotated[int, typer.Option(metavar="N", help="Show sessions from so many days back on.")] = 60,
) -> None:
    """Make a link that somebody's calendar program subscribes to.

    It is told this once. Whoever has it sees the calendar.
    """
    from api.links import feed_links, hints
    from data.database import transaction
    from data.feed_owners import find_owner, spoken_language
    from data.feeds import Audience, calendar_of, subscribe

    with opened() as engine:
        bounded(some_text(name, "--name"), "--name", MOST_SIGNS_OF_NAMES)
        given = {
            Audience.MENTOR: mentor,
            Audience.MENTEE: mentee,
            Audience.GROUP: group,
            Audience.SCHOOL: school,
            Audience.PROGRAM: program,
        }
        wanted = [(audience, key) for audience, key in given.items() if key]
        if len(wanted) != 1:
            raise BadWord(
                "feed new", "whose feed is not said, or of several", "write one of --mentor, --mentee, --group, --school, --program"
            )
        with transaction(engine) as db:
            owner = find_owner(db, *wanted[0], place)
            subscription, token = subscribe(
                db,
                calendar_of(db, owner.program_id, owner.audience, owner.owner, now()),
                name=name,
                language=spoken_language(db, owner.program_id, language) if language else owner.language,
                alarms=minutes_of(alarms, "--alarms"),
                days_back=days_back,
                by=BY,
                now=now(),
            )
            links = feed_links(token)
        say(
            [
                f"{name}: {wanted[0][0]} {wanted[0][1]}, from {days_back} days back to the term's end",
                *links,
                *hints(),
                f"Nobody can tell this link again. `dure feed revoke {subscription.id}` ends it.",
            ]
        )


@feeds.command("list")
def list_feeds() -> None:
    """List all subscriptions, but not their links."""
    from data.database import reading
    from data.feed_owners import owner_keys
    from data.feeds import subscriptions

    with opened() as engine:
        with reading(engine) as db:
            rows = subscriptions(db)
            keys = owner_keys(db, [calendar for _, calendar, _ in rows])
            lines = [_line(one, calendar, program, keys[calendar.id]) for one, calendar, program in rows]
        say(lines, nothing="there are no links; `dure feed new` makes one")


@feeds.command("set")
def set_feed(
    subscription: SubscriptionId,
    name: Annotated[str, typer.Option(metavar="TEXT", help="What the link is for.")] = "",
    language: Annotated[str, typer.Option(metavar="CODE", help="ko, en or zh-TW.")] = "",
    alarms: Annotated[str, typer.Option(metavar="MINUTES", help="Ring so long before a session, such as 1440,60; or none.")] = "",
    days_back: Annotated[int | None, typer.Option(metavar="N", help="Show sessions from so many days back on.")] = None,
) -> None:
    """Change what one link shows.

    The link stays as it is. Calendars that have it show the change when they ask next.
    """
    from data.database import transaction
    from data.feed_owners import spoken_language
    from data.feeds import Calendar, change, subscription_of

    with opened() as engine:
        if not (name or language or alarms or days_back is not None):
            raise BadWord("feed set", "nothing is to be changed", "write some of --name, --language, --alarms, --days-back")
        bounded(name, "--name", MOST_SIGNS_OF_NAMES)
        with transaction(engine) as db:
            program = db.get_one(Calendar, subscription_of(db, subscription).calendar_id).program_id
            changed = change(
                db,
                subscription,
                name=name or None,
                language=spoken_language(db, program, language) if language else None,
                alarms=None if not alarms else [] if alarms == "none" else minutes_of(alarms, "--alarms"),
                days_back=days_back,
                by=BY,
                now=now(),
            )
            rings = ", ".join(str(minutes) for minutes in changed.alarms)
            line = f"{changed.name}: in {changed.language}, from {changed.days_back} days back, " + (
                f"rings {rings} minutes before" if rings else "does not ring"
            )
        say([line])


@feeds.command()
def revoke(subscription: SubscriptionId) -> None:
    """End one link at once and for good."""
    from data.database import transaction
    from data.feeds import revoke as revoke_one

    with opened() as engine:
        with transaction(engine) as db:
            ended = revoke_one(db, subscription, by=BY, now=now())
        say([f"{ended.name}: revoked"])


def _line(subscription: Subscription, calendar: Calendar, program: Program, owner: str) -> str:
    used = f"last used {subscription.last_used_at:%Y-%m-%d %H:%M} UTC" if subscription.last_used_at else "never used"
    state = f"revoked {subscription.revoked_at:%Y-%m-%d}" if subscription.revoked_at else used
    return f"{subscription.id}  {program.key}: {calendar.audience} {owner}, {subscription.name}, {state}"
