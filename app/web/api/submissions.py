"""What was sent: list, one, its XML as it came, its files, its versions; and sending by API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app import problems
from app.db import db, models
from app.db.queries import access
from app.db.queries import submissions as queries
from app.db.queries.version_pages import submitters
from app.permissions import may, office_scope
from app.runtime import runtime
from app.services import read_submissions as read
from app.services.add_attachment import add_attachment
from app.services.audit_reads import read_submission, record_read
from app.services.blind_edits import refuse_blind_edit
from app.services.deidentified import Facts
from app.services.receive_submission import Arrival, Sender, receive_submission
from app.services.views import View, view_of_form, view_of_tables
from app.web.addresses import api_url, segment
from app.web.api.forms import ONE
from app.web.body import body_chunks, read_body
from app.web.door import Door, Here, success
from app.web.files import sent_file_response
from app.web.metrics import submission_taken
from app.web.room import refuse_without_room
from app.web.schemas import SuccessSchema, masked
from app.web.schemas.access import ActorSchema
from app.web.schemas.submissions import (
    ListedSchema,
    SubmissionAttachmentSchema,
    SubmissionSchema,
    VersionSchema,
)

door = Door("submissions", tag="Submissions")

ALL = f"{ONE}/submissions"
ITEM = f"{ALL}/<instance_id>"
XML_TYPES = ("application/xml", "text/xml")

Found = tuple[models.Submission, models.SubmissionVersion]


@door.route(
    "GET",
    ALL,
    verb="deidentified.read",
    summary="The submissions that my office may see, the newest first",
    query=ListedSchema(),
    returns=SubmissionSchema(many=True),
)
def list_submissions(here: Here, query: dict[str, Any]) -> list[dict[str, Any]]:
    view = view_of_tables(here.actor, here.project, here.form, deidentified=query["deidentified"])
    found = queries.submissions(view.scope(), limit=query["limit"], offset=query["offset"])
    record_read(
        "submission.list",
        here.actor,
        project_id=here.project.id,
        form_id=here.form.id,
        count=len(found),
        offset=query["offset"],
        **view.on_record,
    )
    return [shown(view, *each) for each in found]


@door.route(
    "GET",
    f"{ALL}/submitters",
    verb="submission.read",
    summary="Who has sent submissions that my office may see",
    returns=ActorSchema(many=True),
)
def list_submitters(here: Here) -> list[models.Actor]:
    return submitters(read.scope_of(here.actor, here.form))


@door.route(
    "POST",
    ALL,
    verb="submission.create",
    summary="Send a submission; the body is its XML",
    returns=SubmissionSchema(),
    body_types=XML_TYPES,
)
def create(here: Here) -> dict[str, Any]:
    xml = read_submission_xml()
    view = view_of_form(here.actor, here.project, here.form)
    refuse_blind_edit(here.actor, view, here.form, xml)
    sender = Sender(here.actor, request.args.get("deviceID"), request.headers.get("User-Agent"))
    receipt = receive_submission(sender, here.project_id, Arrival(xml), only_for=here.form)
    submission_taken(is_new=receipt.is_new)
    submission = db.session.get_one(models.Submission, receipt.submission_id)
    version = db.session.get_one(models.SubmissionVersion, receipt.version_id)
    return shown(view, submission, version)


def read_submission_xml() -> bytes:
    """The body, which is a submission's XML. Raises Problem 415.1, 400.1, 413.1 or 507.1."""
    refuse_without_room()
    if request.mimetype not in XML_TYPES:
        raise problems.unsupported_media_type(list(XML_TYPES))
    return read_body("The submission XML", runtime().settings.max_xml_bytes)


@door.route("GET", f"{ITEM}.xml", verb="submission.read", summary="The XML, as it came", answer_types=("text/xml",))
def xml(here: Here, instance_id: str) -> Any:
    found = _lookup(here, instance_id)
    return xml_response(here, *found) if found is not None else _to_version(here, instance_id, ".xml")


@door.route("GET", ITEM, verb="submission.read", summary="One submission", returns=SubmissionSchema())
def get(here: Here, instance_id: str) -> Any:
    found = _lookup(here, instance_id)
    if found is None:
        return _to_version(here, instance_id)
    read_submission(here.actor, here.form, found[0], "facts")
    return shown(view_of_form(here.actor, here.project, here.form), *found)


