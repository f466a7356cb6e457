"""Identity providers for tests: a real one in a process of its own, and one that says whatever it is told to."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from tests.serving import free_port

Document = dict[str, Any]


@contextmanager
def real_provider(*people: Document) -> Iterator[str]:
    """The address of a provider that knows these people, each with a `sub` and what else is claimed of them."""
    port = free_port()
    claims = [word for one in people for word in ("--user-claims", json.dumps(one))]
    line = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true", *claims]
    started = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        at = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                httpx.get(f"{at}/.well-known/openid-configuration").raise_for_status()
                break
            except httpx.TransportError:
                assert started.poll() is None, "the provider has ended"
                time.sleep(0.1)
        yield at
    finally:
        started.terminate()
        started.wait(timeout=20)


def consent(address: str, subject: str) -> str:
    """Where the real provider sends a browser in which somebody has signed in."""
    answer = httpx.post(address, data={"sub": subject})
    assert answer.status_code == 302, answer.text
    at = urlsplit(answer.headers["location"])
    return f"{at.path}?{at.query}"


@dataclass(slots=True)
class Liar:
    """A provider that claims what a test says: `claims` besides the usual, `key` with which it signs, and `shown`, if by another it is to
    be known."""

    at: str = ""
    claims: Document = field(default_factory=dict)
    key: RSAKey | ECKey | OctKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    shown: RSAKey | ECKey | OctKey | None = None
    header: Document = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    discovery: Document = field(default_factory=dict)
    userinfo: Document = field(default_factory=dict)
    unsigned: bool = False
    asked: Document = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    now: int = 0

    def sent(self, address: str) -> str:
        """Where a browser is sent back from the address to which it was sent."""
        parts = urlsplit(address)
        self.asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return f"{urlsplit(self.asked['redirect_uri']).path}?state={self.asked['state']}&code=code-1"

    def answer(self, path: str, form: Document) -> tuple[int, Document]:
        """What it answers."""
        self.paths.append(path)
        match path:
            case "/.well-known/openid-configuration":
                places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
                return 200, {"issuer": self.at, **{name: f"{self.at}/{of}" for name, of in places.items()}, **self.discovery}
            case "/jwks":
                return 200, {"keys": [(self.shown or self.key).as_dict(private=False)]}
            case "/token":
                verifier = hashlib.sha256(form["code_verifier"].encode()).digest()
                if base64.urlsafe_b64encode(verifier).rstrip(b"=").decode() != self.asked["code_challenge"]:
                    return 400, {"error": "invalid_grant"}
                return 200, {"access_token": "access", "token_type": "Bearer", "id_token": self._token()}
            case "/userinfo":
                return 200, self.userinfo
        return 404, {}

    def _token(self) -> str:
        times = {"iat": self.now, "auth_time": self.now, "exp": self.now + 300}
        usual = {"iss": self.at, "sub": "kim-1", "aud": "dure", "nonce": self.asked["nonce"], **times}
        claims = {**usual, "email": "kim@campus.example", "email_verified": True, **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.unsigned:
            parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": "none"}, claims)]
            return ".".join([*parts, ""])
        return jwt.encode(self.header, claims, self.key, algorithms=["RS256", "ES256", "HS256"])


@contextmanager
def lying_provider(now: int) -> Iterator[Liar]:
    """One on a port of this machine."""
    liar = Liar(now=now)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def _answer(self, form: Document) -> None:
            status, said = liar.answer(self.path, form)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        liar.at = f"http://127.0.0.1:{server.server_port}"
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        yield liar
        server.shutdown()
        serving.join()
