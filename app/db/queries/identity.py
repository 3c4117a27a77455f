"""Whose is this session, and since when has nobody used it?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, update

from app.db import db, models
from app.db.queries.access import ACTORS, actor_of_rows
from app.permissions import Actor

_tokens: Any = models.AccessToken.__table__
# Made once: it is asked on every request of a person.
_SESSION = (
    ACTORS.add_columns(_tokens.c.id, func.coalesce(_tokens.c.last_used_at, _tokens.c.created_at))
    .join(_tokens, _tokens.c.actor_id == models.Actor.__table__.c.id)
    .where(
        _tokens.c.token_hash == bindparam("token_hash"),
        _tokens.c.expires_at > bindparam("moment"),
        _tokens.c.revoked_at.is_(None),
    )
)


@dataclass(frozen=True)
class LiveSession:
    """A token that is neither expired nor revoked, its actor, and when it was last used (or made)."""

    actor: Actor
    token_id: int
    used_at: datetime


def session_by_token(token_hash: bytes, moment: datetime) -> LiveSession | None:
    """The session of a token with its actor's grants: one query."""
    rows = db.session.connection().execute(_SESSION, {"token_hash": token_hash, "moment": moment}).all()
    actor = actor_of_rows(rows)
    return None if actor is None else LiveSession(actor, *rows[0][8:])


def note_use(token_id: int, moment: datetime, unless_since: datetime) -> None:
    """Write down that a session is used, unless another request has done so since then."""
    used_at = func.coalesce(_tokens.c.last_used_at, _tokens.c.created_at)
    statement = update(_tokens).where(_tokens.c.id == token_id, used_at <= unless_since)
    db.session.execute(statement.values(last_used_at=moment))


def end_tokens(actor_id: int, moment: datetime) -> None:
    """Revoke every live token of an actor, in the running transaction."""
    statement = update(_tokens).where(_tokens.c.actor_id == actor_id, _tokens.c.revoked_at.is_(None))
    db.session.execute(statement.values(revoked_at=moment))
