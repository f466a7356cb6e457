"""What events are called: types that stay, whatever the audit's words for the same become."""

from __future__ import annotations

from collections.abc import Mapping

READING = "read", "exported"
"""The last words of what is written down of somebody who only looked: no change, and so no event."""

SESSION_CHANGED = "session.changed"
"""Of each session that a change altered, besides the event of the change itself."""

TESTED = "webhook.tested"

TYPES: Mapping[str, str] = {
    "term made": "term.made",
    "term changed": "term.changed",
    "term removed": "term.removed",
    "policy changed": "term.policy_changed",
    "program made": "program.made",
    "setting changed": "program.changed",
    "renamed": "program.renamed",
    "tables imported": "people.imported",
    "people changed": "people.changed",
    "pairs changed": "people.pairs_changed",
    "wish changed": "person.wish_changed",
    "born": "person.birth_day_changed",
    "erased": "person.erased",
    "consent given": "consent.given",
    "consent withdrawn": "consent.withdrawn",
    "timetable handed in": "timetable.handed_in",
    "timetable removed": "timetable.removed",
    "timetable changed": "timetable.changed",
    "opened": "round.opened",
    "closed": "round.closed",
    "queued": "run.queued",
    "stopped": "run.stopped",
    "solved": "run.solved",
    "failed": "run.failed",
    "published": "run.published",
    "undone": "run.withdrawn",
    "produced": "sessions.produced",
    "planned": "session.planned",
    "moved": "session.moved",
    "cancelled": "session.cancelled",
    "restored": "session.restored",
    "made up": "session.made_up",
    "substituted": "session.substituted",
    "recorded": "session.recorded",
    "record corrected": "session.record_corrected",
    "sessions cancelled": "sessions.cancelled",
    "sessions restored": "sessions.restored",
    "days closed": "closure.made",
    "days opened": "closure.ended",
    "times changed": "group.times_changed",
    "ended": "group.ended",
    "joined": "group.joined",
    "left": "group.left",
    "link changed": "group.link_changed",
    "links changed": "groups.links_changed",
    "mentor left": "mentor.left",
    "mentee left": "mentee.left",
    "mentees gone": "mentees.gone",
    "leaving taken back": "leaving.taken_back",
    "feed new": "subscription.made",
    "feed set": "subscription.changed",
    "feed revoke": "subscription.revoked",
    "role given": "role.given",
    "role taken": "role.taken",
    "client made": "client.made",
    "client closed": "client.closed",
    "client secret added": "client.secret_added",
    "client secret taken": "client.secret_taken",
    "webhook made": "webhook.made",
    "webhook changed": "webhook.changed",
    "webhook closed": "webhook.closed",
    "webhook disabled": "webhook.disabled",
    "webhook secret added": "webhook.secret_added",
    "webhook secret taken": "webhook.secret_taken",
    "webhook replayed": "webhook.replayed",
    "webhook tested": TESTED,
}
"""By the audit's words."""

EVENT_TYPES = tuple(sorted({SESSION_CHANGED, *TYPES.values()}))
"""All of them."""


def type_of(what: str, whom: str) -> str | None:
    """The type of the event of what the audit calls so; None where nothing was changed."""
    if what.endswith(READING):
        return None
    return TYPES.get(what) or f"{whom.partition(' ')[0]}.{what.replace(' ', '_')}"
