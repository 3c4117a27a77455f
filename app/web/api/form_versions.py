"""The published versions of a form, each as it was: facts, XForm, workbook, fields and files."""

from __future__ import annotations

from typing import Any

from flask import Response

from app import problems
from app.db import models
from app.db.queries import forms as queries
from app.db.queries.form_totals import actors, publishers
from app.db.queries.forms import ListedForm
from app.web.api.form_shapes import shown, shown_attachments, shown_fields, wants_extended
from app.web.api.forms import ONE, refuse_hidden
from app.web.door import Door, Here
from app.web.files import XLSFORM_MEDIA_TYPES, form_file_response, xform_response, xlsform_response
from app.web.schemas.forms import FieldSchema, FieldsQuerySchema, FormAttachmentSchema, FormSchema

door = Door("form_versions", tag="Forms")

ALL = f"{ONE}/versions"
VERSION = f"{ALL}/<version>"


@door.route("GET", ALL, verb="form.read", summary="The published versions", returns=FormSchema(many=True))
def versions(here: Here) -> list[dict[str, Any]]:
    return _shown(here, queries.published_versions(here.form.id))


@door.route(
    "GET",
    f"{VERSION}.xml",
    verb="form.read",
    summary="The XForm of one version",
    answer_types=("text/xml",),
)
def version_xml(here: Here, version: str) -> Response:
    return xform_response(_found(here, version))


def _open_workbook(suffix: str) -> None:
    def view(here: Here, version: str) -> Response:
        found = _found(here, version)
        if found.xlsform_type != suffix:
            raise problems.not_found()
        return xlsform_response(here.form, found)

    view.__name__ = f"version_{suffix.removeprefix('.')}"
    door.route(
        "GET",
        VERSION + suffix,
        verb="form.read",
        summary="The workbook of one version",
        answer_types=(XLSFORM_MEDIA_TYPES[suffix],),
    )(view)


for _suffix in (".xlsx", ".xls"):
    _open_workbook(_suffix)


@door.route("GET", VERSION, verb="form.read", summary="One version", returns=FormSchema())
def version(here: Here, version: str) -> dict[str, Any]:
    return _shown(here, [_found(here, version)])[0]


@door.route(
    "GET",
    f"{VERSION}/fields",
    verb="form.read",
    summary="The questions, groups and repeats of one version",
    query=FieldsQuerySchema(),
    returns=FieldSchema(many=True),
)
def version_fields(here: Here, version: str, query: dict[str, Any]) -> list[dict[str, Any]]:
    return shown_fields(_found(here, version), here.project, odata=query["odata"])


@door.route(
    "GET",
    f"{VERSION}/attachments",
    verb="form.read",
    summary="The files that one version needs",
    returns=FormAttachmentSchema(many=True),
)
def version_attachments(here: Here, version: str) -> list[dict[str, Any]]:
    return shown_attachments(_found(here, version))


@door.route(
    "GET",
    f"{VERSION}/attachments/<name>",
    verb="open_form.read",
    summary="One of them; an entity list is drawn for the asker's office, as it is today",
    answer_types=("*/*",),
)
def version_attachment(here: Here, version: str, name: str) -> Response:
    refuse_hidden(here)
    file = queries.attachment(_found(here, version).id, name)
    if file is None:
        raise problems.not_found()
    return form_file_response(file, here.actor)


def _shown(here: Here, versions: list[models.FormVersion]) -> list[dict[str, Any]]:
    creators = actors([each.created_by_id for each in versions])
    answers = [
        shown(here, ListedForm(here.form, each, False, creator=creators.get(each.created_by_id or 0)))
        for each in versions
    ]
    if wants_extended():
        by_version = publishers(here.form.id)
        for answer, each in zip(answers, versions, strict=True):
            answer["published_by"] = by_version.get(each.id)
    return answers


def _found(here: Here, name: str) -> models.FormVersion:
    # A version without a name cannot stand in an address: Central writes three underscores for it.
    found = queries.published_version(here.form.id, "" if name == "___" else name)
    if found is None:
        raise problems.not_found()
    return found
