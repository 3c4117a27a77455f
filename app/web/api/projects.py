"""The programmes."""

from __future__ import annotations

from typing import Any

from flask import request

from app.db import models
from app.db.queries import encryption
from app.db.queries import entities as entity_queries
from app.db.queries import forms as form_queries
from app.db.queries import projects as queries
from app.permissions import SIGNED_IN, Actor, may, office_scope, verbs_on, visible_projects
from app.services import projects as service
from app.services.put_project import GivenForm, GivenProject, GivenRole, put_project
from app.web.api.form_shapes import shown as form_shown
from app.web.door import Door, Here, success
from app.web.schemas import SuccessSchema
from app.web.schemas.forms import NewProjectSchema, ProjectChangeSchema, ProjectSchema
from app.web.schemas.projects import ListedProjectSchema, ProjectsQuerySchema, PutProjectSchema

door = Door("projects", tag="Projects")

ONE = "/projects/<int:project_id>"


@door.route(
    "GET",
    "/projects",
    verb=SIGNED_IN,
    summary="The projects that I may see",
    query=ProjectsQuerySchema(),
    returns=ListedProjectSchema(many=True),
)
def list_projects(here: Here, query: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        shown(project, here.actor)
        | (_forms(here, project) if query["forms"] else {})
        | (_lists(here, project) if query["datasets"] else {})
        for project in queries.projects(visible_projects(here.actor))
    ]


def _forms(here: Here, project: models.Project) -> dict[str, Any]:
    """The forms that the asker may list, and what follows from them."""
    offices = office_scope(here.actor, "submission.list", project_id=project.id)
    found = [
        form_shown(here, each, extended=True)
        for each in form_queries.listed_forms(project.id, offices=offices)
        if may(here.actor, "form.list", project_id=project.id, form_id=each.form.id)
    ]
    moments = [each["last_submission"] for each in found if each["last_submission"] is not None]
    return {"form_list": found, "forms": len(found), "last_submission": max(moments, default=None)}


def _lists(here: Here, project: models.Project) -> dict[str, Any]:
    """The entity lists, the same way; the counts are of the cases that the asker may list."""
    if not may(here.actor, "dataset.list", project_id=project.id):
        return {"dataset_list": [], "datasets": 0, "last_entity": None}
    totals = entity_queries.dataset_totals(project.id, office_scope(here.actor, "entity.list", project_id=project.id))
    found: list[dict[str, Any]] = []
    for dataset in entity_queries.datasets(project.id):
        _, count, last, conflicts = totals.get(dataset.id, (dataset.id, 0, None, 0))
        found.append(
            {
                "name": dataset.name,
                "project_id": project.id,
                "approval_required": dataset.approval_required,
                "created_at": dataset.created_at,
                "entities": count,
                "last_entity": last,
                "conflicts": conflicts,
            }
        )
    moments = [each["last_entity"] for each in found if each["last_entity"] is not None]
    return {"dataset_list": found, "datasets": len(found), "last_entity": max(moments, default=None)}


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


@door.route("GET", ONE, verb="project.read", summary="One project", returns=ListedProjectSchema())
def get(here: Here) -> dict[str, Any]:
    found = shown(here.project, here.actor)
    return found | ({"verbs": sorted(verbs_on(here.actor, here.project_id))} if _is_extended() else {})


@door.route(
    "PUT",
    ONE,
    verb="project.update",
    summary="Make the project, its forms' states and who holds roles on them what is given: all or nothing",
    body=PutProjectSchema(),
    returns=ProjectSchema(),
)
def put(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    forms = None if body["forms"] is None else [_given_form(each) for each in body["forms"]]
    given = GivenProject(body["name"], body.get("description"), bool(body["archived"]), forms)
    return shown(put_project(here.actor, here.project, given), here.actor)


def _given_form(form: dict[str, Any]) -> GivenForm:
    roles = None
    if form["assignments"] is not None:
        roles = [GivenRole(each["actor_id"], str(each["role_id"]), each["all_offices"]) for each in form["assignments"]]
    return GivenForm(form["xml_form_id"], form["state"], roles)


@door.route(
    "DELETE",
    ONE,
    verb="project.delete",
    summary="End a project that has no forms any more",
    returns=SuccessSchema(),
)
def delete(here: Here) -> dict[str, bool]:
    service.delete_project(here.actor, here.project)
    return success()


@door.route(
    "PATCH",
    ONE,
    verb="project.update",
    summary="Change a project",
    body=ProjectChangeSchema(),
    returns=ProjectSchema(),
)
def patch(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    return shown(service.change_project(here.actor, here.project, body), here.actor)


def shown(project: models.Project, actor: Actor) -> dict[str, Any]:
    """A project as the API shows it, with its counts if the client asks for them: of what the actor's office has."""
    key = encryption.managed_key(project.id)
    answer: dict[str, Any] = {
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "archived": project.archived,
        "key_id": None if key is None else key.id,
        "code": project.code,
        "created_at": project.created_at,
        "updated_at": project.updated_at,
        "deleted_at": project.deleted_at,
    }
    if _is_extended():
        reach = (office_scope(actor, verb, project_id=project.id) for verb in ("submission.list", "entity.list"))
        counts = queries.counts(project.id, *reach)
        answer |= {
            "forms": counts.forms,
            "app_users": counts.app_users,
            "datasets": counts.datasets,
            "last_submission": counts.last_submission,
            "last_entity": counts.last_entity,
        }
    return answer


def _is_extended() -> bool:
    return request.headers.get("X-Extended-Metadata") == "true"
