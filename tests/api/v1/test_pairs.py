"""What is said of pairs and peers by the API: read, said anew, and refused where it speaks of nobody."""

from __future__ import annotations

from sqlalchemy import Engine

from data.access import Role
from tests.api.v1.callers import Platform
from tests.api.v1.roles import somebody
from tests.terms import demo_term

TERM = "/v1/terms/ext:2026-spring"


def test_what_is_said_of_pairs_and_peers_is_read_and_said_anew(database: Engine) -> None:
    demo_term(database)
    platform = Platform(database)
    client = platform.client()
    for name in ("pairs", "peers"):
        said = client.ask("GET", f"{TERM}/{name}")
        assert said.status_code == 200, said.text
        rows = said.json()[name]
        assert rows
        fewer = client.ask("PUT", f"{TERM}/{name}", {name: rows[1:]}, {"if-match": said.headers["etag"]})
        assert (fewer.status_code, fewer.json()[name]) == (200, rows[1:])
        assert client.ask("PUT", f"{TERM}/{name}", {name: rows}, {"if-match": said.headers["etag"]}).status_code == 412
        wrong = client.ask("PUT", f"{TERM}/{name}", {name: [rows[0], {**rows[0], "mentee_external_id": "nobody"}]})
        assert (wrong.status_code, [one["pointer"] for one in wrong.json()["errors"]]) == (422, [f"/{name}/1/mentee_external_id"])
        assert client.ask("GET", f"{TERM}/{name}").json()[name] == rows[1:]
    partner = somebody(platform, Role.PARTNER, school="anywhere")
    assert partner.ask("GET", f"{TERM}/pairs").status_code == 403
