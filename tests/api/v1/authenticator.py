"""A passkey's device for tests (WebAuthn level 2, 6.3): it makes keys, and signs what a browser says that a site asks."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40
ES256 = bytes.fromhex("a5010203262001215820")
"""How a public key begins in COSE: EC2, ES256, P-256, and that its x of 32 bytes follows."""


@dataclass(slots=True)
class Device:
    """A device with one key; `origin` is the site that the browser is at, `flags` what it says of its user."""

    origin: str = "http://dure.example"
    host: str = "dure.example"
    flags: int = PRESENT | VERIFIED
    count: int = 0
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    user: bytes = b""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """What it says when it is to make a key."""
        self.user = _bytes(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = ES256 + numbers.x.to_bytes(32) + b"\x22\x58\x20" + numbers.y.to_bytes(32)
        data = self._data(WITH_KEY) + bytes(16) + len(self.id).to_bytes(2) + self.id + public
        attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + len(data).to_bytes(1) + data
        said = {"clientDataJSON": _text(self._client("webauthn.create", options)), "attestationObject": _text(attestation)}
        return self._credential(said)

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """What it says when it is to sign in."""
        self.count += 1
        data, client = self._data(0), self._client("webauthn.get", options)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        said = {"clientDataJSON": client, "authenticatorData": data, "signature": signed, "userHandle": self.user}
        return self._credential({name: _text(value) for name, value in said.items()})

    def _data(self, more: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([self.flags | more]) + self.count.to_bytes(4)

    def _client(self, what: str, options: dict[str, Any]) -> bytes:
        return json.dumps({"type": what, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}).encode()

    def _credential(self, said: dict[str, str]) -> dict[str, Any]:
        return {"id": _text(self.id), "rawId": _text(self.id), "type": "public-key", "response": said, "clientExtensionResults": {}}


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
