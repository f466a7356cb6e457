"""People of a term by the API: put, listed, changed and taken away, by whom they concern, and noted where they are minors."""

from __future__ import annotations

import json
import time
from urllib.parse import quote

import pytest
from sqlalchemy import Engine, select

from data.access import Right, Role
from data.audit import Deed
from data.database import reading, transaction
from data.people import Mentee, Request
from tests.api.v1.callers import Caller, Platform
from tests.api.v1.roles import somebody
from tests.sessions import taught_term

TERM = "/v1/terms/ext:spring"
MENTEE = {
    "name": "김하늘",
    "grade": 8,
    "requests": [{"subject": "math", "priority": 3}, {"subject": "english", "priority": 1}],
    "availability": "Sat 09:00-12:30; Mon 18:00-20:00; Mon 20:00-21:00",
    "region": "Jeonnam/Muan",
    "school": "north",
}
MENTOR = {
    "name": "Lee",
    "subjects": [{"subject": "math", "lowest_grade": 7, "highest_grade": 9}],
    "availability": "Mon 18:00-21:00",
    "regions": ["Jeonnam", "Jeju"],
    "max_groups": 2,
}


@pytest.fixture
def platform(database: Engine) -> Platform:
    taught_term(database)
    with transaction(database) as db:
        db.add_all(Request(mentee_id=mentee, subject="math") for mentee in db.scalars(select(Mentee.id)))
    return Platform(database)


def _keys(caller: Caller, path: str) -> list[str]:
    answer = caller.ask("GET", TERM + path)
    assert answer.status_code == 200, answer.text
    return [one["external_id"] for one in answer.json()["items"]]


def _reads(platform: Platform) -> list[Deed]:
    with reading(platform.engine) as db:
        return list(db.scalars(select(Deed).where(Deed.what.endswith(" read")).order_by(Deed.id)))


def test_somebody_is_put_by_the_platforms_key_read_by_either_and_replaced(platform: Platform) -> None:
    client = platform.client()
    made = client.ask("PUT", TERM + "/mentees/ext:s-9", MENTEE)
    assert made.status_code == 201, made.text
    mentee = made.json()
    assert made.headers["location"].endswith(f"/mentees/{mentee['id']}")
    assert (mentee["availability"], mentee["max_groups"]) == ("Mon 18:00-21:00; Sat 09:00-12:30", None)
    assert mentee["requests"] == MENTEE["requests"]
    for key in ("ext:s-9", mentee["id"]):
        assert client.ask("GET", f"{TERM}/mentees/{key}").json() == mentee
    again = client.ask("PUT", f"{TERM}/mentees/{mentee['id']}", {**MENTEE, "region": "Jeju", "requests": [{"subject": "math"}]})
    assert (again.status_code, again.json()["region"]) == (200, "Jeju")
    assert again.json()["requests"] == [{"subject": "math", "priority": 1}]
    with reading(platform.engine) as db:
        deeds = db.scalars(select(Deed).where(Deed.what == "people changed").order_by(Deed.id)).all()
    assert [deed.whom for deed in deeds] == ["mentee s-9", "mentee s-9"]
    assert deeds[1].details == {"mentees": {"changed": {"s-9": ["region", "requests"]}}}


def test_what_is_put_again_as_it_is_leaves_no_trace(platform: Platform) -> None:
    client = platform.client()
    first = client.ask("PUT", TERM + "/mentors/ext:m-9", MENTOR)
    assert first.status_code == 201, first.text
    again = client.ask("PUT", TERM + "/mentors/ext:m-9", MENTOR)
    assert (again.status_code, again.json()) == (200, first.json())
    with reading(platform.engine) as db:
        assert len(db.scalars(select(Deed).where(Deed.whom == "mentor m-9")).all()) == 1


def test_who_may_change_people_and_not_read_them_is_told_of_nobody(platform: Platform) -> None:
    """They still put many, of whom the answer tells only what became of each line."""
    office, blind = platform.client(), platform.client([Right.PEOPLE_WRITE])
    assert office.ask("PUT", TERM + "/mentees/ext:s-9", MENTEE).status_code == 201
    assert office.ask("PUT", TERM + "/mentors/ext:m-9", MENTOR).status_code == 201
    told = [
        blind.ask(method, f"{TERM}/{path}", body)
        for method, path, body in (
            ("GET", "mentees/ext:s-9", None),
            ("PATCH", "mentees/ext:s-9", {}),
            ("PUT", "mentees/ext:s-9", MENTEE),
            ("PATCH", "mentors/ext:m-9", {}),
            ("PUT", "mentors/ext:m-9", MENTOR),
        )
    ]
    assert [(one.status_code, "people:read" in one.json()["detail"]) for one in told[1:]] == [(403, True)] * 4
    assert told[0].status_code == 403
    lines = blind.ask("PUT", TERM + "/mentees", [{**MENTEE, "external_id": "s-9"}])
    assert (lines.status_code, lines.json()["unchanged"]) == (200, 1)