@door.route(
    "GET",
    f"{ITEM}/attachments",
    verb="submission.read",
    summary="The files that the answers name",
    returns=SubmissionAttachmentSchema(many=True),
)
def attachments(here: Here, instance_id: str) -> list[dict[str, Any]]:
    submission, version = found_submission(here, instance_id)
    read_submission(here.actor, here.form, submission, "files")
    return shown_files(here, submission, version)


def shown_files(here: Here, submission: models.Submission, version: models.SubmissionVersion) -> list[dict[str, Any]]:
    """The files that a version names, as the API shows them."""
    files = read.files_of(view_of_form(here.actor, here.project, here.form), submission, version)
    return [masked("name", each.hidden or each.row.name) | {"exists": each.row.blob_key is not None} for each in files]


@door.route(
    "GET",
    f"{ITEM}/attachments/<name>",
    verb="submission.read",
    summary="One of them, as a download",
    answer_types=("application/octet-stream",),
)
def attachment(here: Here, instance_id: str, name: str) -> Response:
    row, chunks = sent_file(here, instance_id, name)
    return sent_file_response(chunks, row.name, row.size_bytes)


def sent_file(here: Here, instance_id: str, name: str) -> tuple[models.SubmissionAttachment, Iterator[bytes]]:
    """A file that arrived, if the actor may see it; the look is on record. Raises Problem 404.1."""
    submission, version = found_submission(here, instance_id)
    row = the_file(here, submission, version, name)
    return row, read.content_of(submission, row)


def the_file(
    here: Here, submission: models.Submission, version: models.SubmissionVersion, name: str
) -> models.SubmissionAttachment:
    """The same of any version. Raises Problem 404.1, 403.11."""
    row = read.file_of(view_of_form(here.actor, here.project, here.form), submission, version, name)
    record_read(
        "submission.attachment.read",
        here.actor,
        project_id=here.project.id,
        form_id=here.form.id,
        submission_id=submission.id,
        instanceId=submission.instance_id,
        # Not its name: that is the sender's word.
        attachmentId=row.id,
    )
    return row


@door.route(
    "POST",
    f"{ITEM}/attachments/<name>",
    verb="submission.create",
    summary="Add a file that is missing; the body is the file",
    returns=SuccessSchema(),
    body_types=("application/octet-stream",),
)
def upload_attachment(here: Here, instance_id: str, name: str) -> dict[str, bool]:
    put_body_in_place(here, version_to_complete(here, instance_id), name)
    return success()


def put_body_in_place(here: Here, version: models.SubmissionVersion, name: str) -> None:
    """Make the body the file of this name. Raises Problem 507.1, and what `add_attachment` raises."""
    refuse_without_room()
    kind = request.mimetype or "application/octet-stream"
    add_attachment(here.actor, version, name, kind, body_chunks("The file", runtime().settings.max_file_bytes))


def version_to_complete(here: Here, instance_id: str, *, is_draft: bool = False) -> models.SubmissionVersion:
    """The version that a file is added to: the current one if the actor may change it, or the last that they sent.

    ODK Web Forms sends the answers first and then each file, also for who has but a link. Raises Problem 403.1, 404.1.
    """
    where = {"project_id": here.project.id, "form_id": here.form.id}
    found = queries.submission(replace(read.scope_of(here.actor, here.form), is_draft=is_draft), instance_id)
    if found is not None and queries.is_reached(found[0], office_scope(here.actor, "submission.update", **where)):
        return found[1]
    sent = queries.sent_by(here.actor.id, here.form.id, instance_id, is_draft=is_draft)
    if sent is not None:
        return sent
    raise problems.not_found() if may(here.actor, "submission.update", **where) else problems.insufficient_rights()


@door.route(
    "GET",
    f"{ITEM}/versions",
    verb="submission.read",
    summary="The first sending and every edit, the newest first",
    returns=VersionSchema(many=True),
)
def versions(here: Here, instance_id: str) -> list[dict[str, Any]]:
    submission, _ = found_submission(here, instance_id)
    read_submission(here.actor, here.form, submission, "versions")
    view = view_of_form(here.actor, here.project, here.form)
    return [shown_version(view, submission, version) for version in queries.versions(submission.id)]


@door.route(
    "GET",
    f"{ITEM}/versions/<version_id>.xml",
    verb="submission.read",
    summary="The XML of one of them",
    answer_types=("text/xml",),
)
def version_xml(here: Here, instance_id: str, version_id: str) -> Response:
    return xml_response(here, *found_version(here, instance_id, version_id))


