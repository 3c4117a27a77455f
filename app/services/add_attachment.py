"""How does a single missing file reach its submission by API?"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.exc import NoResultFound

from app import problems
from app.db import models
from app.db.queries import submissions as queries
from app.permissions import Actor, office_scope
from app.problems import Problem
from app.runtime import runtime
from app.services.attach_files import attach_files
from app.services.quarantine import Context
from app.services.transaction import transaction
from app.services.uploads import discard_blobs, discard_files, store_file


def add_attachment(
    actor: Actor,
    version: models.SubmissionVersion,
    name: str,
    content_type: str,
    chunks: Iterable[bytes],
) -> None:
    """Put the file in its row.

    Who sent the answers adds their files too, as by sending them again. Raises Problem 404.1 if the answers name no
    such file or the actor may only read this office's submissions, 409.3 for other content.
    """
    if queries.attachment(version.id, name) is None:
        raise problems.not_found()
    form = queries.form_of(version)
    offices = office_scope(actor, "submission.update", project_id=form.project_id, form_id=form.id)
    context = Context(actor, form.project_id, form.id, version.instance_id, version.id)
    file = store_file(name, content_type[:255], chunks, max_bytes=runtime().settings.max_file_bytes)
    try:
        with transaction():
            locked = locked_submission(version.submission_id)
            is_theirs = version.submitter_id == actor.id or queries.is_reached(locked, offices)
            if locked.deleted_at is not None or not is_theirs:
                raise problems.not_found()
            attached = attach_files(version.id, (file,), context)
    except Problem:
        discard_files((file,))
        raise
    discard_blobs(attached.superfluous)
    if attached.conflict is not None:
        raise problems.already_exists(["file"], [name])


def locked_submission(submission_id: int) -> models.Submission:
    """The submission whose file comes or goes. Raises Problem 404.1 if it went meanwhile."""
    try:
        return queries.submission_for_update(submission_id)
    except NoResultFound:
        # A test, whose draft went since somebody looked, or while the file was coming.
        raise problems.not_found() from None
