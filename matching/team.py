"""What somebody needs who works on a plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.eligible import Ints
from matching.plan import Plan
from matching.polish import Desk
from matching.scratch import Scratch


@dataclass(frozen=True, slots=True)
class Share:
    """A plan and room to work on it: mentors whose `part` is `mine` may be changed, and the requests that are not frozen in it."""

    plan: Plan
    part: Ints
    mine: int
    desk: Desk
    scratch: Scratch
    random: np.random.Generator
