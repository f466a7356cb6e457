"""A platform that keeps its own data has a round solved: nobody else sees it, and nothing of it stays."""

from __future__ import annotations

import copy
import datetime as dt
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, func, select

from api.v1.round_json import EXAMPLE, round_of_json
from data.access import Right, Role
from data.audit import Deed
from data.base import new_id
from data.database import reading, transaction
from data.leases import LostLease, claim, renew
from data.matches import FETCHED_KEPT_FOR, KEPT_FOR, MOST_WAITING
from data.programs import Organisation, Program
from data.rounds import Match, Round, Run
from scheduler.jobs import forget_over_matches
from scheduler.retention import forget_results
from scheduler.worker import solve_next
from tests import small
from tests.api.v1.callers import NOW, Caller, Platform
from tests.api.v1.little import little_result

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def platform(database: Engine) -> Platform:
    """An organisation whose program has no term."""
    with transaction(database) as db:
        organisation = Organisation(id=new_id(), key="postech")
        db.add(organisation)
        db.flush()
        db.add(Program(id=new_id(), organisation_id=organisation.id, key="elsewhere", name="Elsewhere"))
    return Platform(database)


def archive(files: Mapping[str, str | bytes], *, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", how) as made:
        for name, text in files.items():
            made.writestr(name, text)
    return held.getvalue()


def send(caller: Caller, body: bytes, query: str = "", media: str = "application/zip") -> httpx.Response:
    headers = {"authorization": f"Bearer {caller.token}", "content-type": media}
    return caller.web.ask(f"/v1/match{query}", headers, method="POST", body=body)


def sent(caller: Caller, query: str = "") -> Any:  # noqa: ANN401  any JSON
    answer = send(caller, archive(small.FILES), query)
    assert answer.status_code == 202, answer.text
    return answer.json()


def rows(database: Engine) -> list[int]:
    """How much there is of matches, rounds and runs."""
    with reading(database) as db:
        return [db.scalars(select(func.count()).select_from(table)).one() for table in (Match, Round, Run)]


def test_a_round_is_sent_solved_fetched_and_gone(platform: Platform) -> None:
    client = platform.client()
    answer = send(client, archive(small.FILES), "?seed=3&effort=0.1&workers=1&time_seconds=60")
    asked = answer.json()
    path = f"/v1/matches/{asked['id']}"
    assert (answer.status_code, answer.headers["location"]) == (202, path)
    assert (asked["state"], asked["seed"], asked["effort"], asked["kept_until"]) == ("queued", 3, 0.1, "2026-03-03T09:00:00Z")
    assert client.ask("GET", f"{path}/files").json()["type"] == "/problems/no-result"
    assert solve_next(platform.engine, now=lambda: dt.datetime.now(dt.UTC))
    done = client.ask("GET", path).json()
    assert (done["state"], done["placed"], done["gap"]) == ("done", 1, 0.0)
    assert client.ask("GET", "/v1/matches").json()["items"] == [done]
    assert "event: end\n" in client.ask("GET", f"{path}/progress").text
    with zipfile.ZipFile(io.BytesIO(client.ask("GET", f"{path}/files").content)) as held:
        assert held.read("groups.csv").decode() == zipfile.ZipFile(io.BytesIO(little_result(3))).read("groups.csv").decode()
    (group,) = client.ask("GET", f"{path}/groups").json()["items"]
    assert group["mentee_external_ids"] == ["s-1"]
    assert len(client.ask("GET", f"{path}/unplaced").json()["items"]) == 2
    assert client.ask("GET", f"{path}/changes").json()["items"] == []
    assert client.ask("GET", path).json()["kept_until"] == "2026-03-02T09:10:00Z"
    assert client.ask("DELETE", path).status_code == 204
    assert rows(platform.engine) == [0, 0, 0]
    assert client.ask("GET", path).status_code == 404
    with reading(platform.engine) as db:
        deeds = db.scalars(select(Deed).where(Deed.whom.startswith("match ")).order_by(Deed.id)).all()
    assert [(deed.what, deed.details) for deed in deeds] == [("queued", {}), ("taken away", {})]


@pytest.mark.parametrize(("fetched", "kept"), [(False, KEPT_FOR), (True, FETCHED_KEPT_FOR)])
def test_what_nobody_takes_away_goes_by_itself(platform: Platform, fetched: bool, kept: dt.timedelta) -> None:
    client = platform.client()
    asked = sent(client, "?effort=0.1&workers=1")
    if fetched:
        solve_next(platform.engine, now=lambda: dt.datetime.now(dt.UTC))
        for at in (NOW, NOW + kept - SECOND):  # the first time counts
            object.__setattr__(platform, "now", at)
            assert client.ask("GET", f"/v1/matches/{asked['id']}/advice").status_code == 200
        object.__setattr__(platform, "now", NOW + kept)
        assert client.ask("GET", f"/v1/matches/{asked['id']}").status_code == 404, "whether or not a job has come by"
        assert client.ask("GET", "/v1/matches").json()["items"] == []
    assert forget_over_matches(platform.engine, lambda: NOW + kept - SECOND) == 0
    assert rows(platform.engine) == [1, 1, 1]
    assert forget_over_matches(platform.engine, lambda: NOW + kept) == 1
    assert rows(platform.engine) == [0, 0, 0]


@ON_SQLITE
def test_what_is_forgotten_of_rounds_of_terms_leaves_matches_alone(platform: Platform) -> None:
    sent(platform.client())
    assert forget_results(platform.engine, lambda: NOW + dt.timedelta(days=800)) == 0


def test_a_worker_that_is_at_a_match_that_was_taken_away_finds_that_out(platform: Platform) -> None:
    client = platform.client()
    asked = sent(client)
    with transaction(platform.engine) as db:
        held = claim(db, by="worker", now=NOW, lease=dt.timedelta(seconds=20))
    assert held is not None
    assert client.ask("DELETE", f"/v1/matches/{asked['id']}").status_code == 204
    with pytest.raises(LostLease), transaction(platform.engine) as db:
        renew(db, held, None, now=NOW, lease=dt.timedelta(seconds=20))


def test_only_who_asked_for_a_match_sees_it_and_only_with_that_right(platform: Platform) -> None:
    client, other = platform.client(), platform.client()
    path = f"/v1/matches/{sent(client)['id']}"
    mentor, reader = platform.client(role=Role.MENTOR), platform.client([Right.ROUNDS_READ])
    assert other.ask("GET", "/v1/matches").json()["items"] == []
    for method, where in [("GET", part) for part in ("", "/progress", "/groups", "/files")] + [("POST", "/stop"), ("DELETE", "")]:
        assert other.ask(method, path + where).status_code == 404
        assert mentor.ask(method, path + where).status_code == 404
        assert reader.ask(method, path + where).status_code == 404
    assert [one.ask("GET", "/v1/matches").status_code for one in (mentor, reader)] == [403, 403]
    assert send(mentor, archive(small.FILES)).status_code == 403
    assert client.ask("GET", "/v1/runs/" + path.rpartition("/")[2]).status_code == 404
    stopped = client.ask("POST", f"{path}/stop")
    assert (stopped.status_code, stopped.json()["state"]) == (202, "failed")


def test_a_retry_with_the_same_key_asks_for_one_match(platform: Platform) -> None:
    client, body = platform.client(), archive(small.FILES)
    headers = {"authorization": f"Bearer {client.token}", "content-type": "application/zip", "idempotency-key": "once"}
    answers = [client.web.ask("/v1/match", headers, method="POST", body=body) for _ in range(3)]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert rows(platform.engine) == [1, 1, 1]


@ON_SQLITE
def test_a_caller_has_so_many_matches_under_way_and_no_more(platform: Platform) -> None:
    client = platform.client()
    for _ in range(MOST_WAITING):
        sent(client)
    refused = send(client, archive(small.FILES))
    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many-matches")
    assert sent(platform.client())["state"] == "queued"


def test_a_result_is_repaired(platform: Platform) -> None:
    client = platform.client()
    with zipfile.ZipFile(io.BytesIO(little_result())) as held:
        before = {f"round/previous/{name}": held.read(name) for name in held.namelist()}
    body = archive({**before, **{f"round/{name}": text for name, text in small.FILES.items()}})
    path = f"/v1/matches/{send(client, body, '?effort=0.1&workers=1').json()['id']}"
    solve_next(platform.engine, now=lambda: dt.datetime.now(dt.UTC))
    assert client.ask("GET", f"{path}/changes").json()["items"] == []
    with zipfile.ZipFile(io.BytesIO(client.ask("GET", f"{path}/files").content)) as held:
        assert "changes.csv" in held.namelist()
    assert client.ask("DELETE", path).status_code == 204
    assert rows(platform.engine) == [0, 0, 0]


@ON_SQLITE
def test_each_fault_of_a_round_is_told_with_its_place_and_mend(platform: Platform) -> None:
    broken = {**small.FILES, "mentees.csv": small.FILES["mentees.csv"].replace("이서준,8,", "이서준,80,")}
    broken["policy.toml"] = broken["policy.toml"].replace("max_size = 3", "max_size = 300")
    refused = send(platform.client(), archive(broken))
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/bad-round")
    told = [(one["file"], one["line"], one["column"]) for one in refused.json()["errors"]]
    assert told == [("mentees.csv", 2, "grade"), ("policy.toml", 9, "group.max_size")]
    assert all(one["detail"] and one["mend"] for one in refused.json()["errors"])
    assert rows(platform.engine) == [0, 0, 0]


BOMB: Mapping[str, str | bytes] = {**small.FILES, "pairs.csv": b"mentor_id,mentee_id,rule\n" + b"\n" * (65 * 1024 * 1024)}


@ON_SQLITE
@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(b"", "is no ZIP archive", id="nothing"),
        pytest.param(b"nonsense" * 100, "is no ZIP archive", id="no archive"),
        pytest.param(archive(small.FILES)[:-30], "is no ZIP archive", id="a torn one"),
        pytest.param(archive(BOMB), "unpacks to more than", id="a bomb"),
        pytest.param(archive({**small.FILES, "../mentors.csv": "x"}), "no file of a round", id="a file beside its folder"),
        pytest.param(archive({**small.FILES, "/etc/passwd": "x"}), "no file of a round", id="a file of the machine"),
        pytest.param(archive({f"{number}.csv": "" for number in range(60)}), "holds 60 files", id="many files"),
        pytest.param(archive(small.FILES, how=zipfile.ZIP_LZMA), "packed in a way", id="packed otherwise"),
        pytest.param(archive({"mentors.csv": small.FILES["mentors.csv"]}), "is missing", id="a part of a round"),
        pytest.param(archive({**small.FILES, "previous/groups.csv": "x"}), "", id="a previous result that is none"),
    ],
)
def test_what_is_no_round_is_refused(platform: Platform, body: bytes, told: str) -> None:
    refused = send(platform.client(), body)
    assert refused.status_code == 422
    assert told in " ".join(error["detail"] for error in refused.json()["errors"])
    assert rows(platform.engine) == [0, 0, 0]