def test_the_audit_says_of_each_of_many_that_they_were_changed(platform: Platform) -> None:
    client, lines = platform.client(), [{**MENTEE, "external_id": f"s-{number}"} for number in range(100, 140)]
    assert client.ask("PUT", TERM + "/mentees", lines).json()["new"] == 40
    other = [{**line, "region": "Jeju"} for line in lines]
    assert client.ask("PUT", TERM + "/mentees", other).json()["changed"] == 40
    rows = client.ask("GET", "/v1/audit?about=s-127").json()["items"]
    told = [one for one in rows if one["what"] == "people changed"]
    assert [set(one["details"]["mentees"]) for one in told] == [{"changed"}, {"new"}]
    assert told[0]["details"]["mentees"]["changed"]["s-127"] == ["region"]
    held = client.ask("GET", "/v1/people/ext:s-127/export").json()["held"]
    assert [one["what"] for one in held["audit"]].count("people changed") == 2


@pytest.mark.parametrize("key", ["s(1", "s.*", "s[a-", "s+", "%", "s_1"])
def test_signs_that_searching_knows_mean_themselves_in_a_key(platform: Platform, key: str) -> None:
    client = platform.client()
    assert client.ask("PUT", f"{TERM}/mentees/ext:{quote(key)}", MENTEE).status_code == 201
    assert client.ask("PUT", f"{TERM}/mentees/ext:saa1", MENTEE).status_code == 201
    rows = client.ask("GET", f"/v1/audit?about={quote(key)}").json()["items"]
    assert [one["whom"] for one in rows if one["what"] == "people changed"] == [f"mentee {key}"]


def test_each_fault_is_told_with_its_place_and_its_mend(platform: Platform) -> None:
    client = platform.client()
    bad = {**MENTEE, "availability": "Mon 18:00-17:00", "requests": [{"subject": "a", "priority": 1}, {"subject": "a", "priority": 2}]}
    refused = client.ask("PUT", TERM + "/mentees/ext:s-9", bad)
    assert refused.status_code == 422
    errors = {error["pointer"]: error for error in refused.json()["errors"]}
    assert set(errors) == {"/availability", "/requests"}
    assert "ends before it starts" in errors["/availability"]["detail"]
    assert errors["/availability"]["mend"].startswith("write weekly times")
    wrong = client.ask("PUT", TERM + "/mentees/ext:s-9", {**MENTEE, "grade": 13, "nonsense": 1, "requests": [{"subject": "a;b"}]})
    assert {error["pointer"] for error in wrong.json()["errors"]} == {"/grade", "/nonsense", "/requests/0/subject"}
    assert client.ask("GET", TERM + "/mentees/ext:s-9").status_code == 404


def test_a_part_of_somebody_is_changed_and_a_lost_update_refused(platform: Platform) -> None:
    client = platform.client()
    client.ask("PUT", TERM + "/mentors/ext:m-9", MENTOR)
    tag = client.ask("GET", TERM + "/mentors/ext:m-9").headers["etag"]
    changed = client.ask("PATCH", TERM + "/mentors/ext:m-9", {"max_groups": None, "email": "lee@example.org"}, {"if-match": tag})
    assert changed.status_code == 200, changed.text
    assert changed.json() == {
        **client.ask("GET", TERM + "/mentors/ext:m-9").json(),
        "max_groups": None,
        "email": "lee@example.org",
        "subjects": MENTOR["subjects"],
        "regions": MENTOR["regions"],
    }
    for method, body in (("PATCH", {"email": ""}), ("PUT", MENTOR), ("DELETE", None)):
        late = client.ask(method, TERM + "/mentors/ext:m-9", body, {"if-match": tag})
        assert (late.status_code, late.json()["type"]) == (412, "/problems/changed-since")


