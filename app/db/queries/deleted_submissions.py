"""Which submissions were deleted, and which of them are still there to be restored or purged?"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.db import db, models

Submission, Key = models.Submission, models.DataKey


def is_erased(submission: models.Submission) -> bool:
    """Was its key destroyed? Then there is nothing to bring back."""
    return db.session.get_one(Key, submission.data_key_id, populate_existing=True).wrapped is None


def deleted_before(moment: datetime, *, most: int = 500) -> list[tuple[models.Form, int]]:
    """What was deleted before this moment and is not erased: form and number; the oldest first."""
    statement = (
        select(models.Form, Submission.id)
        .join(Submission, Submission.form_id == models.Form.id)
        .join(Key, Key.id == Submission.data_key_id)
        .where(Submission.deleted_at < moment, Key.wrapped.is_not(None))
        .order_by(Submission.deleted_at, Submission.id)
        .limit(most)
    )
    return [(row[0], row[1]) for row in db.session.execute(statement)]
