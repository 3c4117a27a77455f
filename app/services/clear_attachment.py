"""How is a file taken out of a submission, so that its place waits for another one?"""

from __future__ import annotations

from app import problems
from app.clock import now
from app.db import db, models
from app.db.queries import blobs as blob_queries
from app.db.queries import submissions as queries
from app.permissions import Actor, office_scope
from app.services.add_attachment import locked_submission
from app.services.audit import record
from app.services.read_submissions import files_of
from app.services.transaction import transaction
from app.services.uploads import discard_blobs
from app.services.views import View


def clear_attachment(
    actor: Actor,
    view: View,
    form: models.Form,
    submission: models.Submission,
    version: models.SubmissionVersion,
    name: str,
) -> None:
    """Empty the place of a file; another version that has the same file keeps it.

    Raises Problem 404.1 if the answers name no such file or the actor may only read this office's submissions,
    403.11 if the view hides it: nobody takes away what they cannot see.
    """
    slot = next((each for each in files_of(view, submission, version) if each.row.name == name), None)
    if slot is None:
        raise problems.not_found()
    if slot.hidden is not None:
        raise problems.class_hidden(slot.hidden.sensitivity)
    submission_id, version_id = submission.id, version.id
    # Not the view's offices: reading often reaches further than changing.
    offices = office_scope(actor, "submission.update", project_id=form.project_id, form_id=form.id)
    gone: set[str] = set()
    with transaction():
        locked = locked_submission(submission_id)
        row = queries.attachment(version_id, name)
        if locked.deleted_at is not None or row is None or not queries.is_reached(locked, offices):
            raise problems.not_found()
        if row.blob_key is not None:
            gone = {row.blob_key}
            row.blob_key = row.file_key_sealed = row.content_hmac = row.content_type = row.size_bytes = None
            row.updated_at = now()
            db.session.flush()
            gone -= blob_queries.named(gone)
            record(
                "submission.attachment.clear",
                actor,
                project_id=form.project_id,
                form_id=form.id,
                submission_id=submission_id,
                instanceId=locked.instance_id,
                submissionDefId=version_id,
                attachmentId=row.id,
            )
    discard_blobs(gone)
