"""What the document shows of each operation that takes a body, by the operation: all of one small term, so that examples fit together.

Mentor m-1 teaches mathematics to s-1 and s-2 in group g-1 and to s-4 in g-3; m-2 teaches s-2 and s-3 in g-2; m-3 has no group yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ADDRESS = "kim@example.org"
PASSPHRASE = "quiet river under seven pines"  # noqa: S105  of nobody
CHALLENGE = "01998b2e-7c3a-7d41-9a55-0b6f6f3c2e10"
CREDENTIAL = {"id": "q83v", "rawId": "q83v", "type": "public-key", "response": {"clientDataJSON": "e30"}}
MAILED = "what stands after the # of the link that was mailed"
THE_FIFTH = "2026-03-05T20:00:00+09:00"
THE_SIXTH = "2026-03-06T19:00:00+09:00"

TEACHES = [{"subject": "math", "lowest_grade": 7, "highest_grade": 9}]
ASKS = [{"subject": "math", "priority": 3}, {"subject": "english"}]
MENTOR = {"name": "김하늘", "subjects": TEACHES, "availability": "Tue 18:00-21:00; Sat 09:00-12:30", "max_groups": 2}
MENTEE = {"name": "이서연", "grade": 8, "requests": ASKS, "availability": "Mon 18:00-22:00; Tue 18:00-22:00", "school": "north"}
TERM = {"name": "2026년 가을학기", "zone": "Asia/Seoul", "country": "KR", "first_on": "2026-09-01", "last_on": "2026-12-18"}
LEAVES = {"from_on": "2026-03-16", "reason": "moves away"}
STAYS = {"reason": "does not move after all"}
JOINS = {"mentee": "ext:s-5", "from_on": "2026-03-09"}
REMINDED = {"reminder_minutes": [1440, 30], "language": "ko"}
TIMES = {"availability": "Tue 18:00-21:00; Thu 18:00-21:00", "preferred": "Tue 18:00-21:00"}

BODIES: Mapping[str, Any] = {
    "get_token": {"grant_type": "client_credentials", "client_id": CHALLENGE, "client_secret": "dure_secret_of_this_client"},
    "sign_in": {"email": ADDRESS, "password": PASSPHRASE},
    "forget_password": {"email": ADDRESS},
    "reset_password": {"token": MAILED, "password": PASSPHRASE},
    "send_link": {"email": ADDRESS},
    "use_link": {"token": MAILED},
    "sign_in_by_passkey": {"challenge": CHALLENGE, "credential": CREDENTIAL},
    "note_consents": {"consents": [{"mentee": "ext:s-1", "act": "given", "method": "paper", "guardian": "mother"}]},
    "change_my_password": {"old": PASSPHRASE, "new": "nine herons over a still pond"},
    "confirm_my_totp": {"code": "492039"},
    "add_my_passkey": {"challenge": CHALLENGE, "credential": CREDENTIAL, "name": "phone"},
    "give_program_role": {"email": ADDRESS, "role": "reviewer"},
    "make_program_client": {"name": "tutoring platform", "scopes": ["people:write", "rounds:read"], "role": "manager"},
    "change_program": {"name": "옥천 배움터", "settings": {"names": "given", "languages": ["ko"]}},
    "add_program": {"external_id": "summer-camp", "name": "여름 캠프"},
    "add_term": {"external_id": "2026-fall", **TERM},
    "put_program": {"name": "여름 캠프", "settings": {"names": "given", "languages": ["ko"]}},
    "put_term": {"zone": "Asia/Seoul", "first_on": "2026-03-02", "last_on": "2026-03-29", "policy": {"group": {"max_size": 3}}},
    "change_a_term": {"last_on": "2026-04-05"},
    "put_closure": {"first_on": "2026-03-23", "last_on": "2026-03-24", "name": "Exams", "school": "north"},
    "add_closure": {"first_on": "2026-03-23", "last_on": "2026-03-25", "name": "Exam week", "school": "north"},
    "put_mentors": [{"external_id": "m-4", **MENTOR}],
    "put_mentor": MENTOR,
    "change_mentor": {"affiliation": "옥천대학교", "max_groups": 3},
    "put_mentees": [{"external_id": "s-6", **MENTEE}],
    "put_mentee": MENTEE,
    "change_mentee": {"grade": 9},
    "put_mentor_availability": TIMES,
    "put_mentee_availability": TIMES,
    "put_requests": {"requests": ASKS},
    "put_pairs": {
        "pairs": [{"mentor_external_id": "m-1", "mentee_external_id": "s-5", "subject": "math", "rule": "points", "points": 100}]
    },
    "put_peers": {"peers": [{"mentee_external_id": "s-1", "other_external_id": "s-5", "rule": "apart"}]},
    "put_timetable": {"calendar": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//University//EN\r\nEND:VCALENDAR\r\n"},
    "close_open_round": {"from_on": "2026-03-16"},
    "start_run": {"seed": 1, "time_seconds": 60},
    "publish_run": {"dry_run": True},
    "undo_run": {"dry_run": True},
    "change_group_times": {"meetings": ["Tue 20:00", "Thu 20:00"], "from_on": "2026-03-16", "reason": "the bus comes later"},
    "end_group": {"from_on": "2026-03-16", "reason": "all is learned"},
    "join_group": JOINS,
    "leave_group": {"mentee": "ext:s-2", "from_on": "2026-03-16", "reason": "has a lesson then"},
    "change_group_link": {"link": "https://meet.example.org/g-1"},
    "change_group_links": {"links": [{"group": "ext:g-1", "link": "https://meet.example.org/g-1"}]},
    "plan_session_for_group": {"kind": "orientation", "starts_at": THE_SIXTH, "session_minutes": 30},
    "plan_session_for_people": {"kind": "counselling", "starts_at": THE_SIXTH, "mentor": "ext:m-3", "mentees": ["ext:s-5"]},
    "move_session": {"starts_at": THE_FIFTH, "reason": "the mentor's train"},
    "cancel_session": {"reason": "school trip"},
    "restore_session": {"reason": "the trip was put off"},
    "make_session_up": {"starts_at": THE_SIXTH},
    "substitute_mentor": {"mentor": "ext:m-3", "reason": "is ill"},
    "write_record": {
        "attendance": [{"mentee": "ext:s-1", "presence": "present"}, {"mentee": "ext:s-2", "presence": "late"}],
        "minutes_held": 55,
        "topic": "quadratic equations",
        "tasks": ["page 12, 1 to 5"],
    },
    "leave_as_mentor": LEAVES,
    "leave_as_mentee": LEAVES,
    "stay_as_mentor": STAYS,
    "stay_as_mentee": STAYS,
    "put_subscription": {"audience": "mentee", "owner": "ext:s-1", "name": "tablet", "days_back": 28},
    "make_subscription": {"audience": "mentor", "owner": "ext:m-1", "name": "phone", "alarm_minutes": [60]},
    "change_subscription": {"name": "new phone", "alarm_minutes": []},
    "change_reminders_of_mentor": REMINDED,
    "change_reminders_of_mentee": REMINDED,
    "put_webhook": {"url": "https://example.org/dure/2", "types": []},
    "add_webhook": {"url": "https://example.org/dure", "types": ["session.moved", "session.cancelled"]},
    "patch_webhook": {"types": ["run.published"]},
}
