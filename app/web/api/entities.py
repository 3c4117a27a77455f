"""The cases in an entity list: read, added and changed by people."""

from __future__ import annotations

from typing import Any

from flask import request

from app import problems
from app.db import models
from app.db.queries import entities as queries
from app.permissions import office_scope
from app.services.add_entity import (
    NewEntity,
    add_entities,
    add_entity,
    reached_entity,
    visible_entities,
    visible_entity,
)
from app.services.audit_reads import record_read
from app.services.change_entity import EntityEdit, delete_entities, restore_entities, update_entity
from app.services.entity_versions import Origin
from app.services.views import view_of_cases
from app.web.api.datasets import LIST, found
from app.web.api.entity_shapes import shown
from app.web.door import Door, Here, success
from app.web.schemas import SuccessSchema
from app.web.schemas.access import ActorSchema
from app.web.schemas.entities import (
    AddedEntitySchema,
    EntityEditQuerySchema,
    EntityEditSchema,
    EntitySchema,
    ManyEntitiesSchema,
    NewEntitySchema,
    TrashQuerySchema,
)

door = Door("entities", tag="Entities")

ALL = f"{LIST}/entities"
ONE = f"{ALL}/<uuid>"


@door.route(
    "GET",
    ALL,
    verb="entity.list",
    summary="The cases",
    query=TrashQuerySchema(),
    returns=EntitySchema(many=True),
)
def list_entities(here: Here, name: str, query: dict[str, Any]) -> list[dict[str, Any]]:
    dataset = found(here, name)
    cases = visible_entities(view_of_cases(here.actor, here.project), dataset, deleted=query["deleted"])
    record_read("entity.list", here.actor, project_id=here.project.id, dataset=dataset.name, count=len(cases))
    return [shown(each) for each in cases]


@door.route(
    "POST",
    ALL,
    verb="entity.create",
    summary="Add a case by hand, or many of them",
    body=NewEntitySchema(),
    returns=AddedEntitySchema(),
)
def create(here: Here, name: str, body: dict[str, Any]) -> dict[str, Any]:
    dataset = found(here, name)
    if "entities" in body:
        if "source" not in body:
            raise problems.missing_parameter("source")
        new = [NewEntity(**each) for each in body["entities"]]
        add_entities(origin(here), dataset, new, size_bytes=body["source"]["size"])
        return success()
    if "label" not in body:
        raise problems.missing_parameter("label")
    return shown(add_entity(origin(here), dataset, NewEntity(**body)))


@door.route(
    "GET",
    f"{ALL}/creators",
    verb="entity.list",
    summary="Who added the cases",
    returns=ActorSchema(many=True),
)
def list_creators(here: Here, name: str) -> list[models.Actor]:
    offices = office_scope(here.actor, "entity.list", project_id=here.project.id)
    return queries.creators(found(here, name).id, offices=offices)


@door.route(
    "POST",
    f"{ALL}/bulk-delete",
    verb="entity.delete",
    summary="Put many cases into the trash, all or none",
    body=ManyEntitiesSchema(),
    returns=SuccessSchema(),
)
def delete_many(here: Here, name: str, body: dict[str, Any]) -> dict[str, bool]:
    delete_entities(origin(here), found(here, name), body["ids"])
    return success()


@door.route(
    "POST",
    f"{ALL}/bulk-restore",
    verb="entity.restore",
    summary="Take many cases out of the trash, all or none",
    body=ManyEntitiesSchema(),
    returns=SuccessSchema(),
)
def restore_many(here: Here, name: str, body: dict[str, Any]) -> dict[str, bool]:
    restore_entities(origin(here), found(here, name), body["ids"])
    return success()


@door.route("GET", ONE, verb="entity.read", summary="One case", returns=EntitySchema())
def get_entity(here: Here, name: str, uuid: str) -> dict[str, Any]:
    dataset = found(here, name)
    view = view_of_cases(here.actor, here.project)
    read_entity(here, dataset, reached_entity(view, dataset, uuid))
    return shown(visible_entity(view, dataset, uuid))


@door.route(
    "PATCH",
    ONE,
    verb="entity.update",
    summary="Change a case: only what is sent, and nothing that is masked; or resolve its conflict, or both",
    query=EntityEditQuerySchema(),
    body=EntityEditSchema(),
    returns=EntitySchema(),
)
def change(here: Here, name: str, uuid: str, query: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    base_version = None if query["force"] else query["base_version"] or ""
    edit, how = EntityEdit(**body), {"base_version": base_version, "resolve": query["resolve"]}
    return shown(update_entity(origin(here), found(here, name), uuid, edit, **how))


@door.route("DELETE", ONE, verb="entity.delete", summary="Put a case into the trash", returns=SuccessSchema())
def delete(here: Here, name: str, uuid: str) -> dict[str, bool]:
    delete_entities(origin(here), found(here, name), [uuid])
    return success()


@door.route(
    "POST", f"{ONE}/restore", verb="entity.restore", summary="Take a case out of the trash", returns=SuccessSchema()
)
def restore(here: Here, name: str, uuid: str) -> dict[str, bool]:
    restore_entities(origin(here), found(here, name), [uuid])
    return success()


def read_entity(here: Here, dataset: models.Dataset, entity: models.Entity) -> None:
    """Put it on record that somebody looks at a case."""
    about = {"dataset": dataset.name, "uuid": entity.uuid}
    record_read("entity.read", here.actor, project_id=here.project.id, entity_id=entity.id, **about)


def origin(here: Here) -> Origin:
    """Who changes something, with which program."""
    return Origin(here.actor, here.project, request.headers.get("User-Agent"))