@ON_SQLITE
def test_a_wish_that_cannot_be_and_what_is_neither_json_nor_a_zip_are_refused(platform: Platform) -> None:
    client = platform.client()
    for query, pointer in (("?effort=0", "query:effort"), ("?effort=nan", "query:effort"), ("?nonsense=1", "query:nonsense")):
        refused = send(client, archive(small.FILES), query)
        assert (refused.status_code, [error["pointer"] for error in refused.json()["errors"]]) == (422, [pointer])
    for media in ("text/csv", ""):
        assert send(client, archive(small.FILES), media=media).status_code == 415


def asked(**parts: object) -> dict[str, Any]:
    """The round of the documentation, with other parts."""
    return copy.deepcopy({**EXAMPLE, **parts})


def send_json(caller: Caller, round: object) -> httpx.Response:
    return send(caller, json.dumps(round).encode(), "?effort=0.1&workers=1", "application/json")


def test_a_round_is_sent_as_json_and_its_groups_are_repaired(platform: Platform) -> None:
    client = platform.client()
    path = f"/v1/matches/{send_json(client, asked()).json()['id']}"
    solve_next(platform.engine, now=lambda: dt.datetime.now(dt.UTC))
    groups = client.ask("GET", f"{path}/groups").json()["items"]
    assert [(one["mentor_external_id"], one["mentee_external_ids"]) for one in groups] == [("m-1", ["s-1"])]
    repaired = send_json(client, asked(previous=groups))
    assert repaired.status_code == 202, repaired.text
    solve_next(platform.engine, now=lambda: dt.datetime.now(dt.UTC))
    path = f"/v1/matches/{repaired.json()['id']}"
    assert client.ask("GET", f"{path}/groups").json()["items"] == groups
    assert client.ask("GET", f"{path}/changes").json()["items"] == []


