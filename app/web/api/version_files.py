"""Files of an edit or of the first sending, and taking a file out; what changed from version to version."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.db import models
from app.db.queries import submissions as queries
from app.services import read_submissions as read
from app.services.audit_reads import read_submission
from app.services.clear_attachment import clear_attachment
from app.services.version_differences import differences_of
from app.services.views import view_of_form
from app.web.api.submissions import ITEM, found_submission, found_version, shown_files, the_file
from app.web.door import Door, Here, success
from app.web.files import sent_file_response
from app.web.schemas import SuccessSchema
from app.web.schemas.submissions import SubmissionAttachmentSchema

door = Door("version_files", tag="Submissions")

VERSION = f"{ITEM}/versions/<version_id>"


@door.route(
    "GET",
    f"{VERSION}/attachments",
    verb="submission.read",
    summary="The files that the answers of a version name",
    returns=SubmissionAttachmentSchema(many=True),
)
def attachments(here: Here, instance_id: str, version_id: str) -> list[dict[str, Any]]:
    submission, version = found_version(here, instance_id, version_id)
    read_submission(here.actor, here.form, submission, "files", version_id=version.id)
    return shown_files(here, submission, version)


@door.route(
    "GET",
    f"{VERSION}/attachments/<name>",
    verb="submission.read",
    summary="One of them, as a download",
    answer_types=("application/octet-stream",),
)
def attachment(here: Here, instance_id: str, version_id: str, name: str) -> Response:
    submission, version = found_version(here, instance_id, version_id)
    row = the_file(here, submission, version, name)
    return sent_file_response(read.content_of(submission, row), row.name, row.size_bytes)


@door.route(
    "DELETE",
    f"{VERSION}/attachments/<name>",
    verb="submission.update",
    summary="Take a file out of a version; its place waits for another one",
    returns=SuccessSchema(),
)
def clear(here: Here, instance_id: str, version_id: str, name: str) -> dict[str, bool]:
    return _cleared(here, *found_version(here, instance_id, version_id), name)


@door.route(
    "DELETE",
    f"{ITEM}/attachments/<name>",
    verb="submission.update",
    summary="Take a file out of the submission; its place waits for another one",
    returns=SuccessSchema(),
)
def clear_current(here: Here, instance_id: str, name: str) -> dict[str, bool]:
    return _cleared(here, *found_submission(here, instance_id), name)


def _cleared(
    here: Here, submission: models.Submission, version: models.SubmissionVersion, name: str
) -> dict[str, bool]:
    view = view_of_form(here.actor, here.project, here.form)
    clear_attachment(here.actor, view, here.form, submission, version, name)
    return success()


@door.route(
    "GET",
    f"{ITEM}/diffs",
    verb="submission.read",
    summary="What each edit changed, by its instance ID, as far as I may read it",
    answer_types=("application/json",),
)
def diffs(here: Here, instance_id: str) -> dict[str, list[dict[str, Any]]]:
    submission, _ = found_submission(here, instance_id)
    read_submission(here.actor, here.form, submission, "versions")
    view = view_of_form(here.actor, here.project, here.form)
    return differences_of(view, submission, queries.versions(submission.id))
