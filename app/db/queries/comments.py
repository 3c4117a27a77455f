"""What was written about a submission? Asked for a submission that its reader reaches."""

from __future__ import annotations

from sqlalchemy import Row, select

from app.db import db, models

Comment = models.Comment


def comments(submission_id: int) -> list[Row[models.Comment, models.Actor | None]]:
    """The comments with who wrote them, the newest first."""
    statement = (
        select(Comment, models.Actor)
        .outerjoin(models.Actor, models.Actor.id == Comment.actor_id)
        .where(Comment.submission_id == submission_id, Comment.action.is_(None))
    )
    return list(db.session.execute(statement.order_by(Comment.created_at.desc(), Comment.id.desc())))


def notes(submission_id: int) -> list[models.Comment]:
    """The notes to acts on it."""
    return list(
        db.session.scalars(select(Comment).where(Comment.submission_id == submission_id, Comment.action.is_not(None)))
    )
