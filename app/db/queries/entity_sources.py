"""Which submissions were these versions of submissions, and to which forms?"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from app.db import db, models
from app.db.queries.submissions import Scope, in_scope

Form, Submission, Version = models.Form, models.Submission, models.SubmissionVersion


def forms_of(submission_version_ids: Collection[int]) -> list[models.Form]:
    """The live forms that they were sent to."""
    sent = select(Version.form_id).where(Version.id.in_(submission_version_ids))
    return list(db.session.scalars(select(Form).where(Form.id.in_(sent), Form.deleted_at.is_(None)).order_by(Form.id)))


def seen(submission_version_ids: Collection[int], scope: Scope) -> list[tuple[int, str]]:
    """Those within a scope, each with the name of its submission."""
    statement = (
        select(Version.id, Submission.instance_id)
        .select_from(Submission)
        .join(Version, Version.submission_id == Submission.id)
        .where(Version.id.in_(submission_version_ids))
    )
    return [(row[0], row[1]) for row in db.session.execute(in_scope(statement, scope))]
