"""Which note does a request leave with what it does?"""

from __future__ import annotations

from urllib.parse import unquote

from flask import request

from app import problems
from app.services.comments import LONGEST
from app.web.storable import is_storable

HEADER = "X-Action-Notes"


def action_note() -> str | None:
    """The note, URL-encoded in the header as Central's clients send it; None without one. Raises Problem 400.8."""
    note = unquote(request.headers.get(HEADER, "")).strip()
    if len(note) > LONGEST or not is_storable(note):
        raise problems.unexpected_value(HEADER, f"use up to {LONGEST} characters that a text may have")
    return note or None