def test_all_that_json_may_say_of_a_round_is_what_its_files_say() -> None:
    mentor = {
        **EXAMPLE["mentors"][0],
        "name": "김하늘", "preferred": "Mon 18:00-20:00", "home_region": "Gyeongbuk", "regions": ["Gyeongbuk", "Muan"], "max_groups": 2,
        "max_size": 3, "max_weekly_minutes": 240, "available_from": "2027-03-02", "available_until": "2027-06-19", "gender": "F",
    }  # fmt: skip
    round, previous = round_of_json(
        json.dumps(
            asked(
                mentors=[mentor],
                mentees=[
                    EXAMPLE["mentees"][0],
                    {**EXAMPLE["mentees"][0], "external_id": "s-2", "school": "Andong Middle", "region": "Muan"},
                ],
                pairs=[{"mentor_external_id": "m-1", "mentee_external_id": "s-1", "subject": "math", "rule": "points", "points": 50}],
                peers=[{"mentee_external_id": "s-1", "other_external_id": "s-2", "rule": "apart"}],
                policy={**EXAMPLE["policy"], "group": {"same_time": False, "member_regions": "near"}, "points": {"placed": 7}},
            )
        ).encode()
    )
    assert previous is None
    (read,) = round.mentors
    assert (read.name, read.regions, read.max_groups, read.available_until) == ("김하늘", ("Gyeongbuk", "Muan"), 2, dt.date(2027, 6, 19))
    assert (round.pairs[0].points, round.peers[0].rule.value, round.mentees[1].school) == (50, "apart", "Andong Middle")
    group = round.policy.group
    assert (group.same_time, group.member_regions.value, group.max_size, round.policy.points.placed) == (False, "near", 4, 7)