@door.route(
    "GET",
    f"{ITEM}/versions/<version_id>",
    verb="submission.read",
    summary="One of them",
    returns=VersionSchema(),
)
def version(here: Here, instance_id: str, version_id: str) -> dict[str, Any]:
    submission, found = found_version(here, instance_id, version_id)
    read_submission(here.actor, here.form, submission, "facts", version_id=found.id)
    return shown_version(view_of_form(here.actor, here.project, here.form), submission, found)


def found_version(here: Here, instance_id: str, version_id: str) -> Found:
    """A version of it. Raises Problem 404.1."""
    submission, _ = found_submission(here, instance_id)
    for version in queries.versions(submission.id):
        if version.instance_id == version_id:
            return submission, version
    raise problems.not_found()


def xml_response(here: Here, submission: models.Submission, version: models.SubmissionVersion) -> Response:
    """Its XML as far as the actor reads it; the look is on record."""
    read_submission(here.actor, here.form, submission, "xml", version_id=version.id)
    content = read.xml_of(view_of_form(here.actor, here.project, here.form), submission, version)
    return Response(content, content_type="text/xml; charset=utf-8")


def _lookup(here: Here, instance_id: str) -> Found | None:
    return queries.submission(read.scope_of(here.actor, here.form), instance_id)


def found_submission(here: Here, instance_id: str) -> Found:
    """The submission, if it is there and the actor's office may see it. Raises Problem 404.1."""
    found = _lookup(here, instance_id)
    if found is None:
        raise problems.not_found()
    return found


def _to_version(here: Here, instance_id: str, suffix: str = "") -> BaseResponse:
    """Who asks for an edit by its own ID is sent to it. Raises Problem 404.1."""
    root = queries.root_of_version(read.scope_of(here.actor, here.form), instance_id)
    if root is None:
        raise problems.not_found()
    form = f"{api_url()}/projects/{here.project.id}/forms/{segment(here.form.xml_form_id)}"
    return redirect(f"{form}/submissions/{segment(root)}/versions/{segment(instance_id)}{suffix}")


def shown(
    view: View, submission: models.Submission, version: models.SubmissionVersion, key: models.DataKey | None = None
) -> dict[str, Any]:
    """A submission as the API shows it. `key`: its data key's row, where it was read along."""
    if view.recipient is not None:
        return _deidentified(view.recipient.facts(submission.form_id, submission))
    answer: dict[str, Any] = {
        "instance_id": submission.instance_id,
        "submitter_id": submission.submitter_id,
        "device_id": submission.device_id,
        "user_agent": submission.user_agent,
        "review_state": submission.review_state,
        "edits": submission.edits,
        "created_at": submission.created_at,
        "updated_at": submission.updated_at,
        "deleted_at": submission.deleted_at,
        "current_version": shown_version(view, submission, version, key),
    }
    return answer | ({"submitter": _submitter(submission.submitter_id)} if _extended() else {})


def _extended() -> bool:
    return request.headers.get("X-Extended-Metadata") == "true"


def _submitter(actor_id: int | None) -> models.Actor | None:
    # Read once for a session, however many of a list somebody has sent.
    return None if actor_id is None else access.actor_row(actor_id)


def _deidentified(facts: Facts) -> dict[str, Any]:
    """The same fields, with what is left: a name for this recipient alone, the month, the review state."""
    nobody: dict[str, Any] = {
        "submitter_id": None,
        "device_id": None,
        "user_agent": None,
        "created_at": facts.created_at,
    }
    version: dict[str, Any] = {
        "instance_id": facts.instance_id,
        "instance_name": None,
        "current": True,
        "findings": [],
        **nobody,
    }
    return {
        "instance_id": facts.instance_id,
        "review_state": facts.review_state,
        "edits": None,
        "updated_at": None,
        "deleted_at": None,
        "current_version": version,
        **nobody,
    }


def shown_version(
    view: View, submission: models.Submission, version: models.SubmissionVersion, key: models.DataKey | None = None
) -> dict[str, Any]:
    """A version as the API shows it."""
    shown = {
        "instance_id": version.instance_id,
        **masked("instance_name", read.instance_name(view, submission, version, key)),
        "submitter_id": version.submitter_id,
        "device_id": version.device_id,
        "user_agent": version.user_agent,
        "current": version.is_current,
        "created_at": version.created_at,
        "findings": read.findings(view, submission, version),
    }
    if _extended():
        form_version = db.session.get_one(models.FormVersion, version.form_version_id).version
        shown |= {"submitter": _submitter(version.submitter_id), "form_version": form_version}
    return shown
