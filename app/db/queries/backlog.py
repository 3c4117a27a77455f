"""Which offline updates wait for one that comes before them, and which now fit?"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, func, or_, select

from app.db import db, models

Held, Version = models.EntityBacklog, models.EntityVersion


def held_by(submission_version_id: int) -> list[models.EntityBacklog]:
    """The updates of a submission version that are held."""
    return list(
        db.session.scalars(select(Held).where(Held.submission_version_id == submission_version_id).order_by(Held.id))
    )


def held_after(dataset_id: int, uuid: str, version: models.EntityVersion) -> list[int]:
    """The submission versions whose held updates may build on this version of the case.

    Either on its number, or on the step of the phone's branch that it is.
    """
    fits = Held.branch_base_version == version.version
    if version.branch_id is not None and version.branch_base_version is not None:
        step = version.branch_base_version + 1
        fits = or_(fits, and_(Held.branch_id == version.branch_id, Held.branch_base_version == step))
    statement = select(Held.submission_version_id).where(Held.dataset_id == dataset_id, Held.entity_uuid == uuid, fits)
    return list(db.session.scalars(statement.order_by(Held.branch_id, Held.branch_base_version, Held.id)))


def held_since(moment: datetime) -> list[int]:
    """The submission versions with updates that are held since then or longer; of one branch in its order."""
    statement = select(Held.submission_version_id).where(Held.created_at <= moment)
    return list(db.session.scalars(statement.order_by(Held.branch_id, Held.branch_base_version, Held.id)))


def anything_held_since(moment: datetime) -> bool:
    """Are there any?"""
    return db.session.scalar(select(Held.id).where(Held.created_at <= moment).limit(1)) is not None


def version_in_branch(entity_id: int, branch_id: str, branch_base_version: int) -> models.EntityVersion | None:
    """The version that a phone's branch made from this step of its own."""
    return db.session.scalars(
        select(Version)
        .where(
            Version.entity_id == entity_id,
            Version.branch_id == branch_id,
            Version.branch_base_version == branch_base_version,
        )
        .order_by(Version.version.desc())
    ).first()


def is_interrupted(entity_id: int, branch_id: str, trunk_version: int) -> bool:
    """Has anybody outside of the branch changed the case since the branch began?"""
    statement = select(Version.id).where(
        Version.entity_id == entity_id,
        Version.version > trunk_version,
        func.coalesce(Version.branch_id, "") != branch_id,
    )
    return db.session.scalar(statement.limit(1)) is not None
