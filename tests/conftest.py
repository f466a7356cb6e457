"""What tests of any package ask for by name: databases of both kinds, each empty and up to date."""

from tests.databases import database, empty_database, postgres, templates

__all__ = ["database", "empty_database", "postgres", "templates"]
