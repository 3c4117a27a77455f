"""What does a form do to the project's entity lists, and what would its draft change?"""

from __future__ import annotations

from typing import Any

from app import problems
from app.db import models
from app.db.queries import form_lists
from app.db.queries import forms as queries
from app.web.api.forms import ONE
from app.web.door import Door, Here
from app.web.schemas.forms import DatasetDiffSchema

door = Door("dataset_diffs", tag="Forms")


@door.route(
    "GET",
    f"{ONE}/dataset-diff",
    verb="dataset.list",
    summary="The entity lists that the published form writes, with their properties",
    returns=DatasetDiffSchema(many=True),
)
def published(here: Here) -> list[dict[str, Any]]:
    return _shown(queries.current_version(here.form.id), is_draft=False)


@door.route(
    "GET",
    f"{ONE}/draft/dataset-diff",
    verb="form.update",
    summary="The entity lists that the draft writes; `isNew` is what would be published with it",
    returns=DatasetDiffSchema(many=True),
)
def draft(here: Here) -> list[dict[str, Any]]:
    return _shown(queries.draft_version(here.form.id), is_draft=True)


def _shown(version: models.FormVersion | None, *, is_draft: bool) -> list[dict[str, Any]]:
    if version is None:
        raise problems.not_found()
    found: dict[str, dict[str, Any]] = {}
    for dataset, prop, in_form in form_lists.written_properties(version.id):
        shown = found.setdefault(dataset.name, _marked({"name": dataset.name, "properties": []}, dataset, is_draft))
        if prop is not None:
            shown["properties"].append(_marked({"name": prop.name, "in_form": in_form}, prop, is_draft))
    return list(found.values())


def _marked(shown: dict[str, Any], row: models.Dataset | models.DatasetProperty, is_draft: bool) -> dict[str, Any]:
    """Of what is published nothing is new."""
    return shown | ({"is_new": row.published_at is None} if is_draft else {})
