"""Which keys do a project's forms carry, and which of its forms are to carry one?"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.db import db, models
from app.db.queries.submissions import Scope, in_scope

Key, Submission, Version = models.EncryptionKey, models.Submission, models.SubmissionVersion

# The server has the private half, under a passphrase.
_MANAGED = Key.private_sealed.is_not(None)


def managed_key(project_id: int) -> models.EncryptionKey | None:
    """The project's own key pair."""
    return db.session.scalar(select(Key).where(Key.project_id == project_id, _MANAGED))


def managed_key_locked(project_id: int) -> int | None:
    """The number of the project's own key pair; nobody gives it one until the transaction ends."""
    project = models.Project
    db.session.execute(select(project.id).where(project.id == project_id).with_for_update(read=True))
    return db.session.scalar(select(Key.id).where(Key.project_id == project_id, _MANAGED))


def key_by_public(project_id: int, public: str) -> int | None:
    """The number of a key."""
    return db.session.scalar(select(Key.id).where(Key.project_id == project_id, Key.public == public))


def is_managed(key_id: int) -> bool:
    """Has the server the private half of it, under a passphrase?"""
    return db.session.scalar(select(Key.id).where(Key.id == key_id, _MANAGED)) is not None


def keys_of_submissions(scope: Scope) -> Sequence[models.EncryptionKey]:
    """The keys of the form versions that were filled in, the newest first."""
    filled = (
        select(models.FormVersion.key_id)
        .join(Version, Version.form_version_id == models.FormVersion.id)
        .join(Submission, Submission.id == Version.submission_id)
        .where(Version.is_current)
    )
    return db.session.scalars(select(Key).where(Key.id.in_(in_scope(filled, scope))).order_by(Key.id.desc())).all()


def versions_in_use(project_id: int) -> list[tuple[models.Form, models.FormVersion]]:
    """The versions of a project's forms that count now, and the drafts; locked until the transaction ends."""
    version = models.FormVersion
    statement = (
        select(models.Form, version)
        .join(version, version.form_id == models.Form.id)
        .where(models.Form.project_id == project_id, models.Form.purged_at.is_(None))
        .where(version.is_current | version.published_at.is_(None))
        .order_by(models.Form.id, version.id)
        # Submissions, which refer to them, go on coming in.
        .with_for_update(key_share=True)
    )
    return [(row[0], row[1]) for row in db.session.execute(statement)]
