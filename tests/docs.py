"""The page of who may do what, made from the table in the code: `python -m tests.docs` writes it anew."""

from __future__ import annotations

import re
from pathlib import Path

from data import access
from data.access import MAY, Reach, Right, Role

PAGE = Path(__file__).parents[1] / "docs" / "access.md"
SIGNS = {Reach.NONE: "–", Reach.OWN: "own", Reach.ALL: "all"}

HEAD = """\
# Who may do what

One table in the code, `MAY` of [data/access.py](../data/access.py), says it for the API, the console and everything else that lets
people in. This page is made from it by `python -m tests.docs`.

A role is what somebody is in a program: whoever is in several has in each the role of that one. *All* reaches to all of the program,
*own* to what is one's own, and nothing reaches beyond the program: what is of another is answered like what there is nowhere (404),
whatever the role. Who lacks a right is told so (403) of what is of their own programs. API clients have a role, too, and use of its rights
those that are their scopes.

"""

TAIL = """
## What is one's own

| role | own |
| --- | --- |
| mentor | themselves, the groups that they teach with their sessions and members, and sessions that they hold for another |
| mentee | themselves, and their groups and sessions for as long as they are in them; of other members nothing |
| guardian | the same of their child |
| partner | the mentees of their school, with groups and sessions; of other members nothing |

A reviewer and a supervisor have no mentees and no sessions of their own: they, and API clients in these roles, see which programs there
are, with their terms and closures, and nothing of anybody. Who is to see more is given another role besides.

## What of a thing is told

* A mentee's mail address is told to whoever runs the program, the mentee, their guardian and their school; mentors read everything else
  of those whom they teach.
* The members of a group are told to whoever runs the program and to its mentor; to others only the member who is their own.
* Secrets of API clients and webhooks, links of feeds, and codes to recover by are shown once, when they are made.
* Of a mentor's own calendar only the busy times and the machine of its address are kept and told.

## What else counts

* Nobody gives a role above their own: an owner any, a manager those below manager; nor a client more scopes than they have.
* A program keeps its last owner.
* Passwords and second factors are changed within 15 minutes of signing in only.
* A match belongs to whoever asked for it.
"""


def access_page() -> str:
    """The page."""
    told = dict(re.findall(r"^    [A-Z_]+ = \"([a-z:]+)\"(?:  # (.+))?$", Path(access.__file__).read_text(encoding="utf-8"), re.MULTILINE))
    head = f"| right | {' | '.join(Role)} | about |\n|{' --- |' * (len(Role) + 2)}\n"
    rows = [f"| `{right}` | {' | '.join(SIGNS[MAY[right][role]] for role in Role)} | {told.get(right, '')} |\n" for right in Right]
    return HEAD + head + "".join(rows) + TAIL


if __name__ == "__main__":
    PAGE.write_text(access_page(), encoding="utf-8")
