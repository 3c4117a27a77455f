"""Which cases and lists have been in the trash for too long?"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select

from app.db import db, models

Dataset, Entity, Key = models.Dataset, models.Entity, models.DataKey


def entities_to_purge(before: datetime, *, limit: int) -> list[int]:
    """Some cases that went into the trash before that moment, or whose list did, the oldest first."""
    statement = (
        select(Entity.id)
        .join(Dataset, Dataset.id == Entity.dataset_id)
        .join(Key, Key.id == Entity.data_key_id)
        .where(_is_over(before), Key.destroyed_at.is_(None))
        .order_by(Entity.id)
        .limit(limit)
    )
    return list(db.session.scalars(statement))


def _is_over(before: datetime) -> ColumnElement[bool]:
    return or_(Entity.deleted_at <= before, Dataset.deleted_at <= before)


def still_in_trash(ids: Collection[int]) -> list[models.Entity]:
    """Those of these cases that nobody has brought back, locked."""
    trashed = select(Dataset.id).where(Dataset.deleted_at.is_not(None))
    statement = (
        select(Entity)
        .where(Entity.id.in_(ids), or_(Entity.deleted_at.is_not(None), Entity.dataset_id.in_(trashed)))
        .order_by(Entity.id)
        .with_for_update()
    )
    return list(db.session.scalars(statement, execution_options={"populate_existing": True}))


def lists_to_purge(before: datetime) -> list[int]:
    """The lists that went into the trash before that moment and are still shown there."""
    statement = select(Dataset.id).where(Dataset.deleted_at <= before, Dataset.published_at.is_not(None))
    return list(db.session.scalars(statement.order_by(Dataset.id)))
