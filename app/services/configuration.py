"""How does an administrator set the words and pictures of the sign-in page?

A picture is never given out as it was sent: it is drawn again by a process with limits, from its pixels alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete

from app import problems
from app.clock import now
from app.db import db, models
from app.permissions import Actor
from app.services.audit import record
from app.services.preview_file import preview
from app.services.transaction import transaction

LOGIN_APPEARANCE = "login-appearance"
PICTURES = frozenset({"logo", "hero-image"})
# What everybody may see: it stands on the page where one signs in.
PUBLIC = PICTURES | {LOGIN_APPEARANCE}
ANALYTICS = "analytics"

MOST_PICTURE_BYTES = 10 * 1024 * 1024
_MOST_CHARACTERS = {"title": 255, "description": 10_000}


def set_login_appearance(by: Actor, given: Mapping[str, Any]) -> None:
    """Set the title and the description; what is blank is not set. Raises Problem 400.8."""
    value: dict[str, str] = {}
    for name, most in _MOST_CHARACTERS.items():
        text = given.get(name)
        if text is None or text == "":
            continue
        if not isinstance(text, str) or len(text) > most:
            raise problems.unexpected_value(name, f"give a text of up to {most} characters")
        value[name] = text
    _set(by, LOGIN_APPEARANCE, value, None)


def set_picture(by: Actor, key: str, content: bytes) -> None:
    """Set a picture. Raises Problem 400.8 for what is no picture that can be drawn again."""
    try:
        drawn = preview(iter([content]))
    except problems.Problem as problem:
        if problem.status != 406:
            raise
        raise problems.unexpected_value(key, "send a JPEG, PNG or WebP that is whole and not too large") from None
    _set(by, key, {}, drawn)


def _set(by: Actor, key: str, value: dict[str, str], picture: bytes | None) -> None:
    with transaction():
        db.session.merge(models.Config(key=key, value=value, picture=picture, set_at=now()))
        record("config.set", by, key=key)


def unset(by: Actor, key: str) -> None:
    """As if it had never been set. Doing it again does no harm."""
    with transaction():
        db.session.execute(delete(models.Config).where(models.Config.key == key))
        record("config.delete", by, key=key)
