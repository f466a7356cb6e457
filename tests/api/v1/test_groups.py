"""Groups by the API: listed, read, changed from a day on, and seen only by whom they concern."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from data.access import Role
from data.audit import Deed
from data.database import reading
from data.groups import Group
from tests.api.v1.callers import Caller, Platform
from tests.api.v1.roles import somebody
from tests.sessions import taught_term

LIST = "/v1/terms/ext:spring/groups"


def _keys(caller: Caller, query: str = "") -> list[str]:
    answer = caller.ask("GET", LIST + query)
    assert answer.status_code == 200, answer.text
    return [group["external_id"] for group in answer.json()["items"]]


def test_groups_are_listed_by_their_mentor_members_subject_and_day(platform: Platform) -> None:
    client = platform.client()
    assert _keys(client) == ["g-1", "g-2", "g-3"]
    assert _keys(client, "?mentor=ext:m-1") == ["g-1", "g-3"]
    assert _keys(client, "?mentee=ext:s-2") == ["g-1", "g-2"]
    assert _keys(client, "?subject=music") == []
    assert _keys(client, "?on=2026-03-02") == ["g-1", "g-2", "g-3"]
    assert _keys(client, "?on=2026-03-01") == []
    first = client.ask("GET", LIST + "?limit=2")
    assert [group["external_id"] for group in first.json()["items"]] == ["g-1", "g-2"]
    rest = client.ask("GET", first.json()["next"].removeprefix("http://dure.example"))
    assert ([group["external_id"] for group in rest.json()["items"]], rest.json()["next"]) == (["g-3"], None)
    assert client.ask("GET", LIST + "?mentor=ext:m-9").status_code == 404


def test_a_group_is_read_with_its_people_and_times_by_either_key(platform: Platform) -> None:
    client = platform.client()
    group = client.ask("GET", "/v1/groups/ext:g-1").json()
    assert group["mentor"]["external_id"] == "m-1"
    assert [(one["mentee"]["external_id"], one["from_on"], one["until_on"]) for one in group["members"]] == [
        ("s-1", "2026-03-02", None),
        ("s-2", "2026-03-02", None),
    ]
    assert (group["meetings"], group["session_minutes"], group["link"]) == (["Tue 19:00", "Thu 19:00"], 60, "")
    for same in (f"/v1/groups/{group['id']}", f"{LIST}/ext:g-1", "/v1/groups/ext:g-1?term=ext:spring"):
        assert client.ask("GET", same).json() == group
    (series,) = client.ask("GET", "/v1/groups/ext:g-1/series").json()["items"]
    assert (series["kind"], series["meetings"], series["shifts"]) == ("tutoring", ["Tue 19:00", "Thu 19:00"], [])


def test_the_times_of_a_group_change_from_a_day_on(platform: Platform) -> None:
    client = platform.client()
    body = {"meetings": ["Fri 18:00", "Tue 19:00"], "from_on": "2026-03-09", "reason": "a club"}
    changed = client.ask("POST", "/v1/groups/ext:g-1/times", body)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["group"]["meetings"], changed.json()["cancelled"]) == (["Tue 19:00", "Fri 18:00"], [])
    assert client.ask("GET", "/v1/groups/ext:g-1").json()["meetings"] == ["Tue 19:00", "Thu 19:00"]  # as they are today
    (series,) = client.ask("GET", "/v1/groups/ext:g-1/series").json()["items"]
    assert series["shifts"] == [{"from_on": "2026-03-09", "meetings": ["Tue 19:00", "Fri 18:00"]}]
    fewer = client.ask("POST", "/v1/groups/ext:g-1/times", {"meetings": ["Tue 19:00"], "from_on": "2026-03-09"})
    assert (fewer.status_code, fewer.json()["type"]) == (422, "/problems/bad-meetings")


def test_a_clash_is_named_and_changes_nothing(platform: Platform) -> None:
    client = platform.client()
    before = client.ask("GET", "/v1/groups/ext:g-1").content
    refused = client.ask("POST", "/v1/groups/ext:g-1/times", {"meetings": ["Wed 19:00", "Thu 19:00"], "from_on": "2026-03-03"})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/clash")
    assert "s-2 is in a session of group g-2 on 2026-03-04 from 19:00 to 20:00" in refused.text
    assert client.ask("GET", "/v1/groups/ext:g-1").content == before


def test_mentees_join_and_leave_and_a_group_ends(platform: Platform) -> None:
    client = platform.client()
    joined = client.ask("POST", "/v1/groups/ext:g-3/join", {"mentee": "ext:s-5", "from_on": "2026-03-09"})
    assert [one["mentee"]["external_id"] for one in joined.json()["members"]] == ["s-4", "s-5"]
    assert client.ask("POST", "/v1/groups/ext:g-3/join", {"mentee": "ext:s-5", "from_on": "2026-03-09"}).status_code == 409
    left = client.ask("POST", "/v1/groups/ext:g-3/leave", {"mentee": "ext:s-4", "from_on": "2026-03-16"})
    assert [(one["mentee"]["external_id"], one["until_on"]) for one in left.json()["members"]] == [("s-4", "2026-03-16"), ("s-5", None)]
    ended = client.ask("POST", "/v1/groups/ext:g-3/end", {"from_on": "2026-03-23", "reason": "done"})
    assert ended.json()["until_on"] == "2026-03-23"
    assert _keys(client, "?on=2026-03-23") == ["g-1", "g-2"]
    with reading(platform.engine) as db:
        (deed,) = db.scalars(select(Deed).where(Deed.what == "ended")).all()
    assert (deed.by.split()[0], deed.reason, deed.source) == ("client", "done", "127.0.0.1")


def test_what_is_no_mentee_or_time_is_told_with_its_place(platform: Platform) -> None:
    client = platform.client()
    for path, body, pointer in (
        ("join", {"mentee": "ext:s-9", "from_on": "2026-03-09"}, "/mentee"),
        ("times", {"meetings": ["Tue 19:00", "never"], "from_on": "2026-03-09"}, "/meetings/1"),
        ("times", {"meetings": ["Tue 19:00; Wed 19:00"], "from_on": "2026-03-09"}, "/meetings/0"),
        ("end", {"from_on": "1026-03-09", "reason": "x"}, "/from_on"),
        ("end", {"from_on": "2026-03-09", "reason": " "}, "/reason"),
    ):
        refused = client.ask("POST", f"/v1/groups/ext:g-1/{path}", body)
        assert (refused.status_code, [one["pointer"] for one in refused.json()["errors"]]) == (422, [pointer]), refused.text


def test_links_of_one_group_and_of_many(platform: Platform) -> None:
    client = platform.client()
    link = {"link": "https://meet.example.org/1"}
    for _ in range(2):  # the second time changes nothing
        answer = client.ask("PUT", "/v1/groups/ext:g-1/link", link)
        assert (answer.status_code, answer.json()["link"], answer.json()["has_own_link"]) == (200, link["link"], True)
    assert client.ask("PUT", "/v1/groups/ext:g-1/link", {"link": "nowhere"}).status_code == 422
    second = client.ask("GET", "/v1/groups/ext:g-2").json()["id"]
    rows = [{"group": "ext:g-1", "link": link["link"]}, {"group": second, "link": "https://meet.example.org/2"}]
    for query in ("?dry_run=true", "?dry_run=true", ""):
        many = client.ask("PUT", "/v1/terms/ext:spring/links" + query, {"links": rows})
        assert many.json() == {"changed": ["g-2"], "unchanged": 1, "groups_without_link": 1}
    for bad, pointer in (
        ({"group": "ext:g-9", "link": "https://x.example"}, "/links/2/group"),
        ({"group": "ext:g-2", "link": "https://x.example"}, "/links/2/group"),
        ({"group": "ext:g-3", "link": "x"}, "/links/2/link"),
    ):
        refused = client.ask("PUT", "/v1/terms/ext:spring/links", {"links": [*rows, bad]})
        assert [one["pointer"] for one in refused.json()["errors"]] == [pointer]


def test_a_lost_update_of_a_group_is_refused(platform: Platform) -> None:
    client = platform.client()
    tag = {"if-match": client.ask("GET", "/v1/groups/ext:g-1").headers["etag"]}
    assert client.ask("PUT", "/v1/groups/ext:g-1/link", {"link": "https://a.example"}, tag).status_code == 200
    assert client.ask("PUT", "/v1/groups/ext:g-1/link", {"link": "https://b.example"}, tag).status_code == 412
    assert client.ask("POST", "/v1/groups/ext:g-1/end", {"from_on": "2026-03-23", "reason": "x"}, tag).status_code == 412


@pytest.mark.parametrize(
    ("role", "person", "school", "groups", "members"),
    [
        pytest.param(Role.MENTOR, "m-2", "", ["g-2"], ["s-2", "s-3"], id="a mentor sees all members of theirs"),
        pytest.param(Role.MENTEE, "s-2", "", ["g-1", "g-2"], ["s-2"], id="a mentee sees no other member"),
        pytest.param(Role.GUARDIAN, "s-3", "", ["g-2"], ["s-3"], id="a guardian sees their child"),
        pytest.param(Role.PARTNER, "", "south", ["g-1", "g-2", "g-3"], ["s-2"], id="a school sees its own"),
    ],
)
def test_everybody_sees_their_own_groups(
    lasting: Platform, role: Role, person: str, school: str, groups: list[str], members: list[str]
) -> None:
    caller = somebody(lasting, role, person, school)
    assert _keys(caller) == groups
    seen = caller.ask("GET", "/v1/groups/ext:g-2").json()
    assert [one["mentee"]["external_id"] for one in seen["members"]] == members
    other = next((key for key in ("g-1", "g-2", "g-3") if key not in groups), "g-9")
    assert caller.ask("GET", f"/v1/groups/ext:{other}").status_code == 404
    assert caller.ask("PUT", "/v1/groups/ext:g-2/link", {"link": "https://a.example"}).status_code == 403


def test_another_organisations_groups_are_not_there(platform: Platform, database: Engine) -> None:
    client = platform.client()
    mine = client.ask("GET", "/v1/groups/ext:g-1").json()["id"]
    term = taught_term(database, city="town")
    assert client.ask("GET", "/v1/groups/ext:g-1").json()["id"] == mine  # of two of this key, one is there
    with reading(database) as db:
        foreign = db.scalars(select(Group.id).where(Group.term_id == term.id, Group.key == "g-1")).one()
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/series", None),
        ("POST", "/end", {"from_on": "2026-03-23", "reason": "x"}),
        ("PUT", "/link", {"link": "https://a.example"}),
    ):
        answer = client.ask(method, f"/v1/groups/{foreign}{path}", body)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-thing")
    assert client.ask("GET", f"/v1/terms/{term.id}/groups").status_code == 404
