"""What tests of any package ask for by name: databases of both kinds, each empty and up to date, or as an older program has left it."""

from tests.databases import database, empty_database, lasting_database, postgres, templates
from tests.older import old_database

__all__ = ["database", "empty_database", "lasting_database", "old_database", "postgres", "templates"]
