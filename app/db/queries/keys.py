"""Which wrapped key belongs to this record?"""

from __future__ import annotations

from sqlalchemy import select

from app.db import db, models


def data_key(key_id: int) -> models.DataKey | None:
    """One data key's row."""
    return db.session.get(models.DataKey, key_id)


def server_key(purpose: str) -> models.DataKey | None:
    """One of the server's own keys."""
    return db.session.scalar(
        select(models.DataKey).where(models.DataKey.purpose == purpose).order_by(models.DataKey.id)
    )
