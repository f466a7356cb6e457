"""What OneRoster has no columns for, in columns of our own in its users.csv: each is called as in ROUND.md, after `metadata.dure.`."""

from __future__ import annotations

from matching.columns import MENTEES, MENTORS

OWN = "metadata.dure."
KEY = "key"
"""The own column of a user whose `sourcedId` is another than the key of ROUND.md."""
PROGRAM = f"{OWN}program"
"""The column of orgs.csv that says `true` of a program, which is nobody's school."""
TOLD_BY_ONEROSTER = {"mentor_id", "mentee_id", "email", "grade", "school", "affiliation"}
SHARED = tuple(column.name for column in MENTORS.columns if column.name in {other.name for other in MENTEES.columns})
"""What mentors and mentees both have: somebody of whom it is the same as both is one user."""
OWN_COLUMNS = tuple(dict.fromkeys(column.name for column in (*MENTORS.columns, *MENTEES.columns) if column.name not in TOLD_BY_ONEROSTER))
