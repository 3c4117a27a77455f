"""A person who signs in with a security key, at a server with a domain name of its own."""

from __future__ import annotations

from base64 import b32decode
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from werkzeug.test import TestResponse

from app.permissions import Grant
from app.services.add_user import add_user
from app.services.totp import code_at, step_of
from tests.support.backend import PASSWORD, Backend
from tests.support.security_key import SecurityKey

EMAIL = "drita@example.org"
ORIGIN = "https://forms.example.org"
OWN = "/users/current/second-factor"
KEYS = f"{OWN}/security-keys"


def at_a_domain(backend: Backend, **changes: Any) -> Backend:
    """The same backend with the settings that keys need, and others of the test's own."""
    runtime = backend.app.extensions["sportel"]
    settings = replace(runtime.settings, **({"public_url": ORIGIN} | changes))
    backend.app.extensions["sportel"] = replace(runtime, settings=settings)
    return backend


@dataclass
class Holder:
    """A person with a password, and with what `add` gave them."""

    backend: Backend
    actor_id: int
    email: str = EMAIL
    codes: list[str] = field(default_factory=list)

    def sign_in(self, **proof: Any) -> TestResponse:
        return self.backend.client.post("/v1/sessions", json={"email": self.email, "password": PASSWORD} | proof)

    def ask(self, token: str, path: str, method: str = "GET", **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}"}
        return self.backend.client.open(f"/v1{path}", method=method, headers=headers, **options)

    def asked(self) -> dict[str, Any]:
        """What a key is to sign after the password."""
        answer = self.sign_in()
        assert (answer.status_code, answer.json["code"]) == (401, 401.7), answer.text
        public_key: dict[str, Any] = answer.json["details"]["publicKey"]
        return public_key

    def sign_in_with(self, key: SecurityKey) -> TestResponse:
        return self.sign_in(assertion=key.answer(self.asked(), ORIGIN))

    def token(self, key: SecurityKey) -> str:
        answer = self.sign_in_with(key)
        assert answer.status_code == 200, answer.text
        token: str = answer.json["token"]
        return token

    def proof(self, token: str, key: SecurityKey, path: str, method: str = "POST") -> dict[str, Any]:
        """What a change of the second factor asks for first."""
        answer = self.ask(token, path, method, json={})
        assert answer.json["code"] == 401.7, answer.text
        return {"assertion": key.answer(answer.json["details"]["publicKey"], ORIGIN)}

    def options(self, token: str, **proof: Any) -> dict[str, Any]:
        answer = self.ask(token, f"{KEYS}/options", "POST", json=proof)
        assert answer.status_code == 200, answer.text
        public_key: dict[str, Any] = answer.json["publicKey"]
        return public_key

    def add(self, token: str, key: SecurityKey, label: str = "Blue", **proof: Any) -> int:
        """Add the key; its number."""
        credential = key.add(self.options(token, **proof), ORIGIN)
        answer = self.ask(token, KEYS, "POST", json={"label": label, "credential": credential})
        assert answer.status_code == 200, answer.text
        self.codes = self.codes or answer.json["recoveryCodes"]
        number: int = answer.json["id"]
        return number

    def enrol_app(self, token: str, **proof: Any) -> str:
        """Set up an authenticator app; the code that it shows next."""
        begun = self.ask(token, OWN, "POST", json=proof)
        assert begun.status_code == 200, begun.text
        secret, step = b32decode(begun.json["secret"]), step_of(datetime.now(UTC))
        done = self.ask(token, f"{OWN}/confirm", "POST", json={"code": code_at(secret, step)})
        assert done.status_code == 200, done.text
        self.codes = done.json["recoveryCodes"]
        return code_at(secret, step + 1)


def holder(backend: Backend, *grants: Grant, email: str = EMAIL) -> Holder:
    """With a password alone."""
    with backend.app.app_context():
        user = add_user(None, email, PASSWORD, grants=grants or (Grant("viewer", 1),))
        return Holder(backend, user.actor_id, email)


def holder_of(backend: Backend, key: SecurityKey, *grants: Grant, email: str = EMAIL) -> Holder:
    """With this key as the second factor."""
    person = holder(backend, *grants, email=email)
    person.add(person.sign_in().json["token"], key)
    return person
