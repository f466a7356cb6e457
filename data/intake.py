"""Takes a round's tables into a term: what they would change is told first, and then done whole or not at all."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session as DbSession

from data.audit import write_down
from data.base import Document
from data.calendars import parts, touch, touch_groups
from data.entries import NOT_IN_THE_IMPORT, Difference, by_key, difference, enter, person_row
from data.groups import Group, Membership
from data.people import Mentee, Mentor
from data.programs import Term
from data.roster import last_day, leaving_days, round_of, without_people
from data.sessions import Session
from data.terms import day_in, term_name
from matching.round import Pair, Peers, Policy, Round

IMPORTED = "tables imported"
"""What the audit calls an import that changed something."""
MOST_GONE = 10
"""Of so many people, one may be gone without anybody having said so."""
TOLD = 5
"""At most so many who would be back are named."""
SHOWN = {"name", "school"}
"""What calendars show of people, or choose them by."""


class IntakeProblem(Exception):
    """The root of why the tables of a round are not taken in."""


@dataclass(eq=False)
class TooManyGone(IntakeProblem):
    """More people would be gone than anybody may mean by accident."""

    gone: int
    there: int

    def __str__(self) -> str:
        return f"{self.gone:,} of {self.there:,} people would be gone, more than a tenth; where that is meant, say --allow-removals"


@dataclass(eq=False)
class WouldReturn(IntakeProblem):
    """Somebody would be there again who was said to leave."""

    people: tuple[str, ...]

    def __str__(self) -> str:
        more = f" and {len(self.people) - TOLD:,} more" if len(self.people) > TOLD else ""
        return f"{', '.join(self.people[:TOLD])}{more} left, and would be back; where that is meant, say --allow-returns"


@dataclass(eq=False)
class ZoneIsFixed(IntakeProblem):
    """A term that has groups keeps its zone: their sessions are dated in it."""

    zone: str
    wanted: str

    def __str__(self) -> str:
        return f"the term has groups that meet by the clock of {self.zone}; write that as its time_zone, not {self.wanted}"


@dataclass(frozen=True, slots=True)
class Changes:
    """What an import changes, by table: mentors and mentees by their keys, pairs and peers by what they speak of, the policy by its keys.

    `there` counts the people before; `returning` are those of who would be back whom no import took away; `policy` holds what its keys
    said before and say after, of those that change.
    """

    tables: Mapping[str, Difference]
    there: int
    returning: tuple[str, ...] = ()
    policy: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    @property
    def gone(self) -> int:
        """How many people would be gone."""
        return len(self.tables["mentors"].gone) + len(self.tables["mentees"].gone)

    def refuse_too_many_gone(self) -> None:
        """Does nothing where at most a tenth of the people would be gone.

        Raises
        ------
        TooManyGone
            More would be.
        """
        if self.gone * MOST_GONE > self.there:
            raise TooManyGone(self.gone, self.there)

    def refuse_returns(self) -> None:
        """Does nothing where nobody would be back who was said to leave.

        Raises
        ------
        WouldReturn
            Somebody would be.
        """
        if self.returning:
            raise WouldReturn(self.returning)


def compare(before: Round, after: Round) -> Changes:
    """What is other in the tables of a round than before."""
    were, are = _rows(before), _rows(after)
    there, given = by_key(before), by_key(after)
    tables = {f"{role}s": difference(there[role], given[role], person_row) for role in given}
    tables |= {table: difference(were[table], rows, dict) for table, rows in are.items()}
    said = {key: (were["policy"][key]["value"], are["policy"][key]["value"]) for key in tables["policy"].changed}
    return Changes(tables, len(before.mentors) + len(before.mentees), policy=said)


def for_term(term: Term, given: Round) -> Round:
    """The round as it becomes a term's: one whose policy has no name leaves the term's as it is."""
    program = given.policy.program
    return replace(given, policy=replace(given.policy, program=replace(program, name=program.name or term.name)))


def sides_of(db: DbSession, term: Term, given: Round, now: dt.datetime) -> tuple[Round, Round]:
    """The round that a term's people make before another is taken in, and that one as it becomes the term's.

    An open-ended term is planned as far as the given round says. Who leaves later does so whether they are in it or not: where they are
    not, nothing is said of them, and where they are available until they leave, as an export writes, they are so as their row says. But
    whom an import has taken away comes back, where they are in it.
    """
    today, after = day_in(term, now), for_term(term, given)
    before = round_of(db, term, after.policy.program.term_end, on=today)
    mentors, mentees = (leaving_days(db, term, kind, today) for kind in (Mentor, Mentee))
    own = {one.key: one for one in before.mentors if one.key in mentors}
    after = replace(
        after,
        mentors=tuple(
            replace(one, available_until=own[one.key].available_until)
            if one.key in own and one.available_until == last_day(own[one.key], mentors[one.key])
            else one
            for one in after.mentors
        ),
    )
    taken_away = [
        set(db.scalars(select(kind.key).where(kind.term_id == term.id, kind.left_why == NOT_IN_THE_IMPORT))) for kind in (Mentor, Mentee)
    ]
    unsaid = (mentors.keys() - {one.key for one in after.mentors}, mentees.keys() - {one.key for one in after.mentees})
    return without_people(before, taken_away[0] | unsaid[0], taken_away[1] | unsaid[1]), after


def changes_for(db: DbSession, term: Term, before: Round, after: Round) -> Changes:
    """What is other in the tables of a round than before, and who of a term would be back."""
    changes, returning = compare(before, after), list[str]()
    tables = dict(changes.tables)
    for kind, table in ((Mentor, "mentors"), (Mentee, "mentees")):
        found, back = tables[table], dict[str, dt.date]()
        for some in parts(found.new):
            rows = select(kind.key, kind.left_on, kind.left_why).where(kind.term_id == term.id, kind.key.in_(some))
            for key, left_on, why in db.execute(rows.where(kind.left_on.is_not(None)).order_by(kind.key)):
                if left_on is not None:
                    back[key] = left_on
                if why != NOT_IN_THE_IMPORT:
                    returning.append(key)
        tables[table] = replace(found, new=tuple(key for key in found.new if key not in back), back=back)
    return replace(changes, tables=tables, returning=tuple(returning))


def take_in(
    db: DbSession,
    term: Term,
    given: Round,
    *,
    allow_removals: bool,
    allow_returns: bool = False,
    by: str,
    now: dt.datetime,
    leaving: Callable[[Sequence[str]], None] = lambda _: None,
) -> Changes:
    """Makes a term's people and policy those of the round; who is gone has left on the day that it is `now`.

    An open-ended term stays so, whatever day its policy names as the last. Calendars that show somebody's changed name are told, and
    those of who leaves or comes back. What is as it was leaves no trace. `leaving` is told the keys of the mentees who are gone while they
    are still there.

    Raises
    ------
    TooManyGone
        More than a tenth of the people would be gone, and that is not allowed.
    WouldReturn
        Somebody whom no import took away would be back, and that is not allowed.
    ZoneIsFixed
        The term has groups, and would get another zone.
    """
    db.execute(select(Term.id).where(Term.id == term.id).with_for_update(key_share=True))
    before, after = sides_of(db, term, given, now)
    changes = changes_for(db, term, before, after)
    if not allow_returns:
        changes.refuse_returns()
    if not allow_removals:
        changes.refuse_too_many_gone()
    groups = db.scalars(select(Group.id).where(Group.term_id == term.id)).first()
    if groups and after.policy.program.time_zone != term.zone:
        raise ZoneIsFixed(term.zone, after.policy.program.time_zone)
    if before == after:
        return changes
    leaving(changes.tables["mentees"].gone)
    write_changes(db, term, before, after, changes, now)
    details: Document = {table: counted(found) for table, found in changes.tables.items()}
    details["people"] = {table: named(changes.tables[table]) for table in ("mentors", "mentees")}
    write_down(db, at=now, by=by, what=IMPORTED, whom=f"term {term_name(db, term)}", term=term.id, details=details)
    return changes


def write_changes(db: DbSession, term: Term, before: Round, after: Round, changes: Changes, now: dt.datetime) -> None:
    """Makes what a term has of `before` what `after` says, and tells the calendars that show it."""
    open_ended, zone = term.last_on is None, term.zone
    seen = _groups_that_show(db, term, changes)
    touch_groups(db, seen, now)  # once before, for the schools that mentees leave
    enter(db, term, before, after, on=now.astimezone(ZoneInfo(zone)).date())
    if open_ended:
        term.last_on = None
    db.flush()
    _shown_otherwise(db, seen, now)
    _tell_who_comes_and_goes(db, term, changes, now)


def _rows(round: Round) -> dict[str, dict[str, dict[str, Any]]]:
    """The rows of each table but those of people, by what they are known by."""
    return {
        "pairs": _numbered((_said_of(pair), pair.points) for pair in round.pairs),
        "peers": _numbered((_said_of(pair), pair.points) for pair in round.peers),
        "policy": _policy_rows(round.policy),
    }


def _said_of(row: Pair | Peers) -> str:
    people = (row.mentor, row.mentee, row.subject) if isinstance(row, Pair) else (row.mentee, row.other)
    return " ".join(filter(None, (*people, row.rule)))


def _numbered(rows: Iterable[tuple[str, int]]) -> dict[str, dict[str, Any]]:
    """Rows that may say several things of the same people: the second is known by a number too."""
    count: Counter[str] = Counter()
    found = {}
    for said, points in rows:
        count[said] += 1
        found[said if count[said] == 1 else f"{said} ({count[said]})"] = {"points": points}
    return found


def _policy_rows(policy: Policy) -> dict[str, dict[str, Any]]:
    return {f"{part}.{key}": {"value": value} for part, keys in asdict(policy).items() for key, value in keys.items()}


def counted(found: Difference) -> dict[str, int]:
    """How many rows of a table are other, and how."""
    return {
        "new": len(found.new),
        "changed": len(found.changed),
        "unchanged": len(found.unchanged),
        "gone": len(found.gone),
        **({"back": len(found.back)} if found.back else {}),
    }


def named(found: Difference) -> Document:
    """The keys of those who are other in a table of people, and how; of those who changed, their columns too."""
    said = {"new": found.new, "changed": found.changed, "gone": found.gone, "back": tuple(found.back)}
    return {how: {key: list(names) for key, names in of.items()} if isinstance(of, Mapping) else list(of) for how, of in said.items() if of}


def _groups_that_show(db: DbSession, term: Term, changes: Changes) -> Collection[UUID]:
    """The groups, of any term, of people of whom something changes that calendars show."""
    groups: set[UUID] = set()
    for kind, table in ((Mentor, "mentors"), (Mentee, "mentees")):
        keys = [key for key, names in changes.tables[table].changed.items() if SHOWN & set(names)]
        for some in parts(keys):
            people = select(kind.person_id).where(kind.term_id == term.id, kind.key.in_(some))
            held = select(Group.id).join(Mentor, Mentor.id == Group.mentor_id).where(Mentor.person_id.in_(people))
            joined = select(Membership.group_id).join(Mentee).where(Mentee.person_id.in_(people))
            stood_in = select(Session.group_id).join(Mentor, Mentor.id == Session.mentor_id).where(Mentor.person_id.in_(people))
            for statement in (held, joined, stood_in):
                groups.update(db.scalars(statement))
    return groups


def _shown_otherwise(db: DbSession, groups: Collection[UUID], now: dt.datetime) -> None:
    """Sessions of these groups are shown otherwise from now on, and so are the calendars that have them."""
    for some in parts(sorted(groups)):
        theirs = Session.group_id.in_(some) & (Session.changed_at < now)
        db.execute(update(Session).where(theirs).values(changed_at=now))
    touch_groups(db, groups, now)


def _tell_who_comes_and_goes(db: DbSession, term: Term, changes: Changes, now: dt.datetime) -> None:
    """The calendars of those who have left end at once, and go on for those who are back."""
    people: set[UUID] = set()
    for kind, table in ((Mentor, "mentors"), (Mentee, "mentees")):
        for some in parts([*changes.tables[table].gone, *changes.tables[table].new, *changes.tables[table].back]):
            people.update(db.scalars(select(kind.person_id).where(kind.term_id == term.id, kind.key.in_(some))))
    if people:
        touch(db, term.program_id, now, people=people)
