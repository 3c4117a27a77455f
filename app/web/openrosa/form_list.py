"""Which forms can the phone fetch, and which files belong to each?

`hash` is the MD5 of the exact bytes behind `downloadUrl`; a form without files has no `manifestUrl`. One missing
element and Collect drops the whole document. Sources: docs.getodk.org/openrosa-form-list, -manifest; CENTRAL.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from flask import Response

from app import problems
from app.db import models
from app.db.queries import forms as queries
from app.permissions import SIGNED_IN, holds_role_in
from app.services.open_forms import OpenForm, draft_as_open_form, entity_list_file, open_forms
from app.web.addresses import api_url, segment, token_query
from app.web.door import Door, Here
from app.web.openrosa.headers import openrosa_response

door = Door("openrosa_forms", tag="OpenRosa", speaks_openrosa=True)

XFORMS_LIST = "http://openrosa.org/xforms/xformsList"
XFORMS_MANIFEST = "http://openrosa.org/xforms/xformsManifest"
XML = ("text/xml",)


@door.route(
    "GET",
    "/projects/<int:project_id>/formList",
    verb=SIGNED_IN,
    summary="The forms that this phone may fill",
    answer_types=XML,
)
def form_list(here: Here) -> Response:
    if not holds_role_in(here.actor, here.project.id):
        raise problems.insufficient_rights()
    listed = open_forms(here.actor, here.project.id)
    return openrosa_response(form_list_document(listed, f"{api_url()}/projects/{here.project.id}"))


@door.route(
    "GET",
    "/projects/<int:project_id>/forms/<xml_form_id>/manifest",
    verb="open_form.read",
    summary="The files that a form needs",
    answer_types=XML,
)
def manifest(here: Here) -> Response:
    for form in open_forms(here.actor, here.project.id):
        if form.form.id == here.form.id:
            return openrosa_response(manifest_document(form, here))
    raise problems.not_found()


@door.route(
    "GET",
    "/projects/<int:project_id>/forms/<xml_form_id>/draft/manifest",
    verb="form.update",
    summary="The files that the draft needs",
    answer_types=XML,
)
def draft_manifest(here: Here) -> Response:
    if queries.draft_version(here.form.id) is None:
        raise problems.not_found()
    return openrosa_response(manifest_document(draft_as_open_form(here.form), here, draft=True))


def form_list_document(forms: list[OpenForm], project_url: str, *, draft: bool = False) -> str:
    """The form list; `draft` points to each form's draft."""
    items = "".join(_xform(form, f"{project_url}/forms/{_id(form)}", draft) for form in forms)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<xforms xmlns="{XFORMS_LIST}">{items}\n</xforms>'


def _id(form: OpenForm) -> str:
    return segment(form.form.xml_form_id)


def _xform(form: OpenForm, form_url: str, draft: bool) -> str:
    suffix = token_query()
    at = f"{form_url}/draft" if draft else form_url
    manifest_url = f"<manifestUrl>{escape(f'{at}/manifest{suffix}')}</manifestUrl>" if form.files else ""
    return (
        f"\n<xform><formID>{escape(form.form.xml_form_id)}</formID>"
        f"<name>{escape(form.version.name or form.form.xml_form_id)}</name>"
        f"<version>{escape(form.version.version)}</version>"
        f"<hash>md5:{form.version.md5}</hash>"
        f"<downloadUrl>{escape(f'{at}.xml{suffix}')}</downloadUrl>{manifest_url}</xform>"
    )


def manifest_document(form: OpenForm, here: Here, *, draft: bool = False) -> str:
    """The manifest of a form; entity lists are drawn for the office of the actor who asks. `draft`: of its draft."""
    project_url = f"{api_url()}/projects/{here.project_id}"
    form_url = f"{project_url}/forms/{_id(form)}{'/draft' if draft else ''}"
    items = "".join(_media_file(file, here, project_url, form_url) for file in form.files)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<manifest xmlns="{XFORMS_MANIFEST}">{items}\n</manifest>'


def _media_file(file: models.FormAttachment, here: Here, project_url: str, form_url: str) -> str:
    suffix = token_query()
    kind = integrity = ""
    md5 = file.md5
    if file.dataset_id is not None:
        drawn = entity_list_file(file, here.actor)
        md5 = drawn.md5
        kind = f' type="{"approvalEntityList" if drawn.needs_approval else "entityList"}"'
        name = segment(file.name.removesuffix(".csv"))
        integrity = f"<integrityUrl>{escape(f'{project_url}/datasets/{name}/integrity{suffix}')}</integrityUrl>"
    url = f"{form_url}/attachments/{segment(file.name)}{suffix}"
    return (
        f"\n<mediaFile{kind}><filename>{escape(file.name)}</filename><hash>md5:{md5}</hash>"
        f"<downloadUrl>{escape(url)}</downloadUrl>{integrity}</mediaFile>"
    )
