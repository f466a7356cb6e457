"""A small result and its roster, with names that try to do harm."""

from __future__ import annotations

import datetime as dt

from api.overview import Overview
from matching.result import Advice, Change, EndedBy, Group, Reason, Result, Unplaced
from matching.roster import MenteeEntry, MentorEntry, Roster
from matching.sentences import Sentence
from matching.week import read_meetings

SCRIPT = "<script>alert('name')</script>"
TURNED = "\u202eevil\u2069\x1b[31m"
"""Turns the direction of writing, leaves the stretch that it was put in, and colours a terminal."""

ROSTER = Roster(
    program="두레 & Co",
    first_on=dt.date(2027, 3, 2),
    last_on=dt.date(2027, 6, 18),
    session_minutes=90,
    mentors=(
        MentorEntry(key="m-1", name="김하늘", region="Gyeongbuk/Pohang", most_groups=2),
        MentorEntry(key="m-2", name="", region="", most_groups=1),
        MentorEntry(key="m-3", name=SCRIPT, region="Gyeongbuk", most_groups=0),
    ),
    mentees=(
        MenteeEntry(key="s-1", name="이서준", grade=8, region="Gyeongbuk/Andong", gender="M", school="새빛중학교"),
        MenteeEntry(key="s-2", name="제갈윤", grade=7, region="Gyeongbuk/Andong", gender="F", school=""),
        MenteeEntry(key="s-3", name=SCRIPT, grade=10, region="Jeonnam/Muan/Illo", gender="F", school=""),
        MenteeEntry(key="s-4", name=TURNED, grade=9, region="", gender="", school=""),
    ),
)
RESULT = Result(
    groups=(
        Group(key="g-1", mentor="m-1", subject="math", meetings=read_meetings("Mon 19:00; Wed 19:00"), members=("s-1", "s-2")),
        Group(key="g-2", mentor="m-1", subject="art & <b>", meetings=read_meetings("Mon 17:30; Sat 10:00"), members=("s-3",)),
        Group(key="g-3", mentor="m-2", subject="math", meetings=read_meetings("Mon 18:00; Wed 19:00"), members=("s-4",)),
    ),
    unplaced=(
        Unplaced(mentee="s-1", subject="english", reason=Reason.NO_SEAT, detail="g-9 is full; <img src=x onerror=alert(1)>"),
        Unplaced(mentee="s-3", subject="math", reason=Reason.NO_MENTOR, detail=Sentence("nobody teaches %(subject)s", subject="math")),
    ),
    score=9000,
    bound=9900,
    requests=6,
    seed=7,
    seconds=2.5,
    ended_by=EndedBy.EFFORT,
    history=((0.1, 4000, 12000), (1.0, 8600, 10000), (2.5, 9000, 9900)),
    advice=(Advice(sentence="One more group for 김하늘", file="mentors.csv", key="m-1", change="max_groups=3", gain=1300, placed=1),),
    changes=(Change(mentee="s-2", subject="math", before="m-2 @ Mon 19:00", after="m-1 @ Mon 19:00; Wed 19:00", why="m-2 left"),),
)
WHOLE = Overview(RESULT, ROSTER)
BARE = Overview(RESULT)