def test_lists_are_narrowed_by_what_people_are(platform: Platform) -> None:
    client = platform.client()
    client.ask("PUT", TERM + "/mentees/ext:s-9", MENTEE)
    client.ask("PUT", TERM + "/mentors/ext:m-9", {**MENTOR, "home_region": "Jeonnam/Muan", "affiliation": "POSTECH"})
    assert _keys(client, "/mentees?school=north&limit=2") == ["s-1", "s-3"]
    assert _keys(client, "/mentees?region=Jeonnam") == ["s-9"]
    assert _keys(client, "/mentees?region=Jeon") == []
    assert _keys(client, "/mentees?grade=8&subject=english") == ["s-9"]
    assert _keys(client, "/mentors?subject=math") == ["m-1", "m-2", "m-3", "m-9"]
    assert _keys(client, "/mentors?subject=mat") == []
    assert _keys(client, "/mentors?region=Jeonnam&affiliation=POSTECH") == ["m-9"]
    first = client.ask("GET", TERM + "/mentees?limit=4").json()
    assert _keys(client, "/mentees?limit=4&" + first["next"].partition("?limit=4&")[2]) == ["s-5", "s-9"]


def test_who_is_taken_away_has_left_their_groups_and_is_back_when_put_again(platform: Platform) -> None:
    client = platform.client()
    mentee = client.ask("GET", TERM + "/mentees/ext:s-4").json()
    assert client.ask("DELETE", TERM + "/mentees/ext:s-4").status_code == 204
    assert client.ask("DELETE", TERM + "/mentees/ext:s-4").status_code == 204
    assert _keys(client, "/mentees?left=true") == ["s-4"]
    assert _keys(client, "/mentees?left=false") == ["s-1", "s-2", "s-3", "s-5"]
    gone = client.ask("GET", TERM + "/mentees/ext:s-4").json()
    assert gone["left_on"] == "2026-03-02"
    assert _keys(client, "/groups?mentee=ext:s-4&on=2026-03-03") == []
    sent = {name: mentee[name] for name in ("grade", "requests", "availability", "school", "email")}
    back = client.ask("PUT", TERM + "/mentees/ext:s-4", sent)
    assert (back.status_code, back.json()) == (200, mentee)


def test_who_was_said_to_leave_is_back_only_where_that_is_meant(platform: Platform) -> None:
    client = platform.client()
    client.ask("PUT", TERM + "/mentors/ext:m-9", MENTOR)
    left = client.ask("POST", TERM + "/mentors/ext:m-9/leave", {"from_on": "2026-03-02", "reason": "moved"})
    assert left.status_code == 200, left.text
    refused = client.ask("PUT", TERM + "/mentors/ext:m-9", MENTOR)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/would-return")
    assert "allow_returns" in refused.json()["mend"]
    assert client.ask("PATCH", TERM + "/mentors/ext:m-9", {"name": "Kim"}).status_code == 409
    back = client.ask("PUT", TERM + "/mentors/ext:m-9?allow_returns=true", MENTOR)
    assert (back.status_code, back.json()["left_on"]) == (200, None)


@pytest.mark.parametrize(
    ("role", "person", "school", "mentors", "mentees"),
    [
        pytest.param(Role.MENTOR, "m-2", "", ["m-2"], ["s-2", "s-3"], id="a mentor: themselves and whom they teach"),
        pytest.param(Role.MENTEE, "s-2", "", [], ["s-2"], id="a mentee: themselves"),
        pytest.param(Role.GUARDIAN, "s-3", "", [], ["s-3"], id="a guardian: their child"),
        pytest.param(Role.PARTNER, "", "south", [], ["s-2", "s-4"], id="a partner: its school's mentees"),
    ],
)
def test_each_role_reaches_its_own_people(
    platform: Platform, role: Role, person: str, school: str, mentors: list[str], mentees: list[str]
) -> None:
    caller = somebody(platform, role, person, school)
    assert _keys(caller, "/mentors") == mentors
    assert _keys(caller, "/mentees") == mentees
    assert caller.ask("GET", TERM + "/mentees/ext:s-1").status_code == 404
    assert caller.ask("GET", TERM + "/mentors/ext:m-1").status_code == 404
    assert caller.ask("PUT", TERM + "/mentees/ext:s-2", MENTEE).status_code == 403


