"""All tables: what a migration compares the schema with."""

from data import audit, feeds, groups, outbox, people, programs, rounds, sessions, ticks, timetables
from data.base import Base

MODULES = (audit, feeds, groups, outbox, people, programs, rounds, sessions, ticks, timetables)
METADATA = Base.metadata
