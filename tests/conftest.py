"""What tests of any package ask for by name: databases of both kinds, each empty and up to date, or as an older program has left it.

And what is told at the end of a run.
"""

from tests.databases import database, empty_database, lasting_database, postgres, spare, templates
from tests.faults.summary import pytest_sessionfinish, pytest_terminal_summary
from tests.forgetting import apps_let_go
from tests.older import old_database

__all__ = [
    "apps_let_go",
    "database",
    "empty_database",
    "lasting_database",
    "old_database",
    "postgres",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "spare",
    "templates",
]
