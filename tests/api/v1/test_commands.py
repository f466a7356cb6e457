"""What the command line can do, the API can: each command has an operation, or a reason why it has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from click import Command, Group
from fastapi import FastAPI
from sqlalchemy import create_engine
from typer.main import get_command

from api.app import create_app
from api.cli import app
from api.v1.document import operations_of
from tests.api.v1.callers import NOW

SAME = {
    "import": ("import_tables", "put_mentors", "put_mentees", "put_pairs", "put_peers", "change_a_term"),
    "export": ("export_tables",),
    "unrecorded": ("list_sessions",),
    "match": ("ask_for_match", "follow_match", "stop_match", "read_match_files"),
    "show": ("list_match_groups", "list_match_unplaced", "list_match_advice", "list_match_changes"),
    "feed new": ("make_subscription",),
    "feed list": ("list_subscriptions",),
    "feed set": ("change_subscription",),
    "feed revoke": ("revoke_subscription",),
    "program list": ("list_programs",),
    "program new": ("add_program",),
    "program show": ("read_program",),
    "program rename": ("change_program",),
    "program set": ("change_program",),
    "term new": ("add_term",),
    "term set": ("change_a_term",),
    "term remove": ("remove_a_term",),
    "term list": ("list_terms",),
    "term show": ("read_term", "list_closures", "read_days_off"),
    "term close": ("add_closure",),
    "term reopen": ("remove_closure",),
    "timetable add": ("put_timetable",),
    "timetable list": ("list_timetables",),
    "timetable fetch": ("fetch_timetable",),
    "timetable remove": ("remove_timetable",),
    "timetable clashes": ("list_clashes",),
    "round open": ("open_next_round",),
    "round close": ("close_open_round",),
    "round solve": ("start_run", "follow_run"),
    "round list": ("list_rounds", "list_runs"),
    "round show": ("read_run", "list_placed_groups", "list_unplaced", "list_advice", "list_changes", "read_files"),
    "round compare": ("compare_runs",),
    "round stop": ("stop_run",),
    "round publish": ("publish_run",),
    "round undo": ("undo_run",),
    "oneroster import": ("import_roster",),
    "oneroster export": ("export_round",),
    "consent give": ("note_consent", "note_consents"),
    "consent withdraw": ("note_consent",),
    "consent import": ("note_consents",),
    "consent born": ("put_birth_day",),
    "consent list": ("list_consents", "read_consents"),
    "person export": ("export_own_data", "export_own_files"),
    "person erase": ("erase_own_data",),
    "group list": ("list_groups",),
    "group times": ("change_group_times",),
    "group end": ("end_group",),
    "group join": ("join_group",),
    "group leave": ("leave_group",),
    "group link": ("change_group_link",),
    "group links": ("change_group_links",),
    "leave mentor": ("leave_as_mentor",),
    "leave mentee": ("leave_as_mentee",),
    "leave undo": ("stay_as_mentor", "stay_as_mentee"),
    "leave list": ("list_mentors", "list_mentees"),
    "session list": ("list_sessions",),
    "session show": ("read_session", "read_record", "list_audit", "list_messages_of_session"),
    "session lacking": ("list_sessions",),
    "session move": ("move_session",),
    "session cancel": ("cancel_session",),
    "session restore": ("restore_session",),
    "session make-up": ("make_session_up",),
    "session substitute": ("substitute_mentor",),
    "session plan": ("plan_session_for_group", "plan_session_for_people"),
    "session record": ("write_record",),
    "remind mentor": ("change_reminders_of_mentor",),
    "remind mentee": ("change_reminders_of_mentee",),
    "remind list": ("list_reminders",),
    "outbox list": ("list_outbox",),
    "webhook new": ("add_webhook",),
    "webhook list": ("list_webhooks",),
    "webhook test": ("test_webhook",),
    "webhook replay": ("replay_webhook", "replay_delivery"),
    "webhook close": ("remove_webhook",),
    "audit list": ("list_audit",),
    "account give": ("give_program_role",),
    "account take": ("take_program_role",),
    "account list": ("list_roles",),
    "client new": ("make_program_client",),
    "client list": ("list_clients",),
    "client rotate": ("add_client_secret",),
    "client drop": ("take_client_secret",),
    "client close": ("close_program_client",),
}
"""By which operations the API does what a command does."""

ONLY_COMMANDS = {
    "tick": "the service ticks by itself, and whoever runs it does so at a moment of their own",
    "worker": "it is a process of the machine",
    "serve": "it is what answers the API",
    "reseal": "the keys are of the service's machine",
    "migrate": "the service does not run on a database that is not up to date",
    "demo": "it is a show on one's own machine",
    "check": "it judges files without trusting the service that made them",
    "report": "it draws a page from files on one's own machine",
    **dict.fromkeys(
        ("sso set", "sso show", "sso remove"), "rights are of programs, and a provider vouches for the people of a whole organisation"
    ),
    "account close": "an account may have roles in others' programs: of its own, a program takes them away",
}
"""Why the API does not do what a command does."""


def commands(of: Mapping[str, Command], path: str = "") -> Iterator[str]:
    """All that can be typed after `dure`."""
    for name, command in of.items():
        inside: Mapping[str, Command] = getattr(command, "commands", {})
        yield from commands(inside, f"{path}{name} ") if inside else [f"{path}{name}"]


def test_each_command_has_operations_or_a_reason_why_not() -> None:
    there = set(commands(cast("Group", get_command(app)).commands))
    assert SAME.keys() | ONLY_COMMANDS.keys() == there
    assert not SAME.keys() & ONLY_COMMANDS.keys()


def test_the_operations_are_in_the_document() -> None:
    made = create_app(create_engine("sqlite://"), lambda: NOW).app
    assert isinstance(made, FastAPI)
    known = {one["operationId"] for _, _, one in operations_of(made.openapi())}
    assert {name for names in SAME.values() for name in names} - known == set()
