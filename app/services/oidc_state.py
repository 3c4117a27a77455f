"""How does a browser that comes back from the provider show that it is the one that went there?

With a cookie, sealed, for ten minutes: what was sent along (state, nonce), what the code is bound to (PKCE), and where
the person wanted to go. Nothing is kept here meanwhile, so that whoever asks ten thousand times fills no table.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass
from datetime import timedelta

from app.clock import now
from app.sealing.envelope import SealBroken, open_sealed, seal
from app.services.keys import SIGN_IN, server_key

LIVES = timedelta(minutes=10)
HOME = "/"
_PLACE = "oidc-state"
# One slash and no second one: `//host` and `/\\host` lead elsewhere. No backslash, no space, nothing invisible.
_LOCAL = re.compile(r"/(?!/)[!-\[\]-~]{0,1000}")


@dataclass(frozen=True, repr=False)
class State:
    """Of one sign-in. `verifier` is PKCE's; `next` a path of this server; `expires_at` in seconds since 1970."""

    state: str
    nonce: str
    verifier: str
    next: str
    expires_at: int


def new_state(next_path: str) -> State:
    """For one sign-in."""
    expires_at = int((now() + LIVES).timestamp())
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return State(state, nonce, verifier, local_path(next_path), expires_at)


def local_path(path: str) -> str:
    """The path, if it is one of this server's; the first page otherwise."""
    return path if _LOCAL.fullmatch(path) else HOME


def sealed(state: State) -> str:
    """As the cookie holds it."""
    return urlsafe_b64encode(seal(server_key(SIGN_IN), json.dumps(asdict(state)).encode(), _PLACE)).decode()


def opened(cookie: str | None, given: str | None) -> State | None:
    """The state that the cookie holds, if it is the one that came back and not too old."""
    if cookie is None or given is None:
        return None
    try:
        state = State(**json.loads(open_sealed(server_key(SIGN_IN), urlsafe_b64decode(cookie), _PLACE)))
    except (SealBroken, ValueError, TypeError):  # also one of another version of this server
        return None
    is_same = hmac.compare_digest(state.state.encode(), given.encode())
    return state if is_same and now().timestamp() < state.expires_at else None
