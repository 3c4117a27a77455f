"""How do a new submission and an edit become rows?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, update

from app.clock import now
from app.db import db, models
from app.db.insert import insert_if_new, insert_row
from app.permissions import Actor
from app.services.audit import record
from app.services.keys import WrappedKey, keep_data_key
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
    data_key_id = keep_data_key(key)
    submission_id = insert_if_new(
        models.Submission,
        form_id=new.form_id,
        is_draft=new.is_draft,
        instance_id=new.submission.instance_id,
        office_id=new.actor.office_id,
        submitter_id=new.actor.id or None,
        device_id=new.device_id,
        user_agent=new.user_agent,
        data_key_id=data_key_id,
        edits=0,
        created_at=moment,
    )
    if submission_id is None:
        db.session.execute(delete(models.DataKey).where(models.DataKey.id == data_key_id))
        return None
    version_id = _add_version(new, submission_id, moment)
    record(
        "submission.create",
        new.actor,
        project_id=new.project_id,
        form_id=new.form_id,
        submission_id=submission_id,
        instanceId=new.submission.instance_id,
        submissionDefId=version_id,
    )
    return Added(submission_id, version_id)


def add_edit(submission: models.Submission, before: models.SubmissionVersion, new: NewVersion) -> Added:
    """Add a version on top of the current one; every earlier version stays."""
    moment = now()
    db.session.execute(
        update(models.SubmissionVersion).where(models.SubmissionVersion.id == before.id).values(is_current=False)
    )
    version_id = _add_version(new, submission.id, moment)
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


def _add_version(new: NewVersion, submission_id: int, moment: datetime) -> int:
    return insert_row(
        models.SubmissionVersion,
        submission_id=submission_id,
        form_id=new.form_id,
        form_version_id=new.form_version_id,
        is_draft=new.is_draft,
        is_current=True,
        instance_id=new.submission.instance_id,
        deprecated_id=new.submission.deprecated_id,
        xml_sealed=new.content.xml_sealed,
        xml_hmac=new.xml_hmac,
        clear=new.content.clear,
        sealed=new.content.sealed,
        findings=new.content.findings,
        submitter_id=new.actor.id or None,
        device_id=new.device_id,
        user_agent=new.user_agent,
        created_at=moment,
    )
