"""The forms of a project: add, list, read, open and close."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from app import problems
from app.db import models
from app.db.queries import forms as queries
from app.db.queries.forms import ListedForm
from app.permissions import may, office_scope
from app.services import draft_form, publish_form
from app.services.change_form import change_state, delete_form
from app.services.schemas import schema_of
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
)
from forms.schema import odata_name

door = Door("forms", tag="Forms")

ALL = "/projects/<int:project_id>/forms"
ONE = f"{ALL}/<xml_form_id>"
SOURCE_TYPES = tuple(TYPES)


@door.route("GET", ALL, verb="form.list", summary="The forms", returns=FormSchema(many=True))
def list_forms(here: Here) -> list[dict[str, Any]]:
    offices = office_scope(here.actor, "submission.list", project_id=here.project.id)
    return [shown(each, here.project.id) for each in queries.listed_forms(here.project.id, offices=offices)]


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
    return shown(listed(form), here.project.id)


@door.route("GET", ONE, verb="form.read", summary="One form", returns=FormSchema())
def get(here: Here) -> dict[str, Any]:
    return shown(listed(here.form), here.project.id)


@door.route(
    "PATCH",
    ONE,
    verb="form.update",
    summary="Open or close a form",
    body=FormChangeSchema(),
    returns=FormSchema(),
)
def patch(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    return shown(listed(change_state(here.actor, here.form, body["state"])), here.project.id)


@door.route(
    "DELETE",
    ONE,
    verb="form.delete",
    summary="Take a form away; its submissions stay",
    returns=SuccessSchema(),
)
def delete(here: Here) -> dict[str, bool]:
    delete_form(here.actor, here.form)
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


@door.route(
    "GET",
    f"{ONE}/versions",
    verb="form.read",
    summary="The published versions",
    returns=FormSchema(many=True),
)
def versions(here: Here) -> list[dict[str, Any]]:
    return [
        shown(ListedForm(here.form, each, False), here.project.id) for each in queries.published_versions(here.form.id)
    ]


@door.route(
    "GET",
    f"{ONE}/versions/<version>.xml",
    verb="form.read",
    summary="The XForm of one version",
    answer_types=("text/xml",),
)
def version_xml(here: Here, version: str) -> Response:
    return xform_response(_version(here, version))


@door.route("GET", f"{ONE}/versions/<version>", verb="form.read", summary="One version", returns=FormSchema())
def version(here: Here, version: str) -> dict[str, Any]:
    return shown(ListedForm(here.form, _version(here, version), False), here.project.id)


def _version(here: Here, name: str) -> models.FormVersion:
    # A version without a name cannot stand in an address: Central writes three underscores for it.
    found = queries.published_version(here.form.id, "" if name == "___" else name)
    if found is None:
        raise problems.not_found()
    return found


def current(here: Here) -> models.FormVersion:
    """The published version. Raises Problem 404.1; a closed form is not there for those who only fill forms."""
    version = queries.current_version(here.form.id)
    hidden = here.form.state == "closed" and not may(
        here.actor, "form.read", project_id=here.project.id, form_id=here.form.id
    )
    if version is None or hidden:
        raise problems.not_found()
    return version


def listed(form: models.Form) -> ListedForm:
    """A form with the version that represents it."""
    draft = queries.draft_version(form.id)
    return ListedForm(form, queries.current_version(form.id) or draft, draft is not None)


def shown(listed: ListedForm, project_id: int) -> dict[str, Any]:
    """A form as the API shows it."""
    form, version = listed.form, listed.version
    answer: dict[str, Any] = {
        "project_id": project_id,
        "xml_form_id": form.xml_form_id,
        "state": form.state,
        "enketo_id": None,
        "enketo_once_id": None,
        "key_id": None,
        "draft_token": None,
        "created_at": form.created_at,
        "updated_at": form.updated_at,
        "name": version.name if version is not None else None,
        "version": version.version if version is not None else None,
        "hash": version.md5 if version is not None else None,
        "sha256": version.sha256 if version is not None else None,
        "published_at": version.published_at if version is not None else None,
        "publish_notes": version.publish_notes if version is not None else None,
    }
    if request.headers.get("X-Extended-Metadata") == "true":
        kind = version.xlsform_type if version is not None else None
        answer |= {
            "submissions": listed.submissions,
            "last_submission": listed.last_submission,
            "has_draft": listed.has_draft,
            "excel_content_type": XLSFORM_MEDIA_TYPES[kind] if kind else None,
        }
    return answer


def shown_fields(version: models.FormVersion, project: models.Project, *, odata: bool) -> list[dict[str, Any]]:
    """The fields of a version with their sensitivity, the project's default where the form says none."""
    schema = schema_of(version.id, version.sha256)
    return [
        {
            "path": "/".join(odata_name(part) if odata and part else part for part in field.path.split("/")),
            "name": odata_name(field.name) if odata else field.name,
            "type": field.data_type,
            "order": field.order,
            "binary": True if field.binary else None,
            "select_multiple": True if field.select_multiple else None,
        }
        | ({"sensitivity": field.sensitivity or project.default_sensitivity} if field.kind == "field" else {})
        for field in schema.fields
    ]


def shown_attachments(version: models.FormVersion) -> list[dict[str, Any]]:
    """The files of a version."""
    return [
        {
            "name": file.name,
            "type": file.type,
            "exists": file.md5 is not None or file.dataset_id is not None,
            "blob_exists": file.md5 is not None,
            "dataset_exists": file.dataset_id is not None,
            "hash": file.md5,
            "updated_at": file.updated_at,
        }
        for file in queries.attachments(version.id)
    ]
