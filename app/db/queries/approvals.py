"""Which submissions wait for somebody's approval before they make cases?"""

from __future__ import annotations

from sqlalchemy import Select, exists, func, or_, select

from app.db import db, models

Dataset, Source, Form = models.Dataset, models.DatasetSource, models.Form
Submission, Version, Key = models.Submission, models.SubmissionVersion, models.DataKey
Entity, EntityVersion, Held, Audit = models.Entity, models.EntityVersion, models.EntityBacklog, models.Audit

# What a review may have come to without an answer to whether cases are to be made.
_UNDECIDED = ("edited", "hasIssues")


def asks_for_approval(form_version_id: int) -> bool:
    """Does what is sent to this version of a form make cases in a list that wants it approved?"""
    statement = (
        select(Source.id)
        .join(Dataset, Dataset.id == Source.dataset_id)
        .where(Source.form_version_id == form_version_id, Source.creates, Dataset.approval_required)
    )
    return db.session.scalar(statement.limit(1)) is not None


def waiting(dataset_id: int, *, with_trash: bool = False) -> Select[int]:
    """The versions that count now of the submissions that could have made a case of this list, and have not.

    Of all offices. Left out is what was approved or rejected, is held for its order, or failed for another reason; and
    what is in the trash, unless that is asked for: it may be restored.
    """
    made = (
        select(Version.submission_id)
        .join(EntityVersion, EntityVersion.submission_version_id == Version.id)
        .join(Entity, Entity.id == EntityVersion.entity_id)
        .where(Entity.dataset_id == dataset_id)
    )
    failed = exists().where(
        Audit.submission_id == Submission.id, Audit.action == "entity.error", Audit.logged_at >= Version.created_at
    )
    is_there = Submission.deleted_at.is_(None)
    if with_trash:
        is_there = Submission.data_key_id.in_(select(Key.id).where(Key.destroyed_at.is_(None)))
    return (
        select(Version.id)
        .join(Submission, Submission.id == Version.submission_id)
        .join(Form, Form.id == Submission.form_id)
        .join(Source, Source.form_version_id == Version.form_version_id)
        .where(
            Source.dataset_id == dataset_id,
            Source.creates,
            Version.is_current,
            Submission.is_draft.is_(False),
            is_there,
            or_(Submission.review_state.is_(None), Submission.review_state.in_(_UNDECIDED)),
            Form.deleted_at.is_(None),
            Submission.id.not_in(made),
            Version.id.not_in(select(Held.submission_version_id)),
            ~failed,
        )
        .order_by(Version.id)
    )


def count_waiting(dataset_id: int) -> int:
    """How many they are."""
    return db.session.scalar(select(func.count()).select_from(waiting(dataset_id).subquery())) or 0
