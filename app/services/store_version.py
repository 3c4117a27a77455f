"""How do a new submission and an edit become rows?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update

from app.clock import now
from app.db import db, models
from app.db.insert import insert_row
from app.db.insert_submission import NewRows, insert_submission
from app.permissions import Actor
from app.services.audit import line_of, record
from app.services.keys import WrappedKey, row_of
from app.services.records import Content
from forms.submission import Submission


@dataclass(frozen=True, repr=False)
class NewVersion:
    """Everything that a row is made from; the content is sealed already."""

    project_id: int
    form_id: int
    form_version_id: int
    is_draft: bool
    submission: Submission
    content: Content
    xml_hmac: bytes
    actor: Actor
    device_id: str | None
    user_agent: str | None


@dataclass(frozen=True)
class Added:
    """The ids of the rows."""

    submission_id: int
    version_id: int


def add_submission(new: NewVersion, key: WrappedKey) -> Added | None:
    """Add the submission and its first version; None if somebody else has just added one with its instance ID."""
    moment = now()
    submission = {
        "form_id": new.form_id,
        "is_draft": new.is_draft,
        "instance_id": new.submission.instance_id,
        "office_id": new.actor.office_id,
        "submitter_id": new.actor.id or None,
        "device_id": new.device_id,
        "user_agent": new.user_agent,
        "edits": 0,
        "created_at": moment,
    }
    line = line_of(
        "submission.create",
        new.actor,
        project_id=new.project_id,
        form_id=new.form_id,
        instanceId=new.submission.instance_id,
    )
    added = insert_submission(NewRows(row_of(key), submission, _version(new, moment), line))
    return None if added is None else Added(*added)


def add_edit(submission: models.Submission, before: models.SubmissionVersion, new: NewVersion) -> Added:
    """Add a version on top of the current one; every earlier version stays."""
    moment = now()
    db.session.execute(
        update(models.SubmissionVersion).where(models.SubmissionVersion.id == before.id).values(is_current=False)
    )
    version_id = insert_row(models.SubmissionVersion, submission_id=submission.id, **_version(new, moment))
    submission.edits += 1
    submission.review_state = "edited"
    submission.updated_at = moment
    record(
        "submission.update.version",
        new.actor,
        project_id=new.project_id,
        form_id=new.form_id,
        submission_id=submission.id,
        instanceId=submission.instance_id,
        submissionDefId=version_id,
    )
    return Added(submission.id, version_id)


def _version(new: NewVersion, moment: datetime) -> dict[str, Any]:
    return {
        "form_id": new.form_id,
        "form_version_id": new.form_version_id,
        "is_draft": new.is_draft,
        "is_current": True,
        "instance_id": new.submission.instance_id,
        "deprecated_id": new.submission.deprecated_id,
        "xml_sealed": new.content.xml_sealed,
        "xml_hmac": new.xml_hmac,
        "clear": new.content.clear,
        "sealed": new.content.sealed,
        "findings": new.content.findings,
        "submitter_id": new.actor.id or None,
        "device_id": new.device_id,
        "user_agent": new.user_agent,
        "created_at": moment,
    }
