"""The version that is not published yet: replace it, give it files, try it, publish it."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from app import problems
from app.db import models
from app.db.queries import forms as queries
from app.db.queries.forms import ListedForm
from app.services import draft_form, form_files, publish_form
from app.services.open_forms import draft_token
from app.web.api.form_shapes import shown, shown_attachment, shown_attachments, shown_fields
from app.web.api.form_source import read_source
from app.web.api.forms import ONE, SOURCE_TYPES
from app.web.body import JSON_BYTES, read_body
from app.web.door import Door, Here, parse_json, success
from app.web.files import XLSFORM_MEDIA_TYPES, form_file_response, xform_response, xlsform_response
from app.web.schemas import SuccessSchema
from app.web.schemas.forms import (
    CreateFormQuerySchema,
    FieldSchema,
    FieldsQuerySchema,
    FormAttachmentSchema,
    FormSchema,
    LinkSchema,
    PublishQuerySchema,
    UploadedSchema,
)

door = Door("drafts", tag="Drafts")

DRAFT = f"{ONE}/draft"
_MOST_FILE_BYTES = 50 * 1024 * 1024


@door.route("GET", DRAFT, verb="form.update", summary="The draft, with the token to try it", returns=FormSchema())
def get(here: Here) -> dict[str, Any]:
    return shown(here, ListedForm(here.form, _draft(here), True)) | {"draft_token": draft_token(here.form)}


@door.route(
    "POST",
    DRAFT,
    verb="form.update",
    summary="Replace the draft; without a body, by a copy of the published version",
    query=CreateFormQuerySchema(),
    returns=SuccessSchema(),
    body_types=SOURCE_TYPES,
)
def create(here: Here, query: dict[str, Any]) -> dict[str, bool]:
    draft_form.set_draft(here.actor, here.project, here.form, read_source(), ignore_warnings=query["ignore_warnings"])
    return success()


@door.route("DELETE", DRAFT, verb="form.update", summary="Take the draft away", returns=SuccessSchema())
def delete(here: Here) -> dict[str, bool]:
    draft_form.delete_draft(here.actor, here.project, here.form)
    return success()


@door.route(
    "POST",
    f"{DRAFT}/publish",
    verb="form.update",
    summary="Publish the draft: phones get it",
    query=PublishQuerySchema(),
    returns=SuccessSchema(),
)
def publish(here: Here, query: dict[str, Any]) -> dict[str, bool]:
    publish_form.publish_draft(here.actor, here.project, here.form, version=query["version"], notes=_notes())
    return success()


def _notes() -> str | None:
    """What changed, if the client sent a body with it; Central's clients send none, or an empty one."""
    body = parse_json(read_body("The body", JSON_BYTES) or b"{}", "send no body, or an object with publishNotes")
    notes = body.get("publishNotes") if isinstance(body, dict) else None
    if notes is not None and (not isinstance(notes, str) or len(notes) > 10_000):
        raise problems.wrong_type("publishNotes", "a text of up to 10000 characters")
    return notes


@door.route("GET", f"{DRAFT}.xml", verb="form.update", summary="The draft's XForm", answer_types=("text/xml",))
def xml(here: Here) -> Response:
    return xform_response(_draft(here))


def _open_workbook(suffix: str) -> None:
    def view(here: Here) -> Response:
        draft = _draft(here)
        if draft.xlsform_type != suffix:
            raise problems.not_found()
        return xlsform_response(here.form, draft)

    view.__name__ = suffix.removeprefix(".")
    door.route(
        "GET",
        DRAFT + suffix,
        verb="form.update",
        summary="The draft's workbook",
        answer_types=(XLSFORM_MEDIA_TYPES[suffix],),
    )(view)


for _suffix in (".xlsx", ".xls"):
    _open_workbook(_suffix)


@door.route(
    "GET",
    f"{DRAFT}/fields",
    verb="form.update",
    summary="The draft's questions, groups and repeats",
    query=FieldsQuerySchema(),
    returns=FieldSchema(many=True),
)
def fields(here: Here, query: dict[str, Any]) -> list[dict[str, Any]]:
    return shown_fields(_draft(here), here.project, odata=query["odata"])


@door.route(
    "GET",
    f"{DRAFT}/attachments",
    verb="form.update",
    summary="The files that the draft needs",
    returns=FormAttachmentSchema(many=True),
)
def attachments(here: Here) -> list[dict[str, Any]]:
    return shown_attachments(_draft(here))


@door.route(
    "GET",
    f"{DRAFT}/attachments/<name>",
    verb="form.update",
    summary="One of them",
    answer_types=("*/*",),
)
def attachment(here: Here, name: str) -> Response:
    file = queries.attachment(_draft(here).id, name)
    if file is None:
        raise problems.not_found()
    return form_file_response(file, here.actor)


@door.route(
    "POST",
    f"{DRAFT}/attachments/<name>",
    verb="form.update",
    summary="Give the draft a file; the body is the file",
    returns=UploadedSchema(),
    body_types=("application/octet-stream",),
)
def upload_attachment(here: Here, name: str) -> dict[str, Any]:
    content = read_body("The file", _MOST_FILE_BYTES)
    form_files.fill_slot(here.actor, here.form, name, content, request.mimetype or None)
    # Older clients look for `success`, newer ones for the attachment.
    return success() | next(each for each in shown_attachments(_draft(here)) if each["name"] == name)


@door.route(
    "PATCH",
    f"{DRAFT}/attachments/<name>",
    verb="form.update",
    summary="Let the entity list of the file's name stand for it, or not",
    body=LinkSchema(),
    returns=FormAttachmentSchema(),
)
def link_attachment(here: Here, name: str, body: dict[str, Any]) -> dict[str, Any]:
    linked = body["dataset"]
    return shown_attachment(form_files.link_slot(here.actor, here.project, here.form, name, is_linked=linked))


@door.route(
    "DELETE",
    f"{DRAFT}/attachments/<name>",
    verb="form.update",
    summary="Take a file out of the draft",
    returns=SuccessSchema(),
)
def delete_attachment(here: Here, name: str) -> dict[str, bool]:
    form_files.empty_slot(here.actor, here.form, name)
    return success()


def _draft(here: Here) -> models.FormVersion:
    draft = queries.draft_version(here.form.id)
    if draft is None:
        raise problems.not_found()
    return draft
