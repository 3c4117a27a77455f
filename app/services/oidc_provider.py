"""What does the OpenID provider say of itself, and what does it answer to a code?

Asked are the issuer that the operator set and the endpoints that it names, over https (over http on this machine
alone), without following a redirect, and never for longer or more than the limits here. What it says of itself and its
keys is kept for an hour; after a failure it is left alone for some seconds, so that a provider that hangs does not hold
every thread.
Source: OpenID Connect Discovery 1.0, Core 1.0; RFC 6749, RFC 7636.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import urllib3
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.config import LOOPBACK, ConfigError, Settings

CALLBACK = "/v1/oidc/callback"
SCOPE = "openid email"
# So many requests of one process at once, and so long until another one has its turn: phones need the other threads.
AT_ONCE = 2
TURN_SECONDS = 1.0
KEPT_SECONDS = 3600.0
LEFT_ALONE_SECONDS = 10.0
MOST_BYTES = 256 * 1024
_WAITS = urllib3.Timeout(connect=3, read=5)
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class OidcUnavailable(Exception):
    """The provider does not answer, or not as a provider does: for now nobody signs in with it.

    Its text is ours, for the operator's log.
    """


class CodeRefused(Exception):
    """The provider answers that the code is not good."""


@dataclass(frozen=True, repr=False)
class Tokens:
    """What a code was exchanged for."""

    id_token: str
    access_token: str | None


@dataclass
class _Kept:
    """What was fetched, and when; the lock has one thread fetch while the others wait for it."""

    value: Any = None
    asked_at: float | None = None
    failed_at: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, fetch: Callable[[], Any], lives: float) -> Any:
        if not self.lock.acquire(timeout=TURN_SECONDS):
            raise OidcUnavailable("another request waits for it")
        try:
            if not _is_within(self.asked_at, lives):
                if _is_within(self.failed_at, LEFT_ALONE_SECONDS):
                    raise OidcUnavailable("it has just failed")
                self._fetch(fetch)
            return self.value
        finally:
            self.lock.release()

    def _fetch(self, fetch: Callable[[], Any]) -> None:
        try:
            self.value = fetch()
        except OidcUnavailable:
            self.failed_at = time.monotonic()
            raise
        self.asked_at, self.failed_at = time.monotonic(), None


def _is_within(moment: float | None, seconds: float) -> bool:
    return moment is not None and time.monotonic() - moment < seconds


@dataclass(repr=False)
class OidcProvider:
    """One for each application. `redirect_uri` is exactly what is registered with the provider."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str
    acr: tuple[str, ...] = ()
    amr: tuple[str, ...] = ()
    _http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(timeout=_WAITS, retries=False))
    _metadata: _Kept = field(default_factory=_Kept)
    _keys: _Kept = field(default_factory=_Kept)
    _turns: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))
    _silent_at: float | None = None

    def address(self, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to sign in. Raises OidcUnavailable."""
        wanted = {"acr_values": " ".join(self.acr)} if self.acr else {}
        address: str = prepare_grant_uri(
            self._endpoint("authorization_endpoint"),
            self.client_id,
            "code",
            self.redirect_uri,
            SCOPE,
            state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
            **wanted,
        )
        return address

    def exchange(self, code: str, verifier: str) -> Tokens:
        """The tokens for a code, which works once. Raises CodeRefused, OidcUnavailable."""
        body = prepare_token_request(
            "authorization_code", redirect_uri=self.redirect_uri, code=code, code_verifier=verifier
        )
        methods = self._described().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        how = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        auth = ClientAuth(self.client_id, self.client_secret, how)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        address, headers, body = auth.prepare("POST", self._endpoint("token_endpoint"), headers, body)
        status, answer = self._ask("POST", address, headers, body)
        if status in (400, 401, 403):
            raise CodeRefused
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if status != 200 or not isinstance(id_token, str):
            raise OidcUnavailable(f"its token endpoint answers {status} without a token")
        return Tokens(id_token, access_token if isinstance(access_token, str) else None)

    def user_info(self, access_token: str | None) -> dict[str, Any]:
        """What the provider says of the person besides; empty if it says nothing. Raises OidcUnavailable."""
        if access_token is None or "userinfo_endpoint" not in self._described():
            return {}
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        status, answer = self._ask("GET", self._endpoint("userinfo_endpoint"), headers)
        return answer if status == 200 else {}

    def keys(self, *, newer: bool = False) -> KeySet:
        """What its tokens are signed with. `newer`: than those kept, if they are not of this moment.

        Raises OidcUnavailable.
        """
        lives = LEFT_ALONE_SECONDS if newer else KEPT_SECONDS
        found: KeySet = self._keys.get(self._fetch_keys, lives)
        return found

    def _fetch_keys(self) -> KeySet:
        status, answer = self._ask("GET", self._endpoint("jwks_uri"))
        try:
            if status == 200:
                return KeySet.import_key_set({"keys": answer["keys"]})
        except (JoseError, KeyError, TypeError, ValueError):
            pass
        raise OidcUnavailable(f"its jwks_uri answers {status} without keys that can be used")

    def _described(self) -> dict[str, Any]:
        found: dict[str, Any] = self._metadata.get(self._describe, KEPT_SECONDS)
        return found

    def _describe(self) -> dict[str, Any]:
        status, answer = self._ask("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if status != 200:
            raise OidcUnavailable(f"its openid-configuration answers {status}")
        if answer.get("issuer") != self.issuer:
            raise OidcUnavailable("it names itself otherwise than SPORTEL_OIDC_ISSUER")
        if not all(isinstance(answer.get(name), str) for name in _ENDPOINTS):
            raise OidcUnavailable("its openid-configuration lacks an endpoint")
        return answer

    def _endpoint(self, name: str) -> str:
        address = str(self._described()[name])
        if not is_safe(address, self.issuer):
            raise OidcUnavailable(f"its {name} is not https")
        return address

    def _ask(
        self, method: str, address: str, headers: dict[str, str] | None = None, body: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        """The status and the JSON object; of another kind of answer an empty one."""
        if _is_within(self._silent_at, LEFT_ALONE_SECONDS):
            raise OidcUnavailable("it has just not answered")
        if not self._turns.acquire(timeout=TURN_SECONDS):
            raise OidcUnavailable("other requests wait for it")
        try:
            status, content = self._exchange_bytes(method, address, headers, body)
        except urllib3.exceptions.HTTPError as error:
            self._silent_at = time.monotonic()
            raise OidcUnavailable(type(error).__name__) from None
        finally:
            self._turns.release()
        if len(content) > MOST_BYTES or status >= 500:
            raise OidcUnavailable(f"it answers {status} with {len(content)} bytes")
        try:
            document = json.loads(content)
        except (ValueError, RecursionError):
            document = None
        return status, document if isinstance(document, dict) else {}

    def _exchange_bytes(
        self, method: str, address: str, headers: dict[str, str] | None, body: str | None
    ) -> tuple[int, bytes]:
        answer = self._http.request(method, address, headers=headers, body=body, redirect=False, preload_content=False)
        with answer:
            return answer.status, answer.read(MOST_BYTES + 1, decode_content=True)


def is_safe(address: str, issuer: str) -> bool:
    """Over https; over http only if the issuer itself is on this machine, as in a first try."""
    try:
        asked, of_issuer = urlsplit(address), urlsplit(issuer)
    except ValueError:
        return False
    if asked.scheme == "https" and asked.hostname:
        return True
    return asked.scheme == "http" and asked.hostname in LOOPBACK and of_issuer.hostname in LOOPBACK


def make_provider(settings: Settings) -> OidcProvider | None:
    """The provider that the operator set, if any. Raises ConfigError, which never shows the secret."""
    if settings.oidc_issuer is None:
        if settings.password_sign_in == "off":
            raise ConfigError("SPORTEL_PASSWORD_SIGN_IN can be off only with SPORTEL_OIDC_ISSUER: nobody could sign in")
        return None
    if not is_safe(settings.oidc_issuer, settings.oidc_issuer):
        raise ConfigError("SPORTEL_OIDC_ISSUER must start with https://")
    if settings.oidc_client_id is None or settings.oidc_client_secret_file is None or settings.public_url is None:
        raise ConfigError(
            "SPORTEL_OIDC_ISSUER needs SPORTEL_OIDC_CLIENT_ID, SPORTEL_OIDC_CLIENT_SECRET_FILE and SPORTEL_PUBLIC_URL"
        )
    try:
        secret = settings.oidc_client_secret_file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"SPORTEL_OIDC_CLIENT_SECRET_FILE cannot be read ({type(error).__name__})") from None
    if not secret:
        raise ConfigError("SPORTEL_OIDC_CLIENT_SECRET_FILE is empty; put the secret that the provider gave into it")
    return OidcProvider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        secret,
        settings.public_url + CALLBACK,
        settings.oidc_acr,
        settings.oidc_amr,
    )
