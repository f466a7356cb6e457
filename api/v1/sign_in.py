"""Signing in and out: by a password, by a mailed link, by a passkey; and a new password by mail. By an identity provider: the room beside.

Nothing here says whether an address has an account: what is answered is the same, and so is the time that it takes. A try is counted
before it is looked at, in a transaction of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from fastapi import Depends, FastAPI, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session as DbSession

from api.access import clear_cookie, set_cookie, shown_cookie, site_of
from api.links import service_address
from api.problems import MEDIA, Problem
from api.v1.asked import refuse_unknown
from api.v1.door import ROOT, Door, Wire
from api.v1.limits import Limits
from api.v1.single_sign_on import add_single_sign_on
from data.accounts import account_named, let_in_by_mail, set_password, signs_in_by_mail
from data.attempts import Try, begin, network_of, succeeded, undone
from data.audit import write_down
from data.database import KeptRefusal, reading, transaction
from data.factors import has_second, has_totp, takes_code
from data.grants import Account
from data.mailed import LinkIsOver, Purpose, mail_link, use_link
from data.passkeys import account_by_passkey, begin_sign_in
from data.passwords import LONGEST, is_right
from data.signed_in import Shown, end_visit, enter, visit_of

F = TypeVar("F", bound=Callable[..., Any])

A_MINUTE = 60
"""Requests of this kind from one address."""

Email = Annotated[str, Field(max_length=254, examples=["kim@example.org"])]
Code = Annotated[str, Field(max_length=40, description="What a device shows, or a code to recover by.")]
LinkToken = Annotated[str, Field(max_length=100, description="What the mailed link has after its #.")]
Password = Annotated[str, Field(max_length=4 * LONGEST)]

NO_STORE = {"Cache-Control": "no-store"}


class SignInIn(Wire):
    """An address and its password; and a code, where the account has a second factor."""

    email: Email
    password: Password
    code: Code | None = None


class EmailIn(Wire):
    """To whom a link is to be mailed."""

    email: Email


class MailedLinkIn(Wire):
    """A link that was mailed."""

    token: LinkToken


class ResetIn(Wire):
    """A link that was mailed, and the password that is to hold from now on."""

    token: LinkToken
    password: Password


class ChallengeOut(Wire):
    """What a device is to sign: `options` go to the browser as they are."""

    challenge: UUID
    options: dict[str, Any]


class PasskeyIn(Wire):
    """What a device says to a challenge, as the browser gives it."""

    challenge: UUID
    credential: dict[str, Any]


class SignedInOut(Wire):
    """Who is signed in; the cookie is in the header."""

    account_id: UUID


class SentOut(Wire):
    """A link is mailed where somebody may have one."""

    sent: Literal["where somebody may have one"] = "where somebody may have one"


def add_sign_in(app: FastAPI, door: Door) -> None:
    """Adds the routes of those who are not known yet."""
    told: dict[int | str, dict[str, Any]] = {
        status: {"description": text, "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}}
        for status, text in {
            400: "The body is no JSON.",
            401: "They do not show what lets them in.",
            403: "A page of another site asks for it.",
            408: "The body comes too slowly.",
            409: "What they show is good no more.",
            413: "The body is too large.",
            422: "What was sent is not what this takes.",
            429: "There were too many tries.",
            503: "The database does not answer.",
        }.items()
    }
    is_right("", "")  # whoever asks first is told as soon as others
    gate = Gate(door, app, told)
    _add_passwords(gate)
    _add_links(gate)
    _add_passkeys(gate)
    add_single_sign_on(gate)


class Gate:
    """What these routes share: the app with its database and clock, and a count of requests of each address."""

    def __init__(self, door: Door, app: FastAPI, told: dict[int | str, dict[str, Any]]) -> None:
        self.door, self.limits, self.app, self.told = door, Limits(A_MINUTE), app, told

    def post(self, path: str, **docs: Any) -> Callable[[F], F]:  # noqa: ANN401  what the framework takes
        """Adds a route."""
        responses = {**self.told, **docs.pop("responses", {})}
        knows = [Depends(_knows_no_query)]
        return self.app.post(f"{ROOT}/auth{path}", tags=["signing in"], responses=responses, dependencies=knows, **docs)

    def get(self, path: str, **docs: Any) -> Callable[[F], F]:  # noqa: ANN401  what the framework takes
        """Adds one to which a browser is sent."""
        responses = {**self.told, **docs.pop("responses", {})}
        return self.app.get(f"{ROOT}/auth{path}", tags=["signing in"], responses=responses, **docs)

    def arrive(self, request: Request) -> tuple[dt.datetime, str]:
        """The moment, and from where somebody asks."""
        now, source = self.door.clock(), request.client.host if request.client else ""
        self.limits.count(network_of(source), now)
        return now, source

    def let_in(self, db: DbSession, request: Request, account: Account, way: str, now: dt.datetime, *, two_factors: bool) -> Response:
        """Signs somebody in, and says who that is."""
        answer = Response(SignedInOut(account_id=account.id).model_dump_json(), 200, NO_STORE, "application/json")
        self.enter(db, request, answer, account, way, Shown(now, two_factors), now=now)
        return answer

    def enter(
        self,
        db: DbSession,
        request: Request,
        answer: Response,
        account: Account,
        way: str,
        shown: Shown,
        *,
        now: dt.datetime,
    ) -> None:
        """Signs somebody in by an answer's cookie; whatever this browser was signed in by before is over."""
        source = db.info["source"] = request.client.host if request.client else ""
        before = visit_of(db, shown_cookie(request) or "", now=now)
        if before is not None:
            end_visit(db, before.account_id, str(before.id))
        token = enter(db, account, shown, source=source, agent=request.headers.get("user-agent", ""), now=now)
        who = f"account {account.id}"
        write_down(db, at=now, by=who, what="signed in", whom=who, details={"way": way})
        set_cookie(request, answer, token)


