"""What was put aside?"""

from __future__ import annotations

from sqlalchemy import select

from app.db import db, models

Kept = models.Quarantine


def is_kept(
    project_id: int, reason: str, form_id: int | None, instance_id: str | None, name: str | None, content_hmac: bytes
) -> bool:
    """Is this very file of this submission kept already, for this reason?"""
    statement = select(Kept.id).where(
        Kept.project_id == project_id,
        Kept.reason == reason,
        Kept.form_id.is_not_distinct_from(form_id),
        Kept.instance_id.is_not_distinct_from(instance_id),
        Kept.name.is_not_distinct_from(name),
        Kept.content_hmac == content_hmac,
    )
    return db.session.scalar(statement.limit(1)) is not None
