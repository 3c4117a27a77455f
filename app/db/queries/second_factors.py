"""Which second factor has this person, and was this code used before?"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, exists, func, insert, or_, select, update

from app.db import db, models

Factor, Code, Key = models.SecondFactor, models.RecoveryCode, models.SecurityKey


def factor(actor_id: int) -> models.SecondFactor | None:
    """The person's, confirmed or just begun."""
    return db.session.scalar(select(Factor).where(Factor.actor_id == actor_id))


def is_enrolled(actor_id: int) -> bool:
    """Has the person a second factor that works: an authenticator app, or a security key?"""
    app = exists().where(Factor.actor_id == actor_id, Factor.secret_sealed.is_not(None))
    key = exists().where(Key.actor_id == actor_id)
    return bool(db.session.scalar(select(or_(app, key))))


def use_step(actor_id: int, step: int) -> bool:
    """Use up a half minute's code; False if it, or a later one, was used before. Of two at once one gets True."""
    statement = update(Factor).where(Factor.actor_id == actor_id, func.coalesce(Factor.last_step, -1) < step)
    return _changed(statement.values(last_step=step))


def use_code(actor_id: int, code_hash: bytes, moment: datetime) -> bool:
    """Use up a recovery code; False if there is no such one left."""
    statement = update(Code).where(Code.actor_id == actor_id, Code.code_hash == code_hash, Code.used_at.is_(None))
    return _changed(statement.values(used_at=moment))


def _changed(statement: Any) -> bool:
    return cast("CursorResult[Any]", db.session.execute(statement)).rowcount == 1


def codes_left(actor_id: int) -> int:
    """How many recovery codes were not used yet."""
    statement = select(func.count()).where(Code.actor_id == actor_id, Code.used_at.is_(None))
    return db.session.scalar(statement) or 0


def replace_codes(actor_id: int, hashes: list[bytes], moment: datetime) -> None:
    """Forget the person's recovery codes, and keep these."""
    db.session.execute(delete(Code).where(Code.actor_id == actor_id))
    rows = [{"actor_id": actor_id, "code_hash": each, "created_at": moment} for each in hashes]
    db.session.execute(insert(Code), rows)


def remove(actor_id: int) -> None:
    """Forget the person's second factors and recovery codes."""
    db.session.execute(delete(Factor).where(Factor.actor_id == actor_id))
    db.session.execute(delete(Key).where(Key.actor_id == actor_id))
    db.session.execute(delete(Code).where(Code.actor_id == actor_id))
