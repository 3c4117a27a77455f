"""Where is the token when it is in the path? `/v1/key/{token}/…` and `/v1/test/{token}/…` are cut to `/v1/…`.

So every route exists once, and no route, log line or error below here ever sees the token.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

KEY_TOKEN = "sportel.key_token"
TEST_TOKEN = "sportel.test_token"

# Where the rest goes. Draft tests keep their mark: they are routes of their own, without an actor.
_PREFIXES = {"/v1/key/": (KEY_TOKEN, "/v1/"), "/v1/test/": (TEST_TOKEN, "/v1/test/")}


class TokenPrefix:
    """WSGI middleware that moves the token out of the path."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        for prefix, (name, onward) in _PREFIXES.items():
            if path.startswith(prefix):
                token, slash, rest = path[len(prefix) :].partition("/")
                if slash:
                    environ[name] = token
                    environ["PATH_INFO"] = onward + rest
                    # What a server or a library may still log.
                    for raw in ("RAW_URI", "REQUEST_URI"):
                        if raw in environ:
                            environ[raw] = environ[raw].replace(token, "…") if token else environ[raw]
        return self._application(environ, start_response)
