"""What has an administrator set for the whole site?"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import undefer

from app.db import db, models


def config(key: str) -> models.Config | None:
    """One setting, with its picture."""
    return db.session.scalar(
        select(models.Config).options(undefer(models.Config.picture)).where(models.Config.key == key)
    )


def configs(keys: Collection[str]) -> list[models.Config]:
    """Those of the settings that are set, without their pictures."""
    return list(
        db.session.scalars(select(models.Config).where(models.Config.key.in_(keys)).order_by(models.Config.key))
    )
