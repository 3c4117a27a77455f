"""The programmes."""

from __future__ import annotations

from typing import Any

from flask import request

from app.db import models
from app.db.queries import projects as queries
from app.permissions import SIGNED_IN, Actor, office_scope, visible_projects
from app.services import projects as service
from app.web.door import Door, Here
from app.web.schemas.forms import NewProjectSchema, ProjectChangeSchema, ProjectSchema

door = Door("projects", tag="Projects")


@door.route(
    "GET",
    "/projects",
    verb=SIGNED_IN,
    summary="The projects that I may see",
    returns=ProjectSchema(many=True),
)
def list_projects(here: Here) -> list[dict[str, Any]]:
    return [shown(project, here.actor) for project in queries.projects(visible_projects(here.actor))]


@door.route(
    "POST",
    "/projects",
    verb="project.create",
    summary="Add a project",
    body=NewProjectSchema(),
    returns=ProjectSchema(),
)
def create(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    return shown(service.add_project(here.actor, body["name"], body.get("description")), here.actor)


@door.route("GET", "/projects/<int:project_id>", verb="project.read", summary="One project", returns=ProjectSchema())
def get(here: Here) -> dict[str, Any]:
    return shown(here.project, here.actor)


@door.route(
    "PATCH",
    "/projects/<int:project_id>",
    verb="project.update",
    summary="Change a project",
    body=ProjectChangeSchema(),
    returns=ProjectSchema(),
)
def patch(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    return shown(service.change_project(here.actor, here.project, body), here.actor)


def shown(project: models.Project, actor: Actor) -> dict[str, Any]:
    """A project as the API shows it, with its counts if the client asks for them: of what the actor's office has."""
    answer: dict[str, Any] = {
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "archived": project.archived,
        "key_id": None,
        "code": project.code,
        "created_at": project.created_at,
        "updated_at": project.updated_at,
        "deleted_at": project.deleted_at,
    }
    if request.headers.get("X-Extended-Metadata") == "true":
        counts = queries.counts(project.id, office_scope(actor, "submission.list", project_id=project.id))
        answer |= {
            "forms": counts.forms,
            "app_users": counts.app_users,
            "datasets": counts.datasets,
            "last_submission": counts.last_submission,
            "last_entity": None,
        }
    return answer
