"""A small OpenID provider of the tests' own: real HTTP, real signatures, and the lies that a false one would tell."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT, SECRET = "sportel", "a secret of the tests"
Claims = dict[str, Any]


@dataclass
class Grant:
    """What was asked at the page where a person signs in, and is given out for the code."""

    redirect_uri: str
    challenge: str
    nonce: str


@dataclass
class Provider:
    """`claims`: what it says of the person. `sign`: how it signs. `answers`: statuses that it gives in place of others."""

    claims: Claims = field(default_factory=lambda: {"email": "drita@example.org", "email_verified": True})
    user_info: Claims | None = None
    sign: Callable[[Provider, Claims], str] | None = None
    answers: dict[str, int] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rsa = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
        self.ec = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
        self.published = [self.rsa, self.ec]
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._say(*provider.get(self.path, dict(self.headers)))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._say(*provider.token({name: each[0] for name, each in parse_qs(body).items()}, dict(self.headers)))

            def _say(self, status: int, document: Any) -> None:
                content = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Nobody answers any more."""
        self._server.shutdown()
        self._server.server_close()

    def get(self, path: str, headers: dict[str, str]) -> tuple[int, Any]:
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path], {}
        if path == "/keys":
            return 200, KeySet(self.published).as_dict(private=False)
        if path == "/userinfo" and headers.get("Authorization") == "Bearer access":
            return 200, self.user_info or {}
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
            }
        return 404, {}

    def authorize(self, address: str) -> dict[str, str]:
        """A person signs in at the address that the browser was sent to: what it brings back."""
        assert address.startswith(f"{self.issuer}/authorize?")
        asked = {name: each[0] for name, each in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code" and asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.grants[code] = Grant(asked["redirect_uri"], asked["code_challenge"], asked["nonce"])
        return {"code": code, "state": asked["state"]}

    def token(self, form: dict[str, str], headers: dict[str, str]) -> tuple[int, Any]:
        self.asked.append("/token")
        if "/token" in self.answers:
            return self.answers["/token"], {}
        if b64decode(headers["Authorization"].removeprefix("Basic ")).decode() != f"{CLIENT}:{SECRET}":
            return 401, {"error": "invalid_client"}
        grant = self.grants.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        proof = urlsafe_b64encode(digest).rstrip(b"=").decode()
        if grant is None or grant.redirect_uri != form["redirect_uri"] or grant.challenge != proof:
            return 400, {"error": "invalid_grant"}
        moment = int(time.time())
        usual = {"iss": self.issuer, "aud": CLIENT, "sub": "7", "iat": moment, "exp": moment + 300}
        claims = usual | {"nonce": grant.nonce} | self.claims
        signed = (self.sign or signed_with_rsa)(self, {name: each for name, each in claims.items() if each is not None})
        return 200, {"id_token": signed, "access_token": "access", "token_type": "Bearer"}


def signed_with_rsa(provider: Provider, claims: Claims) -> str:
    return jwt.encode({"alg": "RS256", "kid": "rsa"}, claims, provider.rsa, algorithms=["RS256"])


def signed_with_ec(provider: Provider, claims: Claims) -> str:
    return jwt.encode({"alg": "ES256", "kid": "ec"}, claims, provider.ec, algorithms=["ES256"])
