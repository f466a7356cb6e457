"""The guide by the client that openapi-python-client makes of the document: `guide_client.py URL ID SECRET` prints its answers as JSON.

It runs in the generator's environment, not in Dure's own.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from typing import Any, Protocol, TypeVar

from dure_client import AuthenticatedClient, Client
from dure_client.api.mentees import put_mentees
from dure_client.api.mentors import put_mentors
from dure_client.api.rounds import close_open_round, open_next_round
from dure_client.api.runs import publish_run, read_run, start_run
from dure_client.api.subscriptions import make_subscription
from dure_client.api.terms import put_term
from dure_client.api.tokens import get_token
from dure_client.models import (
    Audience,
    BodyGetToken,
    LinesOut,
    MenteeLine,
    MentorLine,
    PublishedOut,
    RequestIn,
    RoundOut,
    RunIn,
    RunOut,
    RunState,
    SubscriptionIn,
    SubscriptionMade,
    Teaching,
    TermIn,
    TermInPolicy,
    TermOut,
    TokenOut,
)


class Told(Protocol):
    """Whatever the client makes of an answer."""

    def to_dict(self) -> dict[str, Any]:
        """The answer as it came."""


T = TypeVar("T", bound=Told)

TERM, ROUND, RUN = "ext:2027-spring", "ext:2027-spring:1", "ext:2027-spring:1.1"

WHAT_THE_TERM_IS = TermIn(
    name="2027년 봄학기",
    zone="Asia/Seoul",
    country="KR",
    first_on=dt.date(2027, 3, 2),
    last_on=dt.date(2027, 6, 18),
    policy=TermInPolicy.from_dict({"group": {"max_size": 3, "session_minutes": 60}}),
)
MENTORS = [
    MentorLine(
        external_id="m-01",
        name="김하늘",
        email="haneul@example.org",
        availability="Tue 18:00-21:00; Thu 18:00-20:00",
        subjects=[Teaching(subject="math", lowest_grade=7, highest_grade=10)],
    ),
    MentorLine(
        external_id="m-02",
        name="박준서",
        email="junseo@example.org",
        availability="Wed 18:00-21:00",
        subjects=[Teaching(subject="english", lowest_grade=7, highest_grade=12)],
    ),
]
MENTEES = [
    MenteeLine(
        external_id="s-01", name="이서연", grade=9, requests=[RequestIn(subject="math", priority=3)], availability="Tue 18:00-22:00"
    ),
    MenteeLine(
        external_id="s-02",
        name="최도윤",
        grade=9,
        requests=[RequestIn(subject="math")],
        availability="Tue 19:00-22:00; Wed 18:00-22:00",
    ),
    MenteeLine(external_id="s-03", name="정하은", grade=10, requests=[RequestIn(subject="english")], availability="Wed 19:00-21:00"),
]
PHONE = SubscriptionIn(audience=Audience.MENTOR, owner="ext:m-01", name="phone", alarm_minutes=[60])


def main() -> None:
    """Makes the ten calls."""
    url, client_id, secret = sys.argv[1:]
    shown = BodyGetToken(grant_type="client_credentials", client_id=client_id, client_secret=secret)
    token = expect(TokenOut, get_token.sync(client=Client(base_url=url), body=shown))
    with AuthenticatedClient(base_url=url, token=token.access_token) as client:
        term = expect(TermOut, put_term.sync("ext:okcheon", TERM, client=client, body=WHAT_THE_TERM_IS))
        mentors = expect(LinesOut, put_mentors.sync(TERM, client=client, body=MENTORS))
        mentees = expect(LinesOut, put_mentees.sync(TERM, client=client, body=MENTEES))
        opened = expect(RoundOut, open_next_round.sync(TERM, client=client, idempotency_key="round-1"))
        closed = expect(RoundOut, close_open_round.sync(ROUND, client=client, body=None, idempotency_key="close-1"))
        queued = expect(RunOut, start_run.sync(ROUND, client=client, body=RunIn(seed=1), idempotency_key="run-1"))
        run = ended(client)
        published = expect(PublishedOut, publish_run.sync(RUN, client=client, body=None, idempotency_key="publish-1"))
        made = expect(SubscriptionMade, make_subscription.sync("ext:okcheon", client=client, body=PHONE, idempotency_key="feed-m-01"))
    answers: list[Told] = [token, term, mentors, mentees, opened, closed, queued, run, published, made]
    json.dump([answer.to_dict() for answer in answers], sys.stdout)


def ended(client: AuthenticatedClient) -> RunOut:
    """The run, once it has ended."""
    while True:
        run = expect(RunOut, read_run.sync(RUN, client=client))
        if run.state in {RunState.DONE, RunState.FAILED}:
            return run
        time.sleep(0.2)


def expect(kind: type[T], answer: object) -> T:
    """The answer, where it is of the kind that is expected; a problem ends the program."""
    if not isinstance(answer, kind):
        sys.exit(repr(answer))
    return answer


if __name__ == "__main__":
    main()
