"""`dure webhook`: makes webhooks, which are told of a program's events, lists them, tries them out and closes them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from api.edge import BY, BadWord, now, opened
from api.session_lines import say

webhooks = typer.Typer(help="Tell other services what happens in a program.", no_args_is_help=True, rich_markup_mode=None)

WebhookId = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its id, as `dure webhook list` shows it.")]


@webhooks.command()
def new(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="Its key; ORGANISATION/PROGRAM where several have that.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Where it is told.")],
    types: Annotated[str, typer.Option(metavar="TYPES", help="Of which events, with commas between them.", show_default="all")] = "",
) -> None:
    """Make a webhook, and say its secret, which is said once."""
    from data.database import transaction
    from data.program_settings import find_program
    from data.webhooks import make_webhook
    from scheduler.hooks import SECRET, signer

    with opened() as engine:
        own = signer()
        if own is None:
            raise BadWord(SECRET, "is not set", "write whsec_ and at least 24 bytes in base64")
        wanted = [word.strip() for word in types.split(",") if word.strip()]
        with transaction(engine) as db:
            made, secret = make_webhook(db, find_program(db, program), url, wanted, own.secret, by=BY, now=now())
        say([f"{made.id}  {made.url}", f"secret: {secret}"])


@webhooks.command("list")
def list_webhooks() -> None:
    """List all webhooks, and why one is told nothing."""
    from data.database import reading
    from data.program_settings import all_programs
    from data.webhooks import webhooks_of

    with opened() as engine:
        with reading(engine) as db:
            names = {program.id: name for name, program in all_programs(db).items()}
            lines = [
                f"{one.id}  {names[one.program_id]}: {one.url}, {', '.join(one.types) or 'all events'}"
                + (f", disabled: {one.disabled_why}" if one.disabled_at else f", {one.failures} failures in a row" if one.failures else "")
                for one in webhooks_of(db, list(names))
            ]
        say(lines, nothing="there are no webhooks; `dure webhook new` makes one")


@webhooks.command()
def test(webhook: WebhookId) -> None:
    """Tell a webhook an event of the type webhook.tested soon."""
    from data.database import transaction
    from data.webhooks import try_out, webhook_of

    with opened() as engine:
        with transaction(engine) as db:
            one = webhook_of(db, webhook)
            try_out(db, one, by=BY, now=now())
        say([f"{one.url}: is told within seconds, where `dure serve` or `dure tick` runs"])


@webhooks.command()
def replay(
    webhook: WebhookId, after: Annotated[UUID, typer.Argument(metavar="EVENT", help="The id of the event after which it begins.")]
) -> None:
    """Tell a webhook again of all events after one."""
    from data.database import transaction
    from data.webhooks import replay as tell_again, webhook_of

    with opened() as engine:
        with transaction(engine) as db:
            one = webhook_of(db, webhook)
            tell_again(db, one, after, by=BY, now=now())
        say([f"{one.url}: is told all after {after} again"])


@webhooks.command()
def close(webhook: WebhookId) -> None:
    """Remove a webhook with what waits for it."""
    from data.database import transaction
    from data.webhooks import close_webhook, webhook_of

    with opened() as engine:
        with transaction(engine) as db:
            one = webhook_of(db, webhook)
            close_webhook(db, one, by=BY, now=now())
        say([f"{one.url}: is told no more"])
