"""Under which address does the client reach this server, with the token that it came with?"""

from __future__ import annotations

from urllib.parse import quote

from flask import request

from app.runtime import runtime
from app.web.prefix import KEY_TOKEN, TEST_TOKEN


def server_url() -> str:
    """`https://forms.example.org`, as set or as the client called it."""
    return runtime().settings.public_url or request.host_url.rstrip("/")


def api_url() -> str:
    """The API's address with the token that this request came with, so that what we point to opens too."""
    for name, kind in ((KEY_TOKEN, "key"), (TEST_TOKEN, "test")):
        token = request.environ.get(name)
        if token:
            return f"{server_url()}/v1/{kind}/{quote(token, safe='')}"
    return f"{server_url()}/v1"


def token_query() -> str:
    """`?st=…` if the token came that way."""
    token = request.args.get("st")
    return f"?st={quote(token, safe='')}" if token else ""


def segment(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")
