"""Is this the person, or the phone?

Tokens are 384 random bits, kept as SHA-256: a stolen table opens no session. An unknown address costs the same
time as a wrong password.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app import problems
from app.db import models
from app.db.queries import access
from app.permissions import Actor
from app.services.limits import SignInLimit

LEAST_PASSWORD_CHARACTERS = 10
# argon2-cffi's defaults follow RFC 9106's low-memory profile.
_HASHER = PasswordHasher()
# Each costs 64 MiB and a core: more at once in one process would keep everybody else waiting.
_AT_ONCE = threading.BoundedSemaphore(2)


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
        with _AT_ONCE:
            return _HASHER.verify(known or _hash_of_nobody(), password) and known is not None
    except (VerificationError, InvalidHashError):
        return False


@dataclass(frozen=True, repr=False)
class Proven:
    """Who gave the right password, and its hash at that moment: another one since then makes the proof void."""

    actor: Actor
    password_hash: str


def actor_of_password(email: str, password: str, limit: SignInLimit) -> Proven:
    """The user with this address and password. A wrong one is counted; that all is right, the caller tells the limit.

    Raises Problem 401.2, the same for every cause, and 429.1, the same for whoever is there and is not.
    """
    limit.check()
    user = access.user_by_email(email)
    is_right = _verify(user, password)
    actor = access.actor(user.actor_id) if user is not None else None
    if not is_right or actor is None or user is None or user.password_hash is None:
        limit.wrong()
        raise problems.authentication_failed()
    return Proven(actor, user.password_hash)
