"""Who holds which role on the site, in a project, on a form? List, give, take away.

The three places have the same four routes. What is shown and who may be named is what the asker's office reaches.
"""

from __future__ import annotations

from typing import Any

from flask import request

from app.db import models
from app.db.queries import access
from app.db.queries import assignments as queries
from app.db.queries.assignments import Place
from app.permissions import office_scope
from app.services.assignments import give_role, role_of, take_role
from app.web.door import Door, Here, success
from app.web.schemas import SuccessSchema
from app.web.schemas.access import ActorSchema
from app.web.schemas.roles import (
    AddressQuerySchema,
    AssignedActorSchema,
    AssignmentSchema,
    FormAssignmentSchema,
    GiveRoleQuerySchema,
)

door = Door("assignments", tag="Roles and assignments")

_PROJECT = "/projects/<int:project_id>"
_PLACES = {
    "site": ("", "on the whole site"),
    "project": (_PROJECT, "in the project"),
    "form": (f"{_PROJECT}/forms/<xml_form_id>", "on the form"),
}


def _open_place(name: str, at: str, words: str) -> None:
    """The four routes of one place."""

    def held(here: Here) -> list[dict[str, Any]]:
        return [_shown(*row) for row in queries.held(_place(here), _reach(here))]

    def holders(here: Here, role: str) -> list[dict[str, Any]]:
        return [_holder(*row) for row in queries.held(_place(here), _reach(here), role_of(role).system)]

    def give(here: Here, role: str, actor_id: int, query: dict[str, Any]) -> dict[str, bool]:
        give_role(here.actor, _place(here), role_of(role), actor_id, all_offices=query["all_offices"])
        return success()

    def take(here: Here, role: str, actor_id: int) -> dict[str, bool]:
        take_role(here.actor, _place(here), role_of(role), actor_id)
        return success()

    one = f"{at}/assignments/<role>/<int:actor_id>"
    for view, act in ((held, "list"), (holders, "holders"), (give, "give"), (take, "take")):
        view.__name__ = f"{act}_{name}"
    door.route(
        "GET",
        f"{at}/assignments",
        verb="assignment.list",
        summary=f"Who holds a role {words}",
        returns=AssignmentSchema(many=True),
    )(held)
    door.route(
        "GET",
        f"{at}/assignments/<role>",
        verb="assignment.list",
        summary=f"Who holds this role {words}",
        returns=AssignedActorSchema(many=True),
    )(holders)
    door.route(
        "POST",
        one,
        verb="assignment.create",
        summary=f"Give somebody a role {words}; never more than one holds oneself",
        query=GiveRoleQuerySchema(),
        returns=SuccessSchema(),
    )(give)
    door.route(
        "DELETE",
        one,
        verb="assignment.delete",
        summary=f"Take a role {words} away, with effect on the next request",
        returns=SuccessSchema(),
    )(take)


for _name, (_at, _words) in _PLACES.items():
    _open_place(_name, _at, _words)


@door.route(
    "GET",
    f"{_PROJECT}/assignments/forms",
    verb="assignment.list",
    summary="Who holds a role on a form of the project",
    returns=FormAssignmentSchema(many=True),
)
def list_forms(here: Here) -> list[dict[str, Any]]:
    return _on_forms(here, None)


@door.route(
    "GET",
    f"{_PROJECT}/assignments/forms/<role>",
    verb="assignment.list",
    summary="Who holds this role on a form of the project",
    returns=FormAssignmentSchema(many=True),
)
def holders_forms(here: Here, role: str) -> list[dict[str, Any]]:
    return _on_forms(here, role_of(role).system)


@door.route(
    "GET",
    f"{_PROJECT}/users",
    verb="assignment.create",
    summary="Find the person with exactly this address, to give them a role; who reaches one office finds its people",
    query=AddressQuerySchema(),
    returns=ActorSchema(many=True),
)
def find_user(here: Here, query: dict[str, Any]) -> list[models.Actor]:
    offices = office_scope(here.actor, "assignment.create", project_id=here.project.id)
    return access.actors_by_email(query["q"], offices)


def _on_forms(here: Here, role: str | None) -> list[dict[str, Any]]:
    found = queries.held_on_forms(here.project.id, _reach(here), role)
    return [_shown(row, actor) | {"xml_form_id": xml_form_id} for row, actor, xml_form_id in found]


def _place(here: Here) -> Place:
    form = here.maybe_form
    return Place(here.maybe_project_id, form.id if form is not None else None)


def _reach(here: Here) -> int | bool:
    place = _place(here)
    return office_scope(here.actor, "assignment.list", project_id=place.project_id, form_id=place.form_id)


def _shown(row: models.Assignment, actor: models.Actor) -> dict[str, Any]:
    extended = request.headers.get("X-Extended-Metadata") == "true"
    who = {"actor": actor} if extended else {"actor_id": actor.id}
    return who | {"role_id": role_of(row.role).id, "all_offices": _reaches_all(row)}


def _holder(row: models.Assignment, actor: models.Actor) -> dict[str, Any]:
    names = ("id", "type", "display_name", "created_at", "updated_at", "deleted_at")
    return {name: getattr(actor, name) for name in names} | {"all_offices": _reaches_all(row)}


def _reaches_all(row: models.Assignment) -> bool:
    """An administrator of the site reaches all offices, whatever the row says."""
    return row.all_offices or (row.role == "admin" and row.project_id is None)