PAIR = {"mentor_external_id": "m-1", "mentee_external_id": "s-1", "rule": "require"}
BEFORE = {"external_id": "g-1", "mentor_external_id": "m-1", "subject": "math", "meetings": ["Mon 19:00"], "mentee_external_ids": ["s-1"]}


@ON_SQLITE
@pytest.mark.parametrize(
    ("round", "pointers"),
    [
        pytest.param({}, ["/policy", "/mentors", "/mentees"], id="nothing"),
        pytest.param(asked(other=1), ["/other"], id="an unknown field"),
        pytest.param(asked(mentors=EXAMPLE["mentors"] * 2), ["/mentors/1/external_id"], id="a mentor who is there twice"),
        pytest.param(
            asked(mentees=[{**EXAMPLE["mentees"][0], "availability": "Mon 25:00-26:00"}]),
            ["/mentees/0/availability"],
            id="no time of a week",
        ),
        pytest.param(
            asked(policy={"program": {**EXAMPLE["policy"]["program"], "time_zone": "Mars"}, "group": {"max_size": 51}}),
            ["/policy/program/time_zone", "/policy/group/max_size"],
            id="a policy that cannot be",
        ),
        pytest.param(asked(pairs=[PAIR, {**PAIR, "mentor_external_id": "m-9"}]), ["/pairs/1/mentor_external_id"], id="a pair with nobody"),
        pytest.param(asked(pairs=[{**PAIR, "rule": "points"}]), ["/pairs/0/points"], id="points that are missing"),
        pytest.param(
            asked(peers=[{"mentee_external_id": "s-1", "other_external_id": "s-1", "rule": "apart"}]),
            ["/peers/0/other_external_id"],
            id="a mentee apart from themselves",
        ),
        pytest.param(asked(previous=[{**BEFORE, "meetings": ["at noon"]}]), ["/previous/0/meetings"], id="a group that meets never"),
        pytest.param(
            asked(previous=[{**BEFORE, "mentee_external_ids": ["s-1", ""]}]), ["/previous/0/mentee_external_ids/1"], id="nobody in a group"
        ),
    ],
)
def test_each_fault_of_json_is_told_with_its_pointer(platform: Platform, round: object, pointers: list[str]) -> None:
    refused = send_json(platform.client(), round)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == pointers
    assert all(error["mend"] or "required" in error["detail"] for error in refused.json()["errors"])
    assert rows(platform.engine) == [0, 0, 0]


@ON_SQLITE
@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, rb'{"policy": "\ud800"}', b"\xff"])
def test_what_is_no_json_is_refused(platform: Platform, body: bytes) -> None:
    assert send(platform.client(), body, media="application/json; charset=utf-8").status_code in {400, 422}
