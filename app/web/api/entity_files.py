"""An entity list as a file: the live cases, or what is in the trash with its list."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Response
from marshmallow import fields

from app import problems
from app.db import models
from app.db.queries import entities as queries
from app.services.audit_reads import record_read
from app.services.entity_export import entity_table
from app.services.entity_feed import asked_of_list
from app.services.views import view_of_cases
from app.web.api.datasets import LIST, found
from app.web.door import Door, Here
from app.web.files import bytes_response
from app.web.schemas import ApiSchema

door = Door("entity_files", tag="Entities")


EntityFileQuerySchema = ApiSchema.from_dict(
    {name: fields.String(load_default=None) for name in ("$filter", "$search")}, name="EntityFileQuerySchema"
)


@door.route(
    "GET",
    f"{LIST}/entities.csv",
    verb="entity.list",
    summary="The cases as CSV, all or those that a filter and a search leave",
    query=EntityFileQuerySchema(),
    answer_types=("text/csv",),
)
def csv(here: Here, name: str, query: dict[str, Any]) -> Response:
    dataset = found(here, name)
    return _file(here, dataset, f"{dataset.name}.csv", filter=query["$filter"], search=query["$search"])


@door.route(
    "GET",
    "/projects/<int:project_id>/trash/datasets/<int:dataset_id>/entities.csv",
    verb="entity.list",
    summary="The cases of a list in the trash as CSV",
    answer_types=("text/csv",),
)
def trash_csv(here: Here, dataset_id: int) -> Response:
    dataset = queries.trashed_dataset(here.project.id, dataset_id)
    if dataset is None:
        raise problems.not_found()
    return _file(here, dataset, f"{dataset.deleted_name}-deleted.csv")


def _file(
    here: Here, dataset: models.Dataset, download: str, *, filter: str | None = None, search: str | None = None
) -> Response:
    """The file for this reader, or 304 if they have it; on record before a byte leaves."""
    view = view_of_cases(here.actor, here.project)
    asked = asked_of_list(view, dataset, filter=filter, order=None, search=search)
    content, count = entity_table(view, dataset, asked)
    about = {"dataset": dataset.deleted_name or dataset.name, "count": count, **asked.on_record}
    record_read("entity.export", here.actor, project_id=here.project.id, **about)
    etag = hashlib.sha256(content).hexdigest()
    return bytes_response(content, "text/csv; charset=utf-8", etag, download=download, keep=False)
