"""How does the API show a form, its fields and its files?"""

from __future__ import annotations

from typing import Any

from flask import request

from app.db import models
from app.db.queries import forms as queries
from app.db.queries.forms import ListedForm
from app.permissions import may, office_scope
from app.services.schemas import schema_of
from app.web.door import Here
from app.web.files import XLSFORM_MEDIA_TYPES
from forms.schema import odata_name


def listed(here: Here, form: models.Form) -> ListedForm:
    """A form with the version that represents it, and what the asker's reach has of it."""
    offices = office_scope(here.actor, "submission.list", project_id=form.project_id, form_id=form.id)
    return queries.listed_form(form, offices=offices)


def shown(here: Here, listed: ListedForm, *, extended: bool | None = None) -> dict[str, Any]:
    """A form as the API shows it, with its counts if the client asks for them, or `extended`.

    What was noted at its publishing is for who changes forms.
    """
    form, version = listed.form, listed.version
    changes = may(here.actor, "form.update", project_id=form.project_id, form_id=form.id)
    link = listed.link if version is not None and version.is_current else None
    answer: dict[str, Any] = {
        "project_id": form.project_id,
        "xml_form_id": form.xml_form_id,
        "state": form.state,
        "enketo_id": link.enketo_id if link is not None else None,
        "enketo_once_id": link.enketo_once_id if link is not None else None,
        "key_id": version.key_id if version is not None else None,
        "draft_token": None,
        "created_at": form.created_at,
        "updated_at": form.updated_at,
        "name": version.name if version is not None else None,
        "version": version.version if version is not None else None,
        "hash": version.md5 if version is not None else None,
        "sha256": version.sha256 if version is not None else None,
        "published_at": version.published_at if version is not None else None,
        "publish_notes": version.publish_notes if version is not None and changes else None,
    }
    if form.deleted_at is not None:
        answer |= {"id": form.id, "deleted_at": form.deleted_at}
    if extended is None:
        extended = wants_extended()
    return answer | (_extended(listed) if extended else {})


def wants_extended() -> bool:
    """Does the client ask for what costs more to tell?"""
    return request.headers.get("X-Extended-Metadata") == "true"


def _extended(listed: ListedForm) -> dict[str, Any]:
    kind, totals = listed.version.xlsform_type if listed.version is not None else None, listed.totals
    return {
        "submissions": totals.submissions,
        "last_submission": totals.last_submission,
        "review_states": {"received": totals.received, "has_issues": totals.has_issues, "edited": totals.edited},
        "public_links": listed.links,
        "entity_related": listed.is_entity_related,
        "has_draft": listed.has_draft,
        "excel_content_type": XLSFORM_MEDIA_TYPES[kind] if kind else None,
        "created_by": listed.creator,
    }


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
    return [shown_attachment(file) for file in queries.attachments(version.id)]


def shown_attachment(file: models.FormAttachment) -> dict[str, Any]:
    """One of them: there as bytes, as an entity list, or not yet."""
    return {
        "name": file.name,
        "type": file.type,
        "exists": file.md5 is not None or file.dataset_id is not None,
        "blob_exists": file.md5 is not None,
        "dataset_exists": file.dataset_id is not None,
        "hash": file.md5,
        "updated_at": file.updated_at,
    }
