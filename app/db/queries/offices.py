"""Which offices are there?"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.db import db, models


def office_by_code(code: str) -> models.Office | None:
    """The office that an answer names."""
    return db.session.scalar(select(models.Office).where(models.Office.code == code))


def regions_by_code() -> list[tuple[str, str | None]]:
    """The code and the region of every office."""
    return [(row.code, row.region) for row in db.session.execute(select(models.Office.code, models.Office.region))]


def offices() -> list[models.Office]:
    """All offices, by kind and name."""
    return list(db.session.scalars(select(models.Office).order_by(models.Office.kind, models.Office.name_en)))


def offices_for_update() -> Sequence[models.Office]:
    """All offices, locked against other changes until the transaction ends."""
    statement = select(models.Office).order_by(models.Office.id).with_for_update()
    return db.session.scalars(statement, execution_options={"populate_existing": True}).all()
