"""The entity lists of a project and the cases in them."""

from __future__ import annotations

from typing import Any

from flask import request

from app import problems
from app.db import models
from app.db.queries import entities as queries
from app.permissions import office_scope
from app.services.add_entity import ShownEntity, add_entity, reached_entity, visible_entities, visible_entity
from app.services.audit_reads import record_read
from app.services.cells import MASKED
from app.services.views import view_of_cases
from app.web.door import Door, Here
from app.web.schemas import masked
from app.web.schemas.submissions import DatasetSchema, EntitySchema, NewEntitySchema
from forms.schema import odata_name
from forms.submission import Masked

door = Door("datasets", tag="Entity lists")

ALL = "/projects/<int:project_id>/datasets"
LIST = f"{ALL}/<name>"


@door.route("GET", ALL, verb="dataset.list", summary="The lists", returns=DatasetSchema(many=True))
def list_datasets(here: Here) -> list[dict[str, Any]]:
    offices = office_scope(here.actor, "entity.list", project_id=here.project.id)
    totals = queries.dataset_totals(here.project.id, offices)
    extended = request.headers.get("X-Extended-Metadata") == "true"
    answer = []
    for dataset in queries.datasets(here.project.id):
        item = _shown(dataset)
        if extended:
            _, count, last, conflicts = totals.get(dataset.id, (dataset.id, 0, None, 0))
            item |= {"entities": count, "last_entity": last, "conflicts": conflicts}
        answer.append(item)
    return answer


@door.route("GET", LIST, verb="dataset.read", summary="One list, with its properties", returns=DatasetSchema())
def get(here: Here, name: str) -> dict[str, Any]:
    dataset = _found(here, name)
    properties: list[dict[str, Any]] = [
        {
            "name": each.name,
            "odata_name": odata_name(each.name),
            "published_at": each.published_at,
            "sensitivity": each.sensitivity,
            "forms": [],
        }
        for each in queries.properties(dataset.id)
    ]
    return _shown(dataset) | {"properties": properties}


@door.route("GET", f"{LIST}/entities", verb="entity.list", summary="The cases", returns=EntitySchema(many=True))
def list_entities(here: Here, name: str) -> list[dict[str, Any]]:
    dataset = _found(here, name)
    found = visible_entities(view_of_cases(here.actor, here.project), dataset)
    record_read("entity.list", here.actor, project_id=here.project.id, dataset=dataset.name, count=len(found))
    return [shown(each) for each in found]


@door.route(
    "POST",
    f"{LIST}/entities",
    verb="entity.create",
    summary="Add a case by hand",
    body=NewEntitySchema(),
    returns=EntitySchema(),
)
def create(here: Here, name: str, body: dict[str, Any]) -> dict[str, Any]:
    added = add_entity(
        here.actor,
        here.project,
        _found(here, name),
        uuid=body.get("uuid"),
        label=body["label"],
        data=body["data"],
        user_agent=request.headers.get("User-Agent"),
    )
    return shown(added)


@door.route("GET", f"{LIST}/entities/<uuid>", verb="entity.read", summary="One case", returns=EntitySchema())
def get_entity(here: Here, name: str, uuid: str) -> dict[str, Any]:
    dataset = _found(here, name)
    view = view_of_cases(here.actor, here.project)
    entity = reached_entity(view, dataset, uuid)
    record_read(
        "entity.read",
        here.actor,
        project_id=here.project.id,
        entity_id=entity.id,
        dataset=dataset.name,
        uuid=entity.uuid,
    )
    return shown(visible_entity(view, dataset, uuid))


def _data(found: ShownEntity) -> dict[str, str | None]:
    """The properties; a masked one without its value, and beside it its class."""
    data: dict[str, str | None] = {}
    for name, value in found.content.data.items():
        if isinstance(value, Masked):
            data |= {name: None, name + MASKED: value.sensitivity}
        else:
            data[name] = value
    return data


def _found(here: Here, name: str) -> models.Dataset:
    dataset = queries.dataset(here.project.id, name)
    if dataset is None:
        raise problems.not_found()
    return dataset


def _shown(dataset: models.Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "project_id": dataset.project_id,
        "created_at": dataset.created_at,
        "approval_required": dataset.approval_required,
    }


def shown(found: ShownEntity) -> dict[str, Any]:
    """A case as the API shows it."""
    entity, version = found.entity, found.version
    return {
        "uuid": entity.uuid,
        "creator_id": entity.creator_id,
        "conflict": entity.conflict,
        "created_at": entity.created_at,
        "updated_at": entity.updated_at,
        "deleted_at": entity.deleted_at,
        "current_version": {
            **masked("label", found.content.label),
            "data": _data(found),
            "current": version.is_current,
            "creator_id": version.creator_id,
            "user_agent": version.user_agent or "",
            "version": version.version,
            "base_version": version.base_version,
            "conflicting_properties": version.conflicting_properties,
            "created_at": version.created_at,
        },
    }