def test_people_say_themselves_when_they_can_meet_and_nobody_elses(platform: Platform) -> None:
    free = {"availability": "Sun 09:00-10:00", "preferred": "Sun 09:00-09:30"}
    for caller, path in (
        (somebody(platform, Role.MENTOR, "m-1"), "/mentors/ext:m-1/availability"),
        (somebody(platform, Role.GUARDIAN, "s-2"), "/mentees/ext:s-2/availability"),
    ):
        said = caller.ask("PUT", TERM + path, free)
        assert said.status_code == 200, said.text
        assert caller.ask("GET", TERM + path).json() == said.json() == {**free, "free": "Sun 09:00-10:00"}
    mentor = somebody(platform, Role.MENTOR, "m-2")
    assert mentor.ask("PUT", TERM + "/mentees/ext:s-2/availability", free).status_code == 403
    assert mentor.ask("PUT", TERM + "/mentors/ext:m-1/availability", free).status_code == 404
    assert somebody(platform, Role.PARTNER, school="south").ask("PUT", TERM + "/mentees/ext:s-2/availability", free).status_code == 403
    bad = platform.client().ask("PUT", TERM + "/mentors/ext:m-1/availability", {"availability": "Sun 9"})
    assert [error["pointer"] for error in bad.json()["errors"]] == ["/availability"]


def test_a_mentees_requests_are_a_resource_of_their_own(platform: Platform) -> None:
    client, asked = platform.client(), {"requests": [{"subject": "english", "priority": 2}, {"subject": "math", "priority": 9}]}
    assert client.ask("PUT", TERM + "/mentees/ext:s-1/requests", asked).json() == asked
    assert client.ask("GET", TERM + "/mentees/ext:s-1/requests").json() == asked
    assert client.ask("GET", TERM + "/mentees/ext:s-1").json()["requests"] == asked["requests"]


def test_it_is_noted_whose_data_is_read_by_whom_and_from_where(platform: Platform) -> None:
    caller = somebody(platform, Role.PARTNER, school="south")
    _keys(caller, "/mentees")
    caller.ask("GET", TERM + "/mentees/ext:s-2")
    caller.ask("GET", TERM + "/mentees/ext:s-1")
    _keys(caller, "/mentors")
    many, one = _reads(platform)
    assert (many.details["mentees"], many.whom) == (["s-2", "s-4"], "term tutoring/spring")
    assert (one.details["mentees"], one.whom, one.source) == (["s-2"], "mentee s-2", "127.0.0.1")
    assert one.by.startswith("client ")


def _line(key: str, **other: object) -> dict[str, object]:
    return {**MENTEE, "external_id": key, **other}


def test_many_are_put_in_one_call_and_each_line_is_told_what_became_of_it(platform: Platform) -> None:
    client = platform.client()
    s_1 = client.ask("GET", TERM + "/mentees/ext:s-1").json()
    same = {name: value for name, value in s_1.items() if name not in {"id", "person_id", "left_on", "left_reason"}}
    lines = [_line("s-8"), same, {**same, "external_id": "s-2", "grade": 9}, _line("s-9", grade=13), _line("s-8"), 7]
    done = client.ask("PUT", TERM + "/mentees", lines)
    assert done.status_code == 200, done.text
    told = done.json()
    results = ["new", "unchanged", "changed", "refused", "refused", "refused"]
    assert [(item["line"], item["result"]) for item in told["items"]] == list(enumerate(results, start=1))
    assert (told["new"], told["unchanged"], told["changed"], told["back"], told["refused"]) == (1, 1, 1, 0, 3)
    assert told["items"][1]["id"] == s_1["id"]
    assert [item["errors"][0]["pointer"] for item in told["items"][3:]] == ["/grade", "/external_id", ""]
    assert "given twice, first in line 1" in told["items"][4]["errors"][0]["detail"]
    assert _keys(client, "/mentees") == ["s-1", "s-2", "s-3", "s-4", "s-5", "s-8"]


def test_lines_come_as_ndjson_too(platform: Platform) -> None:
    client, kind = platform.client(), {"content-type": "application/x-ndjson"}
    body = "\n".join([json.dumps({**MENTOR, "external_id": "m-8"}), "{nonsense", "", json.dumps({**MENTOR, "external_id": "m-9"})])
    done = client.web.ask(TERM + "/mentors", {"authorization": f"Bearer {client.token}", **kind}, method="PUT", body=body.encode())
    assert [(item["external_id"], item["result"]) for item in done.json()["items"]] == [("m-8", "new"), (None, "refused"), ("m-9", "new")]


