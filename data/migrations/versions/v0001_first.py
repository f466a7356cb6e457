"""The tables of programs, people, rounds, groups, sessions, feeds, messages and the audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.base import Instant

revision = "0001"
down_revision = None


NO_TWO_AT_ONCE = """
ALTER TABLE booking ADD CONSTRAINT ex_booking_no_two_at_once
EXCLUDE USING gist (person_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
"""

# Bookings are shorter than a day, so that who overlaps a new one began at most a day before it.
REFUSE_TWO_AT_ONCE = """
CREATE TRIGGER {name} BEFORE {event} ON booking
WHEN EXISTS (
    SELECT 1 FROM booking WHERE person_id = NEW.person_id AND session_id <> NEW.session_id
    AND starts_at < NEW.ends_at AND starts_at > strftime('%Y-%m-%d %H:%M:%S', NEW.starts_at, '-1 day') AND ends_at > NEW.starts_at
)
BEGIN SELECT RAISE(ABORT, 'booking_no_two_at_once'); END
"""


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "deed",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("term_id", sa.Uuid(), nullable=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("whom", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deed"),
    )
    op.create_index("ix_deed_term_id_at", "deed", ["term_id", "at"])

    op.create_table(
        "tick",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_tick"),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisation"),
        sa.UniqueConstraint("key", name="uq_organisation_key"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("came_as", sa.String(16), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("gender", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("reminders", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_person_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("organisation_id", "came_as", "key", name="uq_person_organisation_id_came_as_key"),
    )
    op.create_table(
        "program",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_program_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_program"),
        sa.UniqueConstraint("organisation_id", "key", name="uq_program_organisation_id_key"),
    )
    op.create_table(
        "calendar",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("audience", sa.String(16), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name="fk_calendar_program_id"),
        sa.PrimaryKeyConstraint("id", name="pk_calendar"),
        sa.UniqueConstraint("program_id", "audience", "owner", name="uq_calendar_program_id_audience_owner"),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("written_at", Instant, nullable=False),
        sa.Column("due_at", Instant, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("sent_at", Instant, nullable=True),
        sa.Column("given_up_at", Instant, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_message_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint("key", name="uq_message_key"),
    )
    op.create_index("ix_message_due_at", "message", ["due_at"])
    op.create_index("ix_message_person_id", "message", ["person_id"])

    op.create_table(
        "term",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("make_up", sa.String(16), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name="fk_term_program_id"),
        sa.PrimaryKeyConstraint("id", name="pk_term"),
        sa.UniqueConstraint("program_id", "key", name="uq_term_program_id_key"),
    )
    op.create_table(
        "closure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("term_id", sa.Uuid(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("school", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["term_id"], ["term.id"], name="fk_closure_term_id"),
        sa.PrimaryKeyConstraint("id", name="pk_closure"),
    )
    op.create_index("ix_closure_term_id", "closure", ["term_id"])

    op.create_table(
        "mentee",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("term_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("availability", sa.String(), nullable=False),
        sa.Column("preferred", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("max_groups", sa.Integer(), nullable=True),
        sa.Column("school", sa.String(), nullable=False),
        sa.Column("mentor_gender", sa.String(), nullable=False),
        sa.Column("previous_mentor", sa.String(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("left_why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_mentee_person_id"),
        sa.ForeignKeyConstraint(["term_id"], ["term.id"], name="fk_mentee_term_id"),
        sa.PrimaryKeyConstraint("id", name="pk_mentee"),
        sa.UniqueConstraint("term_id", "key", name="uq_mentee_term_id_key"),
    )
    op.create_index("ix_mentee_person_id", "mentee", ["person_id"])

    op.create_table(
        "mentor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("term_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("subjects", sa.String(), nullable=False),
        sa.Column("availability", sa.String(), nullable=False),
        sa.Column("preferred", sa.String(), nullable=False),
        sa.Column("home_region", sa.String(), nullable=False),
        sa.Column("regions", sa.String(), nullable=False),
        sa.Column("max_groups", sa.Integer(), nullable=True),
        sa.Column("max_size", sa.Integer(), nullable=True),
        sa.Column("max_weekly_minutes", sa.Integer(), nullable=True),
        sa.Column("available_from", sa.Date(), nullable=True),
        sa.Column("available_until", sa.Date(), nullable=True),
        sa.Column("affiliation", sa.String(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("left_why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_mentor_person_id"),
        sa.ForeignKeyConstraint(["term_id"], ["term.id"], name="fk_mentor_term_id"),
        sa.PrimaryKeyConstraint("id", name="pk_mentor"),
        sa.UniqueConstraint("term_id", "key", name="uq_mentor_term_id_key"),
    )
    op.create_index("ix_mentor_person_id", "mentor", ["person_id"])

    op.create_table(
        "round",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("term_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("opened_at", Instant, nullable=False),
        sa.Column("closed_at", Instant, nullable=True),
        sa.Column("inputs", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["term_id"], ["term.id"], name="fk_round_term_id"),
        sa.PrimaryKeyConstraint("id", name="pk_round"),
        sa.UniqueConstraint("term_id", "number", name="uq_round_term_id_number"),
    )
    op.create_table(
        "subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("alarms", sa.JSON(), nullable=False),
        sa.Column("days_back", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("last_used_at", Instant, nullable=True),
        sa.Column("revoked_at", Instant, nullable=True),
        sa.Column("rendered_version", sa.Integer(), nullable=True),
        sa.Column("rendered_etag", sa.String(), nullable=False),
        sa.Column("last_modified", Instant, nullable=True),
        sa.Column("fresh_until", Instant, nullable=True),
        sa.Column("rendered", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendar.id"], name="fk_subscription_calendar_id"),
        sa.PrimaryKeyConstraint("id", name="pk_subscription"),
        sa.UniqueConstraint("token_hash", name="uq_subscription_token_hash"),
    )
    op.create_index("ix_subscription_calendar_id", "subscription", ["calendar_id"])

    op.create_table(
        "pair",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("term_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        sa.Column("mentee_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["mentee_id"], ["mentee.id"], name="fk_pair_mentee_id"),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name="fk_pair_mentor_id"),
        sa.ForeignKeyConstraint(["term_id"], ["term.id"], name="fk_pair_term_id"),
        sa.PrimaryKeyConstraint("id", name="pk_pair"),
    )
    op.create_index("ix_pair_term_id", "pair", ["term_id"])

    op.create_table(
        "peer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("term_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("mentee_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["mentee_id"], ["mentee.id"], name="fk_peer_mentee_id"),
        sa.ForeignKeyConstraint(["other_id"], ["mentee.id"], name="fk_peer_other_id"),
        sa.ForeignKeyConstraint(["term_id"], ["term.id"], name="fk_peer_term_id"),
        sa.PrimaryKeyConstraint("id", name="pk_peer"),
    )
    op.create_index("ix_peer_term_id", "peer", ["term_id"])

    op.create_table(
        "request",
        sa.Column("mentee_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["mentee_id"], ["mentee.id"], name="fk_request_mentee_id"),
        sa.PrimaryKeyConstraint("mentee_id", "subject", name="pk_request"),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("effort", sa.Double(), nullable=True),
        sa.Column("workers", sa.Integer(), nullable=False),
        sa.Column("solver", sa.String(), nullable=False),
        sa.Column("queued_at", Instant, nullable=False),
        sa.Column("started_at", Instant, nullable=True),
        sa.Column("ended_at", Instant, nullable=True),
        sa.Column("leased_by", sa.String(), nullable=False),
        sa.Column("leased_until", Instant, nullable=True),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("stop_asked", sa.Boolean(), nullable=False),
        sa.Column("placed", sa.Integer(), nullable=True),
        sa.Column("score", sa.BigInteger(), nullable=True),
        sa.Column("bound", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("history", sa.JSON(), nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("published_at", Instant, nullable=True),
        sa.Column("undone_at", Instant, nullable=True),
        sa.Column("undo", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["previous_id"], ["run.id"], name="fk_run_previous_id"),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name="fk_run_round_id"),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.UniqueConstraint("round_id", "number", name="uq_run_round_id_number"),
    )
    op.create_index("ix_run_state", "run", ["state"])

    op.create_table(
        "group",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("term_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("link", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name="fk_group_mentor_id"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_group_run_id"),
        sa.ForeignKeyConstraint(["term_id"], ["term.id"], name="fk_group_term_id"),
        sa.PrimaryKeyConstraint("id", name="pk_group"),
        sa.UniqueConstraint("term_id", "key", name="uq_group_term_id_key"),
    )
    op.create_index("ix_group_mentor_id", "group", ["mentor_id"])
    op.create_index("ix_group_run_id", "group", ["run_id"])

    op.create_table(
        "membership",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("mentee_id", sa.Uuid(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["group.id"], name="fk_membership_group_id"),
        sa.ForeignKeyConstraint(["mentee_id"], ["mentee.id"], name="fk_membership_mentee_id"),
        sa.PrimaryKeyConstraint("group_id", "mentee_id", "from_on", name="pk_membership"),
    )
    op.create_index("ix_membership_mentee_id", "membership", ["mentee_id"])

    op.create_table(
        "series",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("meetings", sa.JSON(), nullable=False),
        sa.Column("session_minutes", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("produced_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["group.id"], name="fk_series_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
    )
    op.create_index("ix_series_group_id", "series", ["group_id"])

    op.create_table(
        "session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("original_start", Instant, nullable=False),
        sa.Column("starts_at", Instant, nullable=False),
        sa.Column("ends_at", Instant, nullable=False),
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("cancelled_why", sa.String(), nullable=False),
        sa.Column("makes_up_id", sa.Uuid(), nullable=True),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("minutes_held", sa.Integer(), nullable=True),
        sa.Column("recorded_at", Instant, nullable=True),
        sa.CheckConstraint("starts_at < ends_at", name="ck_session_starts_before_it_ends"),
        sa.ForeignKeyConstraint(["group_id"], ["group.id"], name="fk_session_group_id"),
        sa.ForeignKeyConstraint(["makes_up_id"], ["session.id"], name="fk_session_makes_up_id"),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name="fk_session_mentor_id"),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_session_series_id"),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.UniqueConstraint("series_id", "original_start", name="uq_session_series_id_original_start"),
    )
    op.create_index("ix_session_group_id_starts_at", "session", ["group_id", "starts_at"])
    op.create_index("ix_session_makes_up_id", "session", ["makes_up_id"])
    op.create_index("ix_session_mentor_id_starts_at", "session", ["mentor_id", "starts_at"])
    op.create_index("ix_session_state_starts_at", "session", ["state", "starts_at"])

    op.create_table(
        "shift",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("meetings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_shift_series_id"),
        sa.PrimaryKeyConstraint("series_id", "from_on", name="pk_shift"),
    )
    op.create_table(
        "attendance",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("mentee_id", sa.Uuid(), nullable=False),
        sa.Column("presence", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(["mentee_id"], ["mentee.id"], name="fk_attendance_mentee_id"),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name="fk_attendance_session_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", "mentee_id", name="pk_attendance"),
    )
    op.create_table(
        "booking",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", Instant, nullable=False),
        sa.Column("ends_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_booking_person_id"),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name="fk_booking_session_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", "person_id", name="pk_booking"),
    )
    op.create_index("ix_booking_person_id_starts_at", "booking", ["person_id", "starts_at"])

    op.create_table(
        "task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name="fk_task_session_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
    )
    op.create_index("ix_task_session_id", "task", ["session_id"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(REFUSE_TWO_AT_ONCE.format(name="booking_no_two_at_once_added", event="INSERT"))
        op.execute(REFUSE_TWO_AT_ONCE.format(name="booking_no_two_at_once_changed", event="UPDATE"))
    else:
        op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        op.execute(NO_TWO_AT_ONCE)
