"""A security key of the tests' own: real keys and signatures, and the lies that a thief would tell with them."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, NEW_KEY = 0x01, 0x04, 0x40


def encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class SecurityKey:
    """`algorithm`: of its signatures. `counts`: some keys never count. `verifies`: was its owner asked for a PIN?"""

    algorithm: str = "ES256"
    counts: bool = True
    verifies: bool = True
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    count: int = 0

    def __post_init__(self) -> None:
        self.key: Any = {
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
            "RS256": lambda: rsa.generate_private_key(65537, 2048),
        }[self.algorithm]()

    def add(self, options: dict[str, Any], origin: str, **lies: Any) -> dict[str, Any]:
        """The answer to `navigator.credentials.create`."""
        data = self._data(lies.get("rp_id", options["rp"]["id"]), NEW_KEY)
        data += bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + self._public()
        attestation = {"fmt": "none", "attStmt": {}, "authData": data}
        response = {
            "clientDataJSON": encoded(_client_data("webauthn.create", options, origin, lies)),
            "attestationObject": encoded(cbor2.dumps(attestation)),
            "transports": ["usb", "nfc"],
        }
        return self._answer(response)

    def answer(self, options: dict[str, Any], origin: str, **lies: Any) -> dict[str, Any]:
        """The answer to `navigator.credentials.get`. `lies`: `rp_id`, `challenge`, `type`, other than it was asked."""
        self.count += self.counts
        data = self._data(lies.get("rp_id", options["rpId"]), 0)
        client = _client_data("webauthn.get", options, origin, lies)
        response = {
            "clientDataJSON": encoded(client),
            "authenticatorData": encoded(data),
            "signature": encoded(self._sign(data + hashlib.sha256(client).digest())),
            "userHandle": None,
        }
        return self._answer(response)

    def _answer(self, response: dict[str, Any]) -> dict[str, Any]:
        name = encoded(self.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}

    def _data(self, rp_id: str, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count)

    def _public(self) -> bytes:
        """As COSE (RFC 9053)."""
        public = self.key.public_key()
        if self.algorithm == "EdDSA":
            return cbor2.dumps({1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()})
        numbers = public.public_numbers()
        if self.algorithm == "RS256":
            return cbor2.dumps({1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: numbers.e.to_bytes(3, "big")})
        x, y = (each.to_bytes(32, "big") for each in (numbers.x, numbers.y))
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def _sign(self, content: bytes) -> bytes:
        signed: bytes = {
            "ES256": lambda: self.key.sign(content, ec.ECDSA(SHA256())),
            "EdDSA": lambda: self.key.sign(content),
            "RS256": lambda: self.key.sign(content, padding.PKCS1v15(), SHA256()),
        }[self.algorithm]()
        return signed


def _client_data(kind: str, options: dict[str, Any], origin: str, lies: dict[str, Any]) -> bytes:
    said = {
        "type": lies.get("type", kind),
        "challenge": lies.get("challenge", options["challenge"]),
        "origin": origin,
        "crossOrigin": False,
    }
    return json.dumps(said).encode()
