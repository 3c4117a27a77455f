"""A person's browser on its way to the institution's sign-in and back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.permissions import Grant
from app.services.add_user import add_user
from app.services.oidc_provider import make_provider
from tests.app.web.key_holder import EMAIL, ORIGIN
from tests.support.backend import PASSWORD, Backend
from tests.support.oidc_provider import CLIENT, SECRET, Provider


def with_provider(backend: Backend, provider: Provider, folder: Path, **changes: Any) -> Backend:
    """The same backend with the settings for this provider, and others of the test's own."""
    secret = folder / "client-secret"
    secret.write_text(f"{SECRET}\n")
    runtime = backend.app.extensions["sportel"]
    given = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret_file": secret,
        "public_url": ORIGIN,
    }
    settings = replace(runtime.settings, **(given | changes))
    backend.app.extensions["sportel"] = replace(runtime, settings=settings)
    backend.app.extensions["sportel-oidc"] = make_provider(settings)
    return backend


def account(backend: Backend, *grants: Grant, email: str = EMAIL) -> int:
    """An account with this address; its number."""
    with backend.app.app_context():
        return add_user(None, email, PASSWORD, grants=grants or (Grant("viewer", 1),)).actor_id


@dataclass
class Browser:
    """With cookies of its own."""

    backend: Backend
    provider: Provider

    def __post_init__(self) -> None:
        self.client: FlaskClient = self.backend.app.test_client()

    def login(self, **query: str) -> TestResponse:
        return self.client.get("/v1/oidc/login", base_url=ORIGIN, query_string=query)

    def asked(self, away: TestResponse) -> dict[str, str]:
        """What the address says that the browser is sent to."""
        return {name: each[0] for name, each in parse_qs(urlsplit(away.headers["Location"]).query).items()}

    def back(self, came: dict[str, str]) -> TestResponse:
        # So does a browser come from another site.
        headers = {"Sec-Fetch-Site": "cross-site"}
        return self.client.get("/v1/oidc/callback", base_url=ORIGIN, query_string=came, headers=headers)

    def sign_in(self, **query: str) -> TestResponse:
        """There and back."""
        return self.back(self.provider.authorize(self.login(**query).headers["Location"]))