class SecondFactorWanted(Problem, KeptRefusal):
    """The password is right, and a code is wanted: who has not sent one yet has not failed."""


async def _knows_no_query(request: Request) -> None:
    """Nothing is said after the question mark here, where passwords might be."""
    refuse_unknown(request, ())


def _add_passwords(gate: Gate) -> None:
    engine = gate.door.engine

    @gate.post("/sign-in", operation_id="sign_in", response_model=SignedInOut)
    def sign_in(request: Request, body: SignInIn) -> Response:
        """Signs in by a password, and by a code where the account has a second factor."""
        now, source = gate.arrive(request)
        with transaction(engine) as db:
            tried = begin(db, body.email.strip().lower(), source, now=now)
        with reading(engine) as db:
            account = account_named(db, body.email)
        request.state.who = f"account {account.id}" if account else ""
        right, anew = is_right(body.password, account.password if account else "")
        if account is None or not right:
            raise _sign_in_failed()
        with transaction(engine) as db:
            seen, account = account.password, db.get_one(Account, account.id, with_for_update=True)
            if account.closed_at is not None or (account.password != seen and not is_right(body.password, account.password)[0]):
                raise _sign_in_failed()  # it was closed, or set anew, since
            second = _look_at_second(db, account, body.code, tried, now)
            if account.password == seen:
                account.password = anew or seen
            succeeded(db, tried)
            return gate.let_in(db, request, account, "password", now, two_factors=second)

    @gate.post("/sign-out", operation_id="sign_out", status_code=204)
    def sign_out(request: Request) -> Response:
        """Ends it."""
        now, _ = gate.arrive(request)
        with transaction(engine) as db:
            visit = gate.door.visit(db, request, now)
            if visit is not None:
                end_visit(db, visit.account_id, str(visit.id))
        answer = Response(status_code=204, headers={"Clear-Site-Data": '"cache", "storage"'})
        clear_cookie(request, answer)
        return answer

    @gate.post("/password/forgot", operation_id="forget_password", status_code=202)
    def forget_password(request: Request, body: EmailIn) -> SentOut:
        """Mails a link by which a new password is set, where there is such an account."""
        now, _ = gate.arrive(request)
        email = body.email.strip().lower()
        with transaction(engine) as db:
            base = f"{service_address()}/password"
            mail_link(db, Purpose.PASSWORD, email, base, sent=account_named(db, email) is not None, now=now)
        return SentOut()

    @gate.post("/password/reset", operation_id="reset_password", status_code=204)
    def reset_password(request: Request, body: ResetIn) -> Response:
        """Sets a new password by a mailed link; whoever is signed in with the account is so no more."""
        now, source = gate.arrive(request)
        with transaction(engine) as db:
            db.info["source"] = source
            try:
                email = use_link(db, Purpose.PASSWORD, body.token, now=now)
            except LinkIsOver:
                email = use_link(db, Purpose.INVITE, body.token, now=now)
            account = account_named(db, email)
            if account is None:
                raise LinkIsOver
            set_password(db, account, body.password, by=f"account {account.id}", now=now)
        return Response(status_code=204)


