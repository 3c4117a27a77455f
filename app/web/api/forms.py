"""The forms of a project: add, list, read, open and close."""

from __future__ import annotations

from typing import Any

from flask import Response

from app import problems
from app.db import models
from app.db.queries import forms as queries
from app.permissions import may, office_scope
from app.services import draft_form, publish_form
from app.services.change_form import change_state, delete_form, restore_form
from app.web.api.form_shapes import listed, shown, shown_attachments, shown_fields
from app.web.api.form_source import TYPES, read_source
from app.web.door import Door, Here, success
from app.web.files import XLSFORM_MEDIA_TYPES, form_file_response, xform_response, xlsform_response
from app.web.schemas import SuccessSchema
from app.web.schemas.forms import (
    CreateFormQuerySchema,
    FieldSchema,
    FieldsQuerySchema,
    FormAttachmentSchema,
    FormChangeSchema,
    FormSchema,
    FormsQuerySchema,
)

door = Door("forms", tag="Forms")

ALL = "/projects/<int:project_id>/forms"
ONE = f"{ALL}/<xml_form_id>"
SOURCE_TYPES = tuple(TYPES)


@door.route(
    "GET",
    ALL,
    verb="form.list",
    summary="The forms; or those that were deleted, with the number that restores them",
    query=FormsQuerySchema(),
    returns=FormSchema(many=True),
)
def list_forms(here: Here, query: dict[str, Any]) -> list[dict[str, Any]]:
    offices = office_scope(here.actor, "submission.list", project_id=here.project.id)
    if query["deleted"]:
        if not may(here.actor, "form.restore", project_id=here.project.id):
            raise problems.insufficient_rights()
        return [shown(here, each) for each in queries.trashed_forms(here.project.id, offices=offices)]
    return [shown(here, each) for each in queries.listed_forms(here.project.id, offices=offices)]


@door.route(
    "POST",
    ALL,
    verb="form.create",
    summary="Add a form from an XLSForm or XForm",
    query=CreateFormQuerySchema(),
    returns=FormSchema(),
    body_types=SOURCE_TYPES,
)
def create(here: Here, query: dict[str, Any]) -> dict[str, Any]:
    source = read_source()
    if source is None:
        raise problems.missing_parameter("the form definition", "send the XLSForm or XForm as the body")
    form = draft_form.create_form(here.actor, here.project, source, ignore_warnings=query["ignore_warnings"])
    if query["publish"]:
        publish_form.publish_draft(here.actor, here.project, form)
    return shown(here, listed(here, form))


@door.route("GET", ONE, verb="form.read", summary="One form", returns=FormSchema())
def get(here: Here) -> dict[str, Any]:
    return shown(here, listed(here, here.form))


@door.route(
    "PATCH",
    ONE,
    verb="form.update",
    summary="Open or close a form",
    body=FormChangeSchema(),
    returns=FormSchema(),
)
def patch(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    return shown(here, listed(here, change_state(here.actor, here.form, body["state"])))


@door.route(
    "DELETE",
    ONE,
    verb="form.delete",
    summary="Take a form away; for thirty days it can be restored",
    returns=SuccessSchema(),
)
def delete(here: Here) -> dict[str, bool]:
    delete_form(here.actor, here.form)
    return success()


@door.route(
    "POST",
    f"{ALL}/<int:form_number>/restore",
    verb="form.restore",
    summary="Bring a deleted form back, by its number",
    returns=SuccessSchema(),
)
def restore(here: Here, form_number: int) -> dict[str, bool]:
    restore_form(here.actor, here.project, form_number)
    return success()


@door.route("GET", f"{ONE}.xml", verb="open_form.read", summary="The published XForm", answer_types=("text/xml",))
def xml(here: Here) -> Response:
    return xform_response(current(here))


def _workbook(suffix: str) -> Any:
    def view(here: Here) -> Response:
        version = current(here)
        if version.xlsform_type != suffix:
            raise problems.not_found()
        return xlsform_response(here.form, version)

    view.__name__ = suffix.removeprefix(".")
    return view


for _suffix in (".xlsx", ".xls"):
    door.route(
        "GET",
        ONE + _suffix,
        verb="form.read",
        summary="The workbook of the published version",
        answer_types=(XLSFORM_MEDIA_TYPES[_suffix],),
    )(_workbook(_suffix))


@door.route(
    "GET",
    f"{ONE}/fields",
    verb="form.read",
    summary="The questions, groups and repeats",
    query=FieldsQuerySchema(),
    returns=FieldSchema(many=True),
)
def fields(here: Here, query: dict[str, Any]) -> list[dict[str, Any]]:
    return shown_fields(current(here), here.project, odata=query["odata"])


@door.route(
    "GET",
    f"{ONE}/attachments",
    verb="open_form.read",
    summary="The files that the form needs",
    returns=FormAttachmentSchema(many=True),
)
def attachments(here: Here) -> list[dict[str, Any]]:
    return shown_attachments(current(here))


@door.route(
    "GET",
    f"{ONE}/attachments/<name>",
    verb="open_form.read",
    summary="One of them; an entity list is drawn for the asker's office",
    answer_types=("*/*",),
)
def attachment(here: Here, name: str) -> Response:
    file = queries.attachment(current(here).id, name)
    if file is None:
        raise problems.not_found()
    return form_file_response(file, here.actor)


def current(here: Here) -> models.FormVersion:
    """The published version. Raises Problem 404.1; a closed form is not there for those who only fill forms."""
    version = queries.current_version(here.form.id)
    if version is None:
        raise problems.not_found()
    refuse_hidden(here)
    return version


def refuse_hidden(here: Here) -> None:
    """Raise Problem 404.1 if the form is closed, for those who only fill forms."""
    if here.form.state == "closed" and not may(
        here.actor, "form.read", project_id=here.project.id, form_id=here.form.id
    ):
        raise problems.not_found()
