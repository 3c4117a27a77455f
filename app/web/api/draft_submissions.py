"""What was sent to try a draft: list, one, its XML and files; and sending by API. It goes when the draft goes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response

from app import problems
from app.db import db, models
from app.db.queries import forms as form_queries
from app.db.queries import submissions as queries
from app.permissions import ANYBODY
from app.services import read_submissions as read
from app.services.audit_reads import read_submission, record_read
from app.services.blind_edits import refuse_blind_edit, refuse_masks
from app.services.clear_attachment import clear_attachment
from app.services.receive_submission import Arrival, receive_submission
from app.services.views import View, view_of_form
from app.web.api.drafts import DRAFT
from app.web.api.submissions import (
    XML_TYPES,
    Found,
    put_body_in_place,
    read_submission_xml,
    shown,
    shown_files,
    the_file,
    version_to_complete,
    xml_response,
)
from app.web.door import Door, Here, success
from app.web.files import sent_file_response
from app.web.openrosa.draft import RULE as TEST
from app.web.openrosa.draft import draft_of_token
from app.web.openrosa.submission import sender_of
from app.web.schemas import SuccessSchema
from app.web.schemas.submissions import PagingSchema, SubmissionAttachmentSchema, SubmissionSchema

door = Door("draft_submissions", tag="Drafts")

ALL = f"{DRAFT}/submissions"
ITEM = f"{ALL}/<instance_id>"


@door.route(
    "GET",
    ALL,
    verb="submission.list",
    summary="What was sent to try the draft, as far as my office may see it, the newest first",
    query=PagingSchema(),
    returns=SubmissionSchema(many=True),
)
def list_submissions(here: Here, query: dict[str, Any]) -> list[dict[str, Any]]:
    _refuse_without_draft(here)
    view = view_of_form(here.actor, here.project, here.form)
    found = queries.submissions(view.scope(is_draft=True), limit=query["limit"], offset=query["offset"])
    about = {"project_id": here.project.id, "form_id": here.form.id}
    record_read("submission.list", here.actor, **about, count=len(found), offset=query["offset"], draft=True)
    return [shown(view, *each) for each in found]


@door.route(
    "POST",
    ALL,
    verb="submission.create",
    summary="Send a test of the draft; the body is its XML",
    returns=SubmissionSchema(),
    body_types=XML_TYPES,
)
def create(here: Here) -> dict[str, Any]:
    xml = read_submission_xml()
    _refuse_without_draft(here)
    view = view_of_form(here.actor, here.project, here.form)
    refuse_blind_edit(here.actor, view, here.form, xml, is_draft=True)
    return _taken(here, view, here.form, xml)


@door.route(
    "POST",
    f"{TEST}/submissions",
    verb=ANYBODY,
    summary="Send a test with the draft's own token in the path; the body is its XML",
    returns=SubmissionSchema(),
    body_types=XML_TYPES,
)
def create_by_token(here: Here) -> dict[str, Any]:
    form, xml = draft_of_token(here).form, read_submission_xml()
    refuse_masks(xml)
    # Nobody in particular: whoever has the token reads no answer of it, theirs either.
    return _taken(here, view_of_form(here.actor, here.project, form), form, xml)


def _taken(here: Here, view: View, form: models.Form, xml: bytes) -> dict[str, Any]:
    receipt = receive_submission(sender_of(here), here.project_id, Arrival(xml), draft_of=form, only_for=form)
    submission = db.session.get_one(models.Submission, receipt.submission_id)
    return shown(view, submission, db.session.get_one(models.SubmissionVersion, receipt.version_id))


@door.route("GET", f"{ITEM}.xml", verb="submission.read", summary="The XML, as it came", answer_types=("text/xml",))
def xml(here: Here, instance_id: str) -> Response:
    return xml_response(here, *_found(here, instance_id))


@door.route("GET", ITEM, verb="submission.read", summary="One test", returns=SubmissionSchema())
def get(here: Here, instance_id: str) -> dict[str, Any]:
    found = _found(here, instance_id)
    read_submission(here.actor, here.form, found[0], "facts")
    return shown(view_of_form(here.actor, here.project, here.form), *found)


@door.route(
    "GET",
    f"{ITEM}/attachments",
    verb="submission.read",
    summary="The files that its answers name",
    returns=SubmissionAttachmentSchema(many=True),
)
def attachments(here: Here, instance_id: str) -> list[dict[str, Any]]:
    submission, version = _found(here, instance_id)
    read_submission(here.actor, here.form, submission, "files")
    return shown_files(here, submission, version)


@door.route(
    "GET",
    f"{ITEM}/attachments/<name>",
    verb="submission.read",
    summary="One of them, as a download",
    answer_types=("application/octet-stream",),
)
def attachment(here: Here, instance_id: str, name: str) -> Response:
    submission, version = _found(here, instance_id)
    row = the_file(here, submission, version, name)
    return sent_file_response(read.content_of(submission, row), row.name, row.size_bytes)


@door.route(
    "POST",
    f"{ITEM}/attachments/<name>",
    verb="submission.create",
    summary="Add a file that is missing; the body is the file",
    returns=SuccessSchema(),
    body_types=("application/octet-stream",),
)
def upload_attachment(here: Here, instance_id: str, name: str) -> dict[str, bool]:
    put_body_in_place(here, version_to_complete(here, instance_id, is_draft=True), name)
    return success()


@door.route(
    "DELETE",
    f"{ITEM}/attachments/<name>",
    verb="submission.update",
    summary="Take a file out; its place waits for another one",
    returns=SuccessSchema(),
)
def clear(here: Here, instance_id: str, name: str) -> dict[str, bool]:
    view = view_of_form(here.actor, here.project, here.form)
    clear_attachment(here.actor, view, here.form, *_found(here, instance_id), name)
    return success()


def _refuse_without_draft(here: Here) -> None:
    if form_queries.draft_version(here.form.id) is None:
        raise problems.not_found()


def _found(here: Here, instance_id: str) -> Found:
    """The test, if it is there and the actor's office may see it. Raises Problem 404.1."""
    found = queries.submission(replace(read.scope_of(here.actor, here.form), is_draft=True), instance_id)
    if found is None:
        raise problems.not_found()
    return found