def _add_links(gate: Gate) -> None:
    engine = gate.door.engine

    @gate.post("/links", operation_id="send_link", status_code=202)
    def send_link(request: Request, body: EmailIn) -> SentOut:
        """Mails a link to sign in by, to mentors, mentees and guardians."""
        now, _ = gate.arrive(request)
        email = body.email.strip().lower()
        with transaction(engine) as db:
            mail_link(db, Purpose.SIGN_IN, email, f"{service_address()}/sign-in", sent=signs_in_by_mail(db, email), now=now)
        return SentOut()

    @gate.post("/links/use", operation_id="use_link", response_model=SignedInOut)
    def sign_in_by_link(request: Request, body: MailedLinkIn) -> Response:
        """Signs in by a mailed link."""
        now, source = gate.arrive(request)
        with transaction(engine) as db:
            db.info["source"] = source
            email = use_link(db, Purpose.SIGN_IN, body.token, now=now)
            if not signs_in_by_mail(db, email):
                raise LinkIsOver
            return gate.let_in(db, request, let_in_by_mail(db, email, now=now), "mailed link", now, two_factors=False)


def _add_passkeys(gate: Gate) -> None:
    engine = gate.door.engine

    @gate.post("/passkeys/begin", operation_id="begin_passkey_sign_in")
    def begin_passkey(request: Request) -> ChallengeOut:
        """Gives what a passkey is to sign."""
        now, _ = gate.arrive(request)
        with transaction(engine) as db:
            challenge, options = begin_sign_in(db, site_of(request), now=now)
        return ChallengeOut(challenge=challenge, options=options)

    @gate.post("/passkeys", operation_id="sign_in_by_passkey", response_model=SignedInOut)
    def sign_in_by_passkey(request: Request, body: PasskeyIn) -> Response:
        """Signs in by a passkey, which needs no password and no code."""
        now, _ = gate.arrive(request)
        with transaction(engine) as db:
            account = account_by_passkey(db, body.challenge, body.credential, site_of(request), now=now)
            return gate.let_in(db, request, account, "passkey", now, two_factors=True)


def _look_at_second(db: DbSession, account: Account, code: str | None, tried: Try, now: dt.datetime) -> bool:
    """Whether the account has a second factor; its code is good then.

    Raises
    ------
    Problem
        It takes one, or another.
    """
    if not has_second(db, account.id):
        return False
    if code is None:
        undone(db, tried)
        mend = "send a code of your device, or one to recover by" if has_totp(db, account.id) else "sign in by your passkey"
        raise SecondFactorWanted(401, "second-factor", "the account has a second factor", mend)
    if not takes_code(db, account, code, now=now):
        raise Problem(401, "wrong-code", "this code is not good now", "write the one that your device shows")
    return True


def _sign_in_failed() -> Problem:
    return Problem(401, "sign-in-failed", "the address and the password do not belong together", "look at both, or set a new one")
