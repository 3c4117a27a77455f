"""How does a person sign in with their institution's account (OpenID Connect), and who does not?

Whose address the provider has verified and has an account here gets a session; nobody gets an account. Who has or
needs a second factor must have used one there: the token says so in words that the operator set. All refusals look
alike to whoever asks; the audit has the cause, in one of our words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from flask import current_app

from app import problems
from app.clock import now
from app.db.queries import access
from app.db.queries.second_factors import is_enrolled
from app.permissions import Actor
from app.runtime import runtime
from app.services import oidc_state
from app.services.audit import record
from app.services.limits import SignInLimit
from app.services.oidc_provider import CodeRefused, OidcProvider, Tokens
from app.services.oidc_state import State
from app.services.oidc_token import KeyUnknown, TokenRefused, claims_of, has_second_factor, verified_email
from app.services.second_factor_policy import must_have_factor
from app.services.sessions import Session, open_session
from app.services.transaction import transaction

OIDC = "oidc"
log = structlog.get_logger("sportel.oidc")


class OidcRefused(Exception):
    """Nobody is let in; why is for the audit. `next`: where the person wanted to go."""

    def __init__(self, cause: str, actor: Actor | None = None, next_path: str = oidc_state.HOME) -> None:
        super().__init__(cause)
        self.cause, self.actor, self.next = cause, actor, next_path


@dataclass(frozen=True, repr=False)
class Beginning:
    """Where the browser goes, and what it brings back."""

    address: str
    cookie: str


def provider() -> OidcProvider:
    """The one that was set. Raises Problem 404.1 if none was."""
    found: OidcProvider | None = current_app.extensions["sportel-oidc"]
    if found is None:
        raise problems.not_found()
    return found


def set_out(next_path: str) -> Beginning:
    """A new sign-in. Raises Problem 404.1, OidcUnavailable."""
    state = oidc_state.new_state(next_path)
    address = provider().address(state.state, state.nonce, state.verifier)
    return Beginning(address, oidc_state.sealed(state))


def finish(cookie: str | None, came: dict[str, str | None], *, address: str | None) -> tuple[Session, str]:
    """The session, and where the person wanted to go.

    `came`: `code`, `state`, `error` and `iss` as the provider sent them along; `address`: the IP address that asks.
    Raises OidcRefused, OidcUnavailable, Problem 404.1, 429.1.
    """
    asked = provider()
    state = oidc_state.opened(cookie, came["state"])
    if state is None:
        # Not counted and not on record: a page of somebody else could have anybody's browser ask this.
        log.info("oidc.refused", cause="state")
        raise OidcRefused("state")
    limit = SignInLimit(None, address)
    limit.check()
    try:
        return _session(asked, state, came), state.next
    except OidcRefused as refused:
        limit.wrong()
        with transaction():
            record("user.session.refuse", refused.actor, cause=refused.cause)
        raise OidcRefused(refused.cause, refused.actor, state.next) from None


def _session(asked: OidcProvider, state: State, came: dict[str, str | None]) -> Session:
    if came["iss"] not in (None, asked.issuer):
        raise OidcRefused("issuer")
    if came["error"] is not None or not came["code"]:
        raise OidcRefused("denied")
    try:
        tokens = asked.exchange(came["code"], state.verifier)
        claims = _claims(asked, tokens, state)
    except CodeRefused:
        raise OidcRefused("code") from None
    except TokenRefused:
        raise OidcRefused("token") from None
    email = verified_email(claims)
    if email is None:
        raise OidcRefused("email")
    user = access.user_by_email(email)
    actor = access.actor(user.actor_id) if user is not None else None
    if actor is None:
        raise OidcRefused("account")
    factor = OIDC if has_second_factor(claims, asked.acr, asked.amr) else None
    return open_session(actor, factor, lambda _: _check_factor(actor, factor), provider=OIDC)


def _claims(asked: OidcProvider, tokens: Tokens, state: State) -> dict[str, Any]:
    def read(*, newer: bool) -> dict[str, Any]:
        return claims_of(
            tokens.id_token,
            asked.keys(newer=newer),
            issuer=asked.issuer,
            client_id=asked.client_id,
            nonce=state.nonce,
            access_token=tokens.access_token,
            moment=int(now().timestamp()),
        )

    try:
        claims = read(newer=False)
    except KeyUnknown:
        claims = read(newer=True)
    if "email" in claims:
        return claims
    more = asked.user_info(tokens.access_token)
    # Of the same person, or the address would be somebody else's.
    if more.get("sub") != claims["sub"]:
        return claims
    return claims | {name: more[name] for name in ("email", "email_verified") if name in more}


def _check_factor(actor: Actor, factor: str | None) -> None:
    if factor is None and (is_enrolled(actor.id) or must_have_factor(runtime().settings.second_factor, actor)):
        raise OidcRefused("second-factor", actor)
