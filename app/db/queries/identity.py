"""Whose is this session or this API key, and when was it last used?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update

from app.db import db, models
from app.db.prepared import Prepared
from app.db.queries.access import ACTORS, actor_of_rows, live
from app.permission_scope import Scope
from app.permissions import Actor

_tokens: Any = models.AccessToken.__table__
# Made once: it is asked on every request of a person.
_SESSION = Prepared(
    ACTORS.add_columns(_tokens.c.id, func.coalesce(_tokens.c.last_used_at, _tokens.c.created_at), _tokens.c.factor)
    .join(_tokens, _tokens.c.actor_id == models.Actor.__table__.c.id)
    .where(*live(_tokens))
)


_keys: Any = models.ApiKey.__table__
_users: Any = models.User.__table__
_KEY = Prepared(
    ACTORS.add_columns(
        _keys.c.id,
        _keys.c.project_id,
        _keys.c.form_ids,
        _keys.c.office_id,
        _keys.c.writes,
        _keys.c.classes,
        _keys.c.last_used_at,
        _keys.c.expires_at,
        _users.c.email,
    )
    .join(_keys, _keys.c.actor_id == models.Actor.__table__.c.id)
    .join(_users, _users.c.actor_id == models.Actor.__table__.c.id)
    .where(*live(_keys))
)


@dataclass(frozen=True)
class LiveSession:
    """A token that is neither expired nor revoked, its actor, when it was last used (or made), with which factor."""

    actor: Actor
    token_id: int
    used_at: datetime
    factor: str | None


def session_by_token(token_hash: bytes, moment: datetime) -> LiveSession | None:
    """The session of a token with its actor's grants: one query."""
    rows = _SESSION.rows({"token_hash": token_hash, "moment": moment})
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


@dataclass(frozen=True)
class LiveKey:
    """An API key that is neither expired nor revoked, its person, and what it narrows them to."""

    actor: Actor
    key_id: int
    scope: Scope
    used_at: datetime | None
    expires_at: datetime
    email: str


def key_by_token(token_hash: bytes, moment: datetime) -> LiveKey | None:
    """The key of a token with its person's grants: one query."""
    rows = _KEY.rows({"token_hash": token_hash, "moment": moment})
    actor = actor_of_rows(rows)
    if actor is None:
        return None
    key_id, project_id, form_ids, office_id, writes, classes, used_at, expires_at, email = rows[0][8:]
    forms = None if form_ids is None else frozenset(form_ids)
    shown = None if classes is None else frozenset(classes)
    return LiveKey(actor, key_id, Scope(project_id, forms, office_id, writes, shown), used_at, expires_at, email)


def note_key_use(key_id: int, moment: datetime) -> None:
    """Write down that a key is used."""
    db.session.execute(update(_keys).where(_keys.c.id == key_id).values(last_used_at=moment))


def api_keys(actor_id: int) -> Sequence[Row[models.ApiKey, str]]:
    """A person's keys, ended ones too, with the code of their office; the newest first."""
    statement = (
        select(models.ApiKey, models.Office.code)
        .outerjoin(models.Office, models.Office.id == models.ApiKey.office_id)
        .where(models.ApiKey.actor_id == actor_id)
        .order_by(models.ApiKey.id.desc())
    )
    return db.session.execute(statement).all()


def end_keys(actor_id: int, moment: datetime) -> None:
    """Revoke every key of a person, in the running transaction."""
    statement = update(_keys).where(_keys.c.actor_id == actor_id, _keys.c.revoked_at.is_(None))
    db.session.execute(statement.values(revoked_at=moment))


def live_keys(actor_id: int, moment: datetime) -> int:
    """How many of a person's keys open something."""
    live = (_keys.c.actor_id == actor_id, _keys.c.expires_at > moment, _keys.c.revoked_at.is_(None))
    return db.session.scalar(select(func.count()).select_from(_keys).where(*live)) or 0


def form_names(form_ids: Iterable[int]) -> dict[int, str]:
    """The form IDs by number, of deleted forms too."""
    statement = select(models.Form.id, models.Form.xml_form_id).where(models.Form.id.in_(set(form_ids)))
    return {row.id: row.xml_form_id for row in db.session.execute(statement)}


def shorten_tokens(actor_id: int, moment: datetime) -> None:
    """Have an actor's tokens expire at that moment, those that would live longer."""
    statement = update(_tokens).where(_tokens.c.actor_id == actor_id, _tokens.c.expires_at > moment)
    db.session.execute(statement.values(expires_at=moment))


def end_older_tokens(actor_id: int, token_id: int, moment: datetime) -> None:
    """Revoke the tokens that this one follows; it is then a token like any other."""
    older = update(_tokens).where(
        _tokens.c.actor_id == actor_id, _tokens.c.id < token_id, _tokens.c.revoked_at.is_(None)
    )
    db.session.execute(older.values(revoked_at=moment))
    db.session.execute(update(_tokens).where(_tokens.c.id == token_id).values(supersedes=False))
