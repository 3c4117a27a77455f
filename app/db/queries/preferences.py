"""What has a person set for themselves?"""

from __future__ import annotations

from sqlalchemy import func, select

from app.db import db, models

Preference = models.Preference


def preferences(actor_id: int) -> list[models.Preference]:
    """All of a person's, by name."""
    statement = select(Preference).where(Preference.actor_id == actor_id)
    return list(db.session.scalars(statement.order_by(Preference.name)))


def how_many(actor_id: int) -> int:
    """How many a person has."""
    return db.session.scalar(select(func.count()).where(Preference.actor_id == actor_id)) or 0


def one_for_update(actor_id: int, project_id: int | None, name: str) -> models.Preference | None:
    """One of them, locked until the transaction ends."""
    # A comparison with None becomes IS NULL.
    where = (Preference.actor_id == actor_id, Preference.project_id == project_id, Preference.name == name)
    return db.session.scalar(select(Preference).where(*where).with_for_update())
