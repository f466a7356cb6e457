"""Whoever is asked by TLS shows a certificate that is trusted and theirs; else nothing is told to them, nor taken from them."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine, select

from data.database import reading, transaction
from data.programs import Program
from data.webhooks import Delivery, make_webhook, try_out
from scheduler.deliveries import deliver_hooks
from scheduler.fetch import FetchError, fetch
from scheduler.hooks import Signer
from tests.sessions import taught_term

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
SECRET = "whsec_" + "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"


class Impostor(ThreadingHTTPServer):
    """A server whose certificate only it trusts."""

    asked = 0


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[Impostor]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked += 1
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library calls it so
            """Says nothing."""

    server = Impostor(("127.0.0.1", 0), Answer)
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # whoever does not trust it hangs up
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_certificate(tmp_path))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def own_certificate(folder: Path) -> Path:
    """A file with a key and a certificate for this machine that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    begins = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(begins).not_valid_after(begins + dt.timedelta(days=30))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
    held = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "own.pem"
    path.write_bytes(held + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


def test_no_calendar_is_taken_from_who_shows_a_certificate_of_their_own_making(impostor: Impostor) -> None:
    with pytest.raises(FetchError, match="cannot be spoken with"):
        fetch(f"https://127.0.0.1:{impostor.server_port}/x.ics", frozenset({"127.0.0.1"}))
    assert impostor.asked == 0


def test_no_webhook_is_told_to_who_shows_a_certificate_of_their_own_making(database: Engine, impostor: Impostor) -> None:
    taught_term(database)
    with transaction(database) as db:
        program = db.scalars(select(Program)).one()
        webhook, _ = make_webhook(db, program, f"https://127.0.0.1:{impostor.server_port}/", (), SECRET, by="test", now=NOW)
        try_out(db, webhook, by="test", now=NOW)
    deliver_hooks(database, lambda: NOW, Signer(SECRET, private=True))
    assert impostor.asked == 0
    with reading(database) as db:
        assert any("certificate" in problem for problem in db.scalars(select(Delivery.problem)))
        assert not db.scalars(select(Delivery).where(Delivery.status.between(200, 299))).all()
