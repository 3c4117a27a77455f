"""Which entity lists and properties does a form version write?"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, or_, select

from app.db import db, models

Dataset, Property = models.Dataset, models.DatasetProperty


def written_properties(version_id: int) -> Sequence[Row[models.Dataset, models.DatasetProperty | None, bool]]:
    """The lists of a version, by name, each with its properties that are published or the version's own.

    A row is the list, a property (None if the list has none) and whether the version writes it.
    """
    source = select(models.PropertySource.property_id).where(models.PropertySource.form_version_id == version_id)
    in_form = Property.id.in_(source)
    statement = (
        select(Dataset, Property, in_form)
        .join(models.DatasetSource, models.DatasetSource.dataset_id == Dataset.id)
        .outerjoin(Property, (Property.dataset_id == Dataset.id) & or_(Property.published_at.is_not(None), in_form))
        .where(models.DatasetSource.form_version_id == version_id)
        .order_by(Dataset.name, Property.name)
    )
    return db.session.execute(statement).all()
