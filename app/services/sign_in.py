"""Is this the person, and which session do they get?

Tokens are 256 random bits, kept as SHA-256: a stolen table opens no session. An unknown address costs the same
time as a wrong password.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app import problems
from app.clock import now
from app.db import db, models
from app.db.queries import access
from app.permissions import Actor, may
from app.services.audit import record
from app.services.transaction import transaction

LEAST_PASSWORD_CHARACTERS = 10
# argon2-cffi's defaults follow RFC 9106's low-memory profile.
_HASHER = PasswordHasher()


@dataclass(frozen=True)
class Session:
    """A new session. `token` and `csrf` exist in clear only here, in the answer."""

    token: str
    csrf: str
    created_at: datetime
    expires_at: datetime


def new_token() -> str:
    """64 characters, 384 random bits, in Central's alphabet for tokens."""
    return secrets.token_urlsafe(48)


def token_hash(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def csrf_of(token: str) -> str:
    """The second secret of a cookie session: only a page that got it from the sign-in answer knows it."""
    return hashlib.sha256(b"csrf|" + token.encode()).hexdigest()


def hash_password(password: str) -> str:
    """The argon2id hash to keep. Raises Problem if it is too short."""
    if len(password) < LEAST_PASSWORD_CHARACTERS:
        raise problems.password_too_short(LEAST_PASSWORD_CHARACTERS)
    return _HASHER.hash(password)


@cache
def _hash_of_nobody() -> str:
    return _HASHER.hash(secrets.token_hex(16))


def _verify(user: models.User | None, password: str) -> bool:
    try:
        known = user.password_hash if user is not None else None
        return _HASHER.verify(known or _hash_of_nobody(), password) and known is not None
    except (VerificationError, InvalidHashError):
        return False


def actor_of_password(email: str, password: str) -> Actor:
    """The user with this address and password. Raises Problem 401.2, the same for every cause."""
    user = access.user_by_email(email)
    if not _verify(user, password) or user is None:
        raise problems.authentication_failed()
    actor = access.actor(user.actor_id)
    if actor is None:
        raise problems.authentication_failed()
    return actor


def actor_of_token(token: str) -> Actor | None:
    """The live actor of a live token."""
    return access.actor_by_token(token_hash(token), now())


def create_session(email: str, password: str, *, hours: int) -> Session:
    """Sign in. Raises Problem 401.2."""
    actor = actor_of_password(email, password)
    session = _new_session(hours)
    with transaction():
        db.session.add(
            models.AccessToken(
                actor_id=actor.id,
                token_hash=token_hash(session.token),
                csrf_hash=token_hash(session.csrf),
                created_at=session.created_at,
                expires_at=session.expires_at,
            )
        )
        user = db.session.get_one(models.User, actor.id)
        user.last_login_at = session.created_at
        record("user.session.create", actor)
    return session


def _new_session(hours: int) -> Session:
    token, moment = new_token(), now()
    return Session(token, csrf_of(token), moment, moment + timedelta(hours=hours))


def end_session(token: str, actor: Actor) -> None:
    """Sign out, or end a phone's token with the right to revoke it. Raises Problem 403.1 otherwise."""
    row = access.token_row(token_hash(token))
    if row is None or not (row.actor_id == actor.id or _may_end(actor, row.actor_id)):
        raise problems.insufficient_rights()
    with transaction():
        row = db.session.get_one(models.AccessToken, row.id)
        row.revoked_at = now()
        record("user.session.end", actor)


def _may_end(actor: Actor, actor_id: int) -> bool:
    phone = access.app_user(actor_id)
    return phone is not None and may(actor, "app_user.revoke", project_id=phone.project_id)


def live_session(token: str) -> models.AccessToken | None:
    """The row of a session that is neither expired nor revoked."""
    row = access.token_row(token_hash(token))
    return row if row is not None and row.revoked_at is None and row.expires_at > now() else None
