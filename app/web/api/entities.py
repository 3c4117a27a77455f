"""The cases in an entity list."""

from __future__ import annotations

from typing import Any

from flask import request

from app.services.add_entity import ShownEntity, add_entity, reached_entity, visible_entities, visible_entity
from app.services.audit_reads import record_read
from app.services.cells import MASKED
from app.services.views import view_of_cases
from app.web.api.datasets import LIST, found
from app.web.door import Door, Here
from app.web.schemas import masked
from app.web.schemas.entities import EntitySchema, NewEntitySchema
from forms.submission import Masked

door = Door("entities", tag="Entities")

ALL = f"{LIST}/entities"
ONE = f"{ALL}/<uuid>"


@door.route("GET", ALL, verb="entity.list", summary="The cases", returns=EntitySchema(many=True))
def list_entities(here: Here, name: str) -> list[dict[str, Any]]:
    dataset = found(here, name)
    cases = visible_entities(view_of_cases(here.actor, here.project), dataset)
    record_read("entity.list", here.actor, project_id=here.project.id, dataset=dataset.name, count=len(cases))
    return [shown(each) for each in cases]


@door.route(
    "POST",
    ALL,
    verb="entity.create",
    summary="Add a case by hand",
    body=NewEntitySchema(),
    returns=EntitySchema(),
)
def create(here: Here, name: str, body: dict[str, Any]) -> dict[str, Any]:
    added = add_entity(
        here.actor,
        here.project,
        found(here, name),
        uuid=body.get("uuid"),
        label=body["label"],
        data=body["data"],
        user_agent=request.headers.get("User-Agent"),
    )
    return shown(added)


@door.route("GET", ONE, verb="entity.read", summary="One case", returns=EntitySchema())
def get_entity(here: Here, name: str, uuid: str) -> dict[str, Any]:
    dataset = found(here, name)
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


def _data(case: ShownEntity) -> dict[str, str | None]:
    """The properties; a masked one without its value, and beside it its class."""
    data: dict[str, str | None] = {}
    for name, value in case.content.data.items():
        if isinstance(value, Masked):
            data |= {name: None, name + MASKED: value.sensitivity}
        else:
            data[name] = value
    return data


def shown(case: ShownEntity) -> dict[str, Any]:
    """A case as the API shows it."""
    entity, version = case.entity, case.version
    return {
        "uuid": entity.uuid,
        "creator_id": entity.creator_id,
        "conflict": entity.conflict,
        "created_at": entity.created_at,
        "updated_at": entity.updated_at,
        "deleted_at": entity.deleted_at,
        "current_version": {
            **masked("label", case.content.label),
            "data": _data(case),
            "current": version.is_current,
            "creator_id": version.creator_id,
            "user_agent": version.user_agent or "",
            "version": version.version,
            "base_version": version.base_version,
            "conflicting_properties": version.conflicting_properties,
            "created_at": version.created_at,
        },
    }
