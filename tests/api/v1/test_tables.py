"""A term's tables by the API: they come in as files, whole or not at all, and go out as files that come in again."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, select

from data.access import Right
from data.archive import pack
from data.audit import Deed
from data.database import reading
from data.demo import ROUND
from tests.api.v1.callers import Caller, Platform
from tests.terms import demo_term

TERM = "/v1/terms/ext:2026-spring"
ZIP = "application/zip"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def platform(database: Engine) -> Platform:
    demo_term(database)
    return Platform(database)


def _send(caller: Caller, body: bytes, media: str = ZIP, query: str = "") -> httpx.Response:
    headers = {"authorization": f"Bearer {caller.token}", "content-type": media}
    return caller.web.ask(f"{TERM}/imports{query}", headers, method="POST", body=body)


def _with(held: Path, name: str, change: str, to: str) -> bytes:
    """The demo's round with something else in one of its files."""
    folder = held / "round"
    folder.mkdir()
    for path in ROUND.iterdir():
        if path.suffix in {".csv", ".toml"}:
            (folder / path.name).write_bytes(path.read_bytes())
    text = (folder / name).read_text(encoding="utf-8")
    assert change in text
    (folder / name).write_text(text.replace(change, to, 1), encoding="utf-8", newline="\n")
    return pack(folder)


@pytest.mark.parametrize(("query", "media"), [("?for=programs", ZIP), ("?for=people", ZIP), ("?format=xlsx", XLSX)])
def test_what_goes_out_comes_in_again_and_changes_nothing(platform: Platform, query: str, media: str) -> None:
    client = platform.client()
    out = client.ask("GET", f"{TERM}/export{query}")
    assert (out.status_code, out.headers["content-type"]) == (200, media)
    back = _send(client, out.content, media)
    assert back.status_code == 200, back.text
    for table, changes in back.json()["tables"].items():
        assert (changes["new"], changes["changed"], changes["gone"]) == ([], {}, []), table
    form = httpx.Request("POST", "http://dure.example", files={"file": ("tables", out.content)})
    assert _send(client, form.read(), form.headers["content-type"]).json() == back.json()
    with reading(platform.engine) as db:
        noted = db.scalars(select(Deed).where(Deed.what == "tables exported")).one()
    assert len(noted.details["mentees"]) == 70


def test_an_import_tells_what_it_changes_and_changes_it_unless_it_is_dry(platform: Platform, tmp_path: Path) -> None:
    client = platform.client()
    name = client.ask("GET", f"{TERM}/mentees?limit=1").json()["items"][0]["name"]
    body = _with(tmp_path, "mentees.csv", name, "Somebody Else")
    dry = _send(client, body, query="?dry_run=true").json()
    (changed,) = dry["tables"]["mentees"]["changed"].values()
    assert (dry["dry_run"], changed, dry["tables"]["mentees"]["unchanged"]) == (True, ["name"], 69)
    assert client.ask("GET", f"{TERM}/mentees?limit=1").json()["items"][0]["name"] == name
    assert _send(client, body).json() == {**dry, "dry_run": False}
    assert "Somebody Else" in client.ask("GET", f"{TERM}/mentees").text


def test_what_was_imported_is_listed_and_one_says_whom_it_changed(platform: Platform, tmp_path: Path) -> None:
    client = platform.client()
    first = client.ask("GET", f"{TERM}/mentees?limit=1").json()["items"][0]
    body = _with(tmp_path, "mentees.csv", first["name"], "Somebody Else")
    assert [_send(client, body).status_code for _ in range(2)] == [200, 200], "the second changes nothing"
    (done,) = client.ask("GET", f"{TERM}/imports").json()["items"]
    assert done["tables"]["mentees"] == {"new": 0, "changed": 1, "unchanged": 69, "gone": 0, "back": 0}
    whole = client.ask("GET", f"{TERM}/imports/{done['id']}").json()
    assert whole["people"]["mentees"]["changed"] == {first["external_id"]: ["name"]}
    assert {name: value for name, value in whole.items() if name != "people"} == done
    assert client.ask("GET", f"{TERM}/imports/{first['id']}").status_code == 404


def test_each_fault_is_told_with_its_file_line_column_and_mend(platform: Platform, tmp_path: Path) -> None:
    client = platform.client()
    refused = _send(client, _with(tmp_path, "mentees.csv", "requests", "requsts"))
    assert refused.status_code == 422
    errors = refused.json()["errors"]
    assert {"file": "mentees.csv", "line": 1, "column": "requsts"}.items() <= errors[0].items()
    assert errors[0]["mend"] == "rename it to requests"
    for body, media, status in (
        (b"PK nothing", ZIP, 422),
        (b"nothing", XLSX, 422),
        (b"nothing", "text/plain", 415),
        (b"x", "multipart/form-data; boundary=b", 422),
    ):
        assert _send(client, body, media).status_code == status, media


def test_who_would_be_gone_is_told_and_asked_about(platform: Platform) -> None:
    client = platform.client()
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for path in ROUND.iterdir():
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            if path.suffix == ".toml" or path.name == "mentors.csv":
                archive.writestr(path.name, "".join(lines))
            elif path.name == "mentees.csv":
                archive.writestr(path.name, "".join(lines[:31]))
    dry = _send(client, held.getvalue(), query="?dry_run=true").json()
    assert len(dry["tables"]["mentees"]["gone"]) == 40
    assert "40 of 94 people would be gone" in dry["warnings"][0]
    refused = _send(client, held.getvalue())
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/too-many-gone")
    assert "allow_removals=true" in refused.json()["mend"]
    done = _send(client, held.getvalue(), query="?allow_removals=true")
    assert done.status_code == 200, done.text
    assert len(client.ask("GET", f"{TERM}/mentees?left=false&limit=1000").json()["items"]) == 30


def test_another_policy_takes_the_right_to_change_the_program(platform: Platform, tmp_path: Path) -> None:
    body = _with(tmp_path, "policy.toml", "max_size = 4", "max_size = 5")
    refused = _send(platform.client([Right.PEOPLE_WRITE]), body)
    assert (refused.status_code, "program:write" in refused.text) == (403, True)
    done = _send(platform.client(), body)
    assert done.json()["tables"]["policy"]["changed"] == {"group.max_size": ["value"]}
