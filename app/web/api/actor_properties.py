"""Under which names may something be noted of a project's phones?"""

from __future__ import annotations

from typing import Any

from flask import request

from app.db.queries import actor_properties as queries
from app.permissions import office_scope
from app.services.actor_properties import add_property
from app.web.door import Door, Here, success
from app.web.schemas import SuccessSchema
from app.web.schemas.access import ActorPropertySchema, NewActorPropertySchema

door = Door("actor_properties", tag="App users")

_ALL = "/projects/<int:project_id>/actor-properties"


@door.route(
    "GET",
    _ALL,
    verb="app_user.list",
    summary="The properties of phones; with extended metadata, the values that one's phones have",
    returns=ActorPropertySchema(many=True),
)
def list_properties(here: Here) -> list[dict[str, Any]]:
    found = queries.properties(here.project.id)
    if request.headers.get("X-Extended-Metadata") != "true":
        return [{"name": each.name} for each in found]
    offices = office_scope(here.actor, "app_user.list", project_id=here.project.id)
    used = queries.used_values(here.project.id, offices)
    return [{"name": each.name, "used": used.get(each.id, [])} for each in found]


@door.route(
    "POST",
    _ALL,
    verb="project.update",
    summary="Add a property of phones",
    body=NewActorPropertySchema(),
    returns=SuccessSchema(),
)
def create(here: Here, body: dict[str, Any]) -> dict[str, bool]:
    add_property(here.actor, here.project, body["name"])
    return success()
