"""Rounds are opened, closed and solved through the API; what comes out is read page by page, compared, published and taken back."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from data.access import Right, Role
from data.audit import Deed
from data.base import new_id
from data.database import reading, transaction
from data.groups import Group
from data.leases import Standing, claim, finish
from data.programs import Organisation, Program
from data.rounds import Run
from scheduler.worker import solve_next
from tests.api.v1.callers import NOW, Caller, Platform
from tests.api.v1.little import little_result, little_round
from tests.terms import demo_term

ROUNDS = "/v1/terms/ext:2026-spring/rounds"
RUN = "/v1/runs/ext:2026-spring:1.1"


@pytest.fixture
def platform(database: Engine) -> Platform:
    """A term with a round's people, who are few."""
    demo_term(database, little_round())
    return Platform(database)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def ok(caller: Caller, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  any JSON
    answer = caller.ask(method, path, body)
    assert answer.status_code < 300, answer.text
    return answer.json()


def solved(platform: Platform, caller: Caller, **wish: object) -> Any:  # noqa: ANN401
    """A run that has ended with what comes of the round, as a worker that holds it says."""
    started = ok(caller, "POST", "/v1/rounds/ext:2026-spring:1/runs", wish)
    result = little_result(started["seed"], repaired=started["previous_id"] is not None)
    with transaction(platform.engine) as db:
        held = claim(db, by="worker", now=NOW, lease=dt.timedelta(seconds=20))
        assert held is not None
        standing = Standing(placed=1, score=3530, bound=3530, history=((0.1, 3000, 4000), (0.3, 3530, 3530)))
        finish(db, held, standing, result=result, ended_by="proof", solver="dure", now=NOW + dt.timedelta(seconds=1))
    return ok(caller, "GET", f"/v1/runs/{started['id']}")


def closed(platform: Platform) -> Caller:
    """A client whose term has a closed round."""
    client = platform.client()
    ok(client, "POST", ROUNDS)
    ok(client, "POST", "/v1/rounds/ext:2026-spring:1/close")
    return client


def test_a_round_is_opened_closed_and_listed(platform: Platform) -> None:
    client = platform.client()
    opened = client.ask("POST", ROUNDS)
    assert (opened.status_code, opened.headers["location"]) == (201, f"/v1/rounds/{opened.json()['id']}")
    assert (opened.json()["external_id"], opened.json()["state"]) == ("2026-spring:1", "open")
    again = client.ask("POST", ROUNDS)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/still-open")
    done = ok(client, "POST", "/v1/rounds/ext:2026-spring:1/close", {"from_on": "2026-03-09"})
    assert (done["state"], done["closed_at"]) == ("closed", "2026-03-02T09:00:00Z")
    assert ok(client, "GET", ROUNDS)["items"] == [done]
    assert ok(client, "GET", f"/v1/rounds/{done['id']}") == done


def test_only_an_open_round_is_closed_and_not_for_a_day_that_has_begun(platform: Platform) -> None:
    client = closed(platform)
    late = client.ask("POST", "/v1/rounds/ext:2026-spring:1/close")
    assert (late.status_code, late.json()["type"]) == (409, "/problems/nothing-open")
    ok(client, "POST", ROUNDS)
    other = client.ask("POST", "/v1/rounds/ext:2026-spring:1/close")
    assert (other.status_code, other.json()["type"]) == (409, "/problems/not-open")
    for day, told in (("2026-03-01", (409, "/problems/too-soon")), ("9999-12-31", (422, "/problems/bad-request"))):
        refused = client.ask("POST", "/v1/rounds/ext:2026-spring:2/close", {"from_on": day})
        assert (refused.status_code, refused.json()["type"]) == told
    assert ok(client, "GET", "/v1/rounds/ext:2026-spring:2")["state"] == "open"


def test_a_run_is_queued_with_all_that_was_wished_and_solved_by_a_worker(platform: Platform) -> None:
    client = closed(platform)
    wish = {"seed": 3, "time_seconds": 30, "effort": 0.1, "workers": 1, "explain_seconds": 0.5}
    started = client.ask("POST", "/v1/rounds/ext:2026-spring:1/runs", wish)
    assert started.status_code == 202
    queued = started.json()
    assert started.headers["location"] == f"/v1/runs/{queued['id']}"
    assert {name: queued[name] for name in wish} == wish
    assert (queued["state"], queued["seconds"], queued["placed"], queued["gap"]) == ("queued", 0.0, None, None)
    solve_next(platform.engine, now=now)
    done = ok(client, "GET", RUN)
    assert (done["state"], done["placed"], done["score"], done["gap"]) == ("done", 1, done["bound"], 0.0)
    assert ok(client, "GET", "/v1/rounds/ext:2026-spring:1/runs")["items"] == [done]


@pytest.mark.parametrize(
    "wish", [{"seed": -1}, {"time_seconds": 0}, {"effort": -1}, {"workers": 0}, {"explain_seconds": -1}, {"previous": 1}, {"other": 1}]
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_wish_that_cannot_be_is_told_with_its_place(platform: Platform, wish: dict[str, object]) -> None:
    refused = closed(platform).ask("POST", "/v1/rounds/ext:2026-spring:1/runs", wish)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [f"/{name}" for name in wish]


def test_a_run_of_a_round_that_is_open_and_a_result_that_is_not_there_are_refused(platform: Platform) -> None:
    client = platform.client()
    ok(client, "POST", ROUNDS)
    early = client.ask("POST", "/v1/rounds/ext:2026-spring:1/runs")
    assert (early.status_code, early.json()["type"]) == (409, "/problems/still-open")
    ok(client, "POST", "/v1/rounds/ext:2026-spring:1/close")
    ok(client, "POST", "/v1/rounds/ext:2026-spring:1/runs")
    for what in ("groups", "unplaced", "advice", "changes", "files", "comparison?with=ext:2026-spring:1.1"):
        none = client.ask("GET", f"{RUN}/{what}")
        assert (none.status_code, none.json()["type"]) == (409, "/problems/no-result")


def test_a_queued_run_that_is_stopped_ends_at_once_and_only_once(platform: Platform) -> None:
    client = closed(platform)
    ok(client, "POST", "/v1/rounds/ext:2026-spring:1/runs")
    stopped = client.ask("POST", f"{RUN}/stop")
    assert (stopped.status_code, stopped.json()["state"], stopped.json()["stop_asked"]) == (202, "failed", True)
    again = client.ask("POST", f"{RUN}/stop")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/has-ended")


def test_a_result_is_read_page_by_page_and_as_files(platform: Platform) -> None:
    client = closed(platform)
    solved(platform, client)
    (group,) = ok(client, "GET", f"{RUN}/groups")["items"]
    assert (group["external_id"], group["mentor_external_id"], group["mentee_external_ids"]) == ("g-1", "m-1", ["s-1"])
    assert [len(meeting.split()) for meeting in group["meetings"]] == [2]
    first = ok(client, "GET", f"{RUN}/unplaced?limit=1")
    rest = client.ask("GET", first["next"].removeprefix("http://dure.example"))
    assert "link" not in rest.headers
    unplaced = first["items"] + rest.json()["items"]
    assert [(one["mentee_external_id"], one["subject"]) for one in unplaced] == [("s-1", "english"), ("s-2", "english")]
    assert all(one["reason"].startswith("no_") and one["detail"] for one in unplaced)
    assert all(one["sentence"] and one["gain"] > 0 for one in ok(client, "GET", f"{RUN}/advice")["items"])
    assert ok(client, "GET", f"{RUN}/changes") == {"items": [], "next": None}
    answer = client.ask("GET", f"{RUN}/files")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as held:
        assert {"groups.csv", "members.csv", "unplaced.csv", "summary.json", "roster.json"} <= set(held.namelist())
        assert held.read("groups.csv").count(b"\n") == 2
    bad = client.ask("GET", f"{RUN}/groups?after=nonsense")
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "query:after")


def test_it_is_written_down_who_reads_a_result(platform: Platform) -> None:
    client = closed(platform)
    solved(platform, client)
    ok(client, "GET", f"{RUN}/groups")
    client.ask("GET", f"{RUN}/files")
    with reading(platform.engine) as db:
        read = db.execute(select(Deed.whom, Deed.details, Deed.source).where(Deed.what == "read").order_by(Deed.id)).all()
    told = {"groups": ["s-1"], "files": ["s-1", "s-2"]}
    assert [tuple(row) for row in read] == [
        ("run 1.1", {"what": what, "mentees": keys, "path": f"{RUN}/{what}"}, "127.0.0.1") for what, keys in told.items()
    ]


def test_two_runs_are_compared(platform: Platform) -> None:
    client = closed(platform)
    solved(platform, client)
    solved(platform, client, seed=7)
    same = ok(client, "GET", f"{RUN}/comparison?with=ext:2026-spring:1.2")
    assert (same["alike"], same["changed"], same["items"]) == (1, 0, [])
    assert (same["first"]["placed"], same["first"]["seed"], same["second"]["seed"]) == (1, 0, 7)
    foreign = client.ask("GET", f"{RUN}/comparison?with=ext:2026-spring:1.9")
    assert foreign.status_code == 404


def test_publishing_is_tried_done_and_taken_back(platform: Platform) -> None:
    client = closed(platform)
    solved(platform, client)
    tried = ok(client, "POST", f"{RUN}/publish", {"dry_run": True})
    assert (tried["dry_run"], {group["fate"] for group in tried["groups"]}) == (True, {"added"})
    assert tried["new_sessions"] > 0
    with reading(platform.engine) as db:
        assert db.scalar(select(func.count()).select_from(Group)) == 0
        assert db.scalars(select(Run.published_at)).one() is None
    done = ok(client, "POST", f"{RUN}/publish")
    assert {**done, "dry_run": True} == tried
    assert ok(client, "GET", RUN)["published_at"] == "2026-03-02T09:00:00Z"
    twice = client.ask("POST", f"{RUN}/publish")
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/published-already")
    would = ok(client, "POST", f"{RUN}/undo", {"dry_run": True})
    assert (would["groups"], would["sessions"]) == (len(done["groups"]), done["new_sessions"])
    assert ok(client, "GET", RUN)["undone_at"] is None
    assert {**ok(client, "POST", f"{RUN}/undo"), "dry_run": True} == would
    assert ok(client, "GET", RUN)["undone_at"] == "2026-03-02T09:00:00Z"
    none = client.ask("POST", f"{RUN}/undo")
    assert (none.status_code, none.json()["type"]) == (409, "/problems/not-standing")


def test_a_repair_says_which_groups_change(platform: Platform) -> None:
    client = closed(platform)
    solved(platform, client)
    ok(client, "POST", f"{RUN}/publish")
    repair = solved(platform, client, previous="ext:2026-spring:1.1")
    assert repair["previous_id"] == ok(client, "GET", RUN)["id"]
    assert ok(client, "GET", "/v1/runs/ext:2026-spring:1.2/changes")["items"] == []
    tried = ok(client, "POST", "/v1/runs/ext:2026-spring:1.2/publish", {"dry_run": True, "from_on": "2026-03-09"})
    assert {group["fate"] for group in tried["groups"]} == {"stays"}
    assert all(group["before"] == group["after"] for group in tried["groups"])


def test_who_has_no_such_right_or_no_part_in_the_program_is_refused(platform: Platform) -> None:
    owner = closed(platform)
    solved(platform, owner)
    with transaction(platform.engine) as db:
        organisation = db.scalars(select(Organisation)).one()
        db.add(Program(id=new_id(), organisation_id=organisation.id, key="other", name="Other"))
    stranger = platform.client(programs=["other"])
    mentor, reader = platform.client(role=Role.MENTOR), platform.client([Right.ROUNDS_READ])
    reads = ["/v1/rounds/ext:2026-spring:1", ROUNDS, RUN, f"{RUN}/progress", f"{RUN}/groups", f"{RUN}/files"]
    writes = [
        ROUNDS,
        "/v1/rounds/ext:2026-spring:1/close",
        "/v1/rounds/ext:2026-spring:1/runs",
        f"{RUN}/stop",
        f"{RUN}/publish",
        f"{RUN}/undo",
    ]
    for method, path in [("GET", path) for path in reads] + [("POST", path) for path in writes]:
        assert stranger.ask(method, path).status_code == 404, path
        assert mentor.ask(method, path).status_code == 403, path
        assert reader.ask(method, path).status_code == (200 if method == "GET" else 403), path
    for key in ("ext:2026-spring:9", "ext:other:1", "nonsense", str(new_id()), "ext:", "ext:2026-spring:1.1"):
        assert owner.ask("GET", f"/v1/rounds/{key}").status_code == 404
