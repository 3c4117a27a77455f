"""How do a new submission and an edit become rows?"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import update

from app.clock import now
from app.db import db, models
from app.db.insert import insert_if_new
from app.permissions import Actor
from app.services.audit import record
from app.services.records import place, seal_content
from forms.schema import FormSchema
from forms.submission import Submission


@dataclass(frozen=True, repr=False)
class NewVersion:
    """Everything that a row is made from."""

    project: models.Project
    form_id: int
    form_version_id: int
    is_draft: bool
    submission: Submission
    schema: FormSchema
    xml: bytes
    xml_hmac: bytes
    data_key: bytes
    actor: Actor
    device_id: str | None
    user_agent: str | None


def add_submission(new: NewVersion, data_key_id: int) -> models.SubmissionVersion | None:
    """Add the submission and its first version; None if somebody else has just added one with its instance ID."""
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
        created_at=now(),
    )
    if submission_id is None:
        return None
    version = _add_version(new, submission_id)
    record(
        "submission.create",
        new.actor,
        project_id=new.project.id,
        form_id=new.form_id,
        submission_id=submission_id,
        instanceId=new.submission.instance_id,
        submissionDefId=version.id,
    )
    return version


def add_edit(
    submission: models.Submission, before: models.SubmissionVersion, new: NewVersion
) -> models.SubmissionVersion:
    """Add a version on top of the current one; every earlier version stays."""
    db.session.execute(
        update(models.SubmissionVersion).where(models.SubmissionVersion.id == before.id).values(is_current=False)
    )
    version = _add_version(new, submission.id)
    submission.edits += 1
    submission.review_state = "edited"
    submission.updated_at = now()
    record(
        "submission.update.version",
        new.actor,
        project_id=new.project.id,
        form_id=new.form_id,
        submission_id=submission.id,
        instanceId=submission.instance_id,
        submissionDefId=version.id,
    )
    return version


def _add_version(new: NewVersion, submission_id: int) -> models.SubmissionVersion:
    where = place(new.form_id, new.is_draft, new.submission.instance_id)
    content = seal_content(new.data_key, where, new.xml, new.submission, new.schema, new.project.default_sensitivity)
    version = models.SubmissionVersion(
        submission_id=submission_id,
        form_id=new.form_id,
        form_version_id=new.form_version_id,
        is_draft=new.is_draft,
        is_current=True,
        instance_id=new.submission.instance_id,
        deprecated_id=new.submission.deprecated_id,
        xml_sealed=content.xml_sealed,
        xml_hmac=new.xml_hmac,
        clear=content.clear,
        sealed=content.sealed,
        findings=content.findings,
        submitter_id=new.actor.id or None,
        device_id=new.device_id,
        user_agent=new.user_agent,
        created_at=now(),
    )
    db.session.add(version)
    db.session.flush()
    return version