def test_all_lines_are_taken_or_none_where_that_is_asked_for(platform: Platform) -> None:
    client = platform.client()
    refused = client.ask("PUT", TERM + "/mentees?atomic=true", [_line("s-8"), _line("s-9", availability="")])
    assert (refused.status_code, [error["pointer"] for error in refused.json()["errors"]]) == (422, ["/1/availability"])
    assert _keys(client, "/mentees?grade=8") == []
    assert client.ask("PUT", TERM + "/mentees?atomic=true", [_line("s-8"), _line("s-9")]).json()["new"] == 2


def test_what_is_no_list_of_lines_is_refused(platform: Platform) -> None:
    client = platform.client()
    assert client.ask("PUT", TERM + "/mentees", _line("s-8")).status_code == 422
    many = client.ask("PUT", TERM + "/mentees", [{}] * 10_001)
    assert (many.status_code, many.json()["type"]) == (422, "/problems/too-many-lines")


def test_when_a_mentee_was_born_is_said_with_the_rest_and_stays_where_nothing_is_said(platform: Platform) -> None:
    client, one, line = platform.client(), TERM + "/mentees/ext:s-9", {**MENTEE, "external_id": "s-9"}
    born = {"born_on": "2014-05-05"}
    assert client.ask("PUT", one, {**MENTEE, **born}).json()["born_on"] == "2014-05-05"
    assert client.ask("PUT", one, MENTEE).json()["born_on"] == "2014-05-05"
    assert client.ask("PATCH", one, {"grade": 9}).json()["born_on"] == "2014-05-05"
    assert client.ask("PATCH", one, {"born_on": None}).json()["born_on"] is None
    client.ask("PATCH", one, {"grade": 8})
    told = [
        client.ask("PUT", TERM + "/mentees", [{**line, **said}]).json()["items"][0]["result"]
        for said in (born, born, {}, {"born_on": None}, {}, {"born_on": "2013-01-31"})
    ]
    assert told == ["changed", "unchanged", "unchanged", "changed", "unchanged", "changed"]
    assert client.ask("GET", one).json()["born_on"] == client.ask("GET", f"{one}/consents").json()["born_on"] == "2013-01-31"
    with reading(platform.engine) as db:
        assert db.scalars(select(Deed.whom).where(Deed.what == "born")).all() == ["mentee s-9"] * 5


@pytest.mark.parametrize("day", ["2026-03-03", "1900-01-01"])
def test_nobody_is_born_on_a_day_to_come_nor_so_long_ago(platform: Platform, day: str) -> None:
    client, wrong = platform.client(), {**MENTEE, "born_on": day}
    refused = client.ask("PUT", TERM + "/mentees/ext:s-9", wrong)
    assert (refused.status_code, [flaw["pointer"] for flaw in refused.json()["errors"]]) == (422, ["/born_on"])
    lines = client.ask("PUT", TERM + "/mentees", [{**wrong, "external_id": "s-8"}, {**MENTEE, "external_id": "s-9"}]).json()
    told = [(one["result"], [flaw["pointer"] for flaw in one["errors"]]) for one in lines["items"]]
    assert told == [("refused", ["/born_on"]), ("new", [])]
    assert client.ask("GET", TERM + "/mentees/ext:s-8").status_code == 404


def test_who_teaches_a_mentee_is_not_told_when_they_were_born(platform: Platform) -> None:
    platform.client().ask("PATCH", TERM + "/mentees/ext:s-1", {"born_on": "2014-05-05", "email": "s-1@example.org"})
    for role, key, told in ((Role.MENTOR, "m-1", None), (Role.MENTEE, "s-1", "2014-05-05")):
        seen = somebody(platform, role, key).ask("GET", TERM + "/mentees/ext:s-1").json()
        assert (seen["born_on"], bool(seen["email"])) == (told, told is not None)


@pytest.mark.long
def test_ten_thousand_mentees_are_put_in_some_seconds_also_where_others_work(platform: Platform) -> None:
    client = platform.client()
    lines = [_line(f"b-{number:05}", name=f"name {number}", grade=1 + number % 12) for number in range(10_000)]
    for result, most_seconds in (("new", 60), ("unchanged", 30)):
        began = time.perf_counter()
        done = client.ask("PUT", TERM + "/mentees", lines)
        assert (done.status_code, done.json()[result]) == (200, 10_000)
        assert time.perf_counter() - began < most_seconds
