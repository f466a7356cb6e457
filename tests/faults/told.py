"""What tests of faults tell of the faults that they made, and of what they found then."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest


@dataclass(slots=True)
class Told:
    """Lines of a run's tests in their order, and how many processes they have killed."""

    lines: list[str] = field(default_factory=list)
    kills: int = 0

    def tell(self, line: str, *, kills: int = 0) -> None:
        """Adds a line, which counts so many kills."""
        self.lines.append(line)
        self.kills += kills


TOLD = pytest.StashKey[Told]()
