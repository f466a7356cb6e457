"""Who may do what: one table for the API, the console and whatever else lets people in.

A *right* is to read or to change one kind of thing of a program; API clients know it as a scope. A *role* is what somebody is in a
program. The table says how far each right of a role reaches: nowhere, to what is one's own, or to all of the program.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from uuid import UUID


class Role(StrEnum):
    """What somebody is in a program."""

    OWNER = "owner"
    MANAGER = "manager"
    REVIEWER = "reviewer"
    MENTOR = "mentor"
    MENTEE = "mentee"
    GUARDIAN = "guardian"
    PARTNER = "partner"  # a school or another body, for its own mentees
    SUPERVISOR = "supervisor"


OFFICE = frozenset({Role.OWNER, Role.MANAGER, Role.REVIEWER, Role.PARTNER, Role.SUPERVISOR})
"""Who does it for others: they sign in with two factors where their program asks for that."""


class Reach(IntEnum):
    """How far a right goes."""

    NONE = 0
    OWN = 1
    ALL = 2


class Right(StrEnum):
    """What may be done; the values are the scopes of API clients."""

    PROGRAM_READ = "program:read"  # programs, terms, closures
    PROGRAM_WRITE = "program:write"
    PROGRAM_MAKE = "program:make"  # others of the organisation
    PEOPLE_READ = "people:read"  # mentors, mentees, requests, availability, pairs, peers
    PEOPLE_WRITE = "people:write"
    AVAILABILITY_WRITE = "availability:write"
    ROUNDS_READ = "rounds:read"  # rounds, runs and their results
    ROUNDS_WRITE = "rounds:write"
    ROUNDS_PUBLISH = "rounds:publish"
    GROUPS_READ = "groups:read"  # groups, series, sessions and their tasks
    GROUPS_WRITE = "groups:write"
    RECORDS_READ = "records:read"  # attendance and notes
    RECORDS_WRITE = "records:write"
    FEEDS_READ = "feeds:read"
    FEEDS_WRITE = "feeds:write"
    EVENTS_READ = "events:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    EXPORTS_READ = "exports:read"
    AUDIT_READ = "audit:read"
    ACCESS_READ = "access:read"  # accounts, roles, API clients
    ACCESS_WRITE = "access:write"
    CONSENTS_READ = "consents:read"
    CONSENTS_WRITE = "consents:write"
    PRIVACY_READ = "privacy:read"  # all that is held on somebody
    PRIVACY_ERASE = "privacy:erase"
    MATCH = "match"  # rounds that are not kept


_NONE, _OWN, _ALL = Reach
_ROWS: dict[Right, tuple[Reach, ...]] = {
    #                          owner manager reviewer mentor mentee guardian partner supervisor
    Right.PROGRAM_READ: (_ALL, _ALL, _ALL, _ALL, _ALL, _ALL, _ALL, _ALL),
    Right.PROGRAM_WRITE: (_ALL, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
    Right.PROGRAM_MAKE: (_ALL, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
    Right.PEOPLE_READ: (_ALL, _ALL, _NONE, _OWN, _OWN, _OWN, _OWN, _NONE),
    Right.PEOPLE_WRITE: (_ALL, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
    Right.AVAILABILITY_WRITE: (_ALL, _ALL, _NONE, _OWN, _OWN, _OWN, _NONE, _NONE),
    Right.ROUNDS_READ: (_ALL, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
    Right.ROUNDS_WRITE: (_ALL, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
    Right.ROUNDS_PUBLISH: (_ALL, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
    Right.GROUPS_READ: (_ALL, _ALL, _NONE, _OWN, _OWN, _OWN, _OWN, _NONE),
    Right.GROUPS_WRITE: (_ALL, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
    Right.RECORDS_READ: (_ALL, _ALL, _NONE, _OWN, _NONE, _NONE, _NONE, _NONE),
    Right.RECORDS_WRITE: (_ALL, _ALL, _NONE, _OWN, _NONE, _NONE, _NONE, _NONE),
    Right.FEEDS_READ: (_ALL, _ALL, _NONE, _OWN, _OWN, _OWN, _OWN, _NONE),
    Right.FEEDS_WRITE: (_ALL, _ALL, _NONE, _OWN, _OWN, _OWN, _OWN, _NONE),
    Right.EVENTS_READ: (_ALL, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
    Right.WEBHOOKS_READ: (_ALL, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
    Right.WEBHOOKS_WRITE: (_ALL, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
    Right.EXPORTS_READ: (_ALL, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
    Right.AUDIT_READ: (_ALL, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
    Right.ACCESS_READ: (_ALL, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
    Right.ACCESS_WRITE: (_ALL, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
    Right.CONSENTS_READ: (_ALL, _ALL, _NONE, _NONE, _NONE, _OWN, _NONE, _NONE),
    Right.CONSENTS_WRITE: (_ALL, _ALL, _NONE, _NONE, _NONE, _OWN, _NONE, _NONE),
    Right.PRIVACY_READ: (_ALL, _ALL, _NONE, _OWN, _OWN, _OWN, _NONE, _NONE),
    Right.PRIVACY_ERASE: (_ALL, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
    Right.MATCH: (_ALL, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
}

MAY: Mapping[Right, Mapping[Role, Reach]] = {right: dict(zip(Role, row, strict=True)) for right, row in _ROWS.items()}
"""The table."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is in one program: for a mentor or mentee `person` is who they are there, for a guardian whose they are; a partner is
    there for the mentees of a `school`."""

    program: UUID
    role: Role
    person: UUID | None = None
    school: str = ""


@dataclass(frozen=True, slots=True)
class Office:
    """What somebody is to an organisation as a whole: who has a role in all of it, or is an owner of one of its programs."""

    organisation: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class Sight:
    """Of whom a right lets somebody see or change things in a program: of all, or of some people and the mentees of some schools."""

    all: bool
    people: frozenset[UUID] = frozenset()
    schools: frozenset[str] = frozenset()


class AccessError(Exception):
    """The root of what somebody may not do."""


@dataclass(eq=False)
class Foreign(AccessError):
    """Somebody who has no part in a program asks for what is of it: to them there is no such thing."""

    def __str__(self) -> str:
        return "there is no such thing; look at what you listed before, or ask for a role in its program"


@dataclass(eq=False)
class NotAllowed(AccessError):
    """Whoever asks has no such right."""

    right: Right

    def __str__(self) -> str:
        return f"that takes the right {self.right}; ask the program's owner for a role or a scope that has it"


@dataclass(eq=False)
class OneFactorOnly(AccessError):
    """Whoever asks has signed in with one factor, in a program that asks two of them."""

    def __str__(self) -> str:
        return "this program asks two factors of who runs it; set up a device or a passkey for your account, and sign in with it"


@dataclass(eq=False)
class StaysGuarded(AccessError):
    """Somebody who is no owner, or a program of theirs, would have a program ask two factors no more."""

    def __str__(self) -> str:
        return "a program asks two factors until an owner who has signed in with two takes that back; leave two_factors on, or ask one"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: `name` is what the audit calls them, a kind and a key; `scopes` are the rights that they may use at all, None for all;
    `account` is whose they are who signed in; `offices` what they are to organisations, which may have no program yet, and `homes`
    all of those in which they are anything. Of what they are to the `guarded` programs and to organisations that have such, for others,
    nothing counts: they have shown one factor where two are asked."""

    name: str
    standings: tuple[Standing, ...]
    scopes: frozenset[Right] | None = None
    account: UUID | None = None
    offices: tuple[Office, ...] = ()
    homes: frozenset[UUID] = frozenset()
    guarded: frozenset[UUID] = frozenset()

    @property
    def everywhere(self) -> frozenset[UUID]:
        """The programs in which they are anything."""
        return frozenset(standing.program for standing in self.standings)

    def programs(self, right: Right) -> frozenset[UUID]:
        """The programs in which they have a right, however far it reaches."""
        return self._having(right, self.counting())

    def counting(self, program: UUID | None = None) -> Sequence[Standing]:
        """Of what they are, by default in any program, all that counts."""
        here = [one for one in self.standings if program is None or one.program == program]
        return [one for one in here if one.program not in self.guarded or one.role not in OFFICE]

    def sight(self, right: Right, program: UUID) -> Sight:
        """How far a right of theirs reaches in a program.

        Raises
        ------
        Foreign
            They have no part in it.
        NotAllowed
            They have, but not this right.
        OneFactorOnly
            They would have it, had they shown two factors.
        """
        if program not in self.everywhere:
            raise Foreign
        if program not in self.programs(right):
            raise OneFactorOnly if program in self._having(right, self.standings) else NotAllowed(right)
        reaches = {standing: MAY[right][standing.role] for standing in self.counting(program)}
        if Reach.ALL in reaches.values():
            return Sight(all=True)
        own = [standing for standing, reach in reaches.items() if reach is Reach.OWN]
        people = frozenset(standing.person for standing in own if standing.person)
        return Sight(all=False, people=people, schools=frozenset(standing.school for standing in own if standing.school))

    def organisations(self, right: Right) -> frozenset[UUID]:
        """The organisations in all of which they have a right."""
        return frozenset(one for one in self._holding(right) if one not in self.guarded)

    def need(self, right: Right) -> None:
        """Does nothing where they have a right in any program, or in an organisation.

        Raises
        ------
        NotAllowed
            They have it in none.
        OneFactorOnly
            They might, had they shown two factors.
        """
        if not self.programs(right) and not self.organisations(right):
            raise self.refused(right)

    def refused(self, right: Right) -> AccessError:
        """Why they have a right nowhere: they have it with two factors only, or not at all."""
        uncounted = set(self.standings) - set(self.counting())
        had = self._having(right, uncounted) or self._holding(right) & self.guarded
        return OneFactorOnly() if had else NotAllowed(right)

    def _having(self, right: Right, standings: Iterable[Standing]) -> frozenset[UUID]:
        """The programs in which what they are gives them a right."""
        if self.scopes is not None and right not in self.scopes:
            return frozenset()
        return frozenset(standing.program for standing in standings if MAY[right][standing.role])

    def _holding(self, right: Right) -> frozenset[UUID]:
        """The organisations to which they are something that gives them a right in all of it."""
        if self.scopes is not None and right not in self.scopes:
            return frozenset()
        return frozenset(office.organisation for office in self.offices if MAY[right][office.role] is Reach.ALL)


def gives(actor: Actor, program: UUID, wanted: Role) -> bool:
    """Whether somebody may give another a role in a program, or take it: an owner any, a manager those below their own, and whoever may
    use some rights only, none that has more."""
    mine = {standing.role for standing in actor.counting(program)}
    if actor.scopes is not None and not actor.scopes >= {right for right in Right if MAY[right][wanted]}:
        return False
    return Role.OWNER in mine or (Role.MANAGER in mine and wanted not in {Role.OWNER, Role.MANAGER})


def refuse_to_unguard(actor: Actor, program: UUID) -> None:
    """Does nothing where somebody may have a program that asks two factors do so no more: an owner, who has shown two to come here.

    Raises
    ------
    StaysGuarded
        They are none, or an API client.
    """
    if actor.account is None or Role.OWNER not in {standing.role for standing in actor.counting(program)}:
        raise StaysGuarded
