"""Who did what, and who looked at what: on the whole site, or to one submission or case."""

from __future__ import annotations

from typing import Any

from flask import request

from app import problems
from app.db import models
from app.db.queries import audits as queries
from app.db.queries import entities as entity_queries
from app.db.queries import submissions as submission_queries
from app.db.queries.audits import Wanted
from app.permissions import Actor, may, office_scope
from app.services.audit_actions import READS, named
from app.services.comments import notes_of
from app.services.read_submissions import scope_of
from app.services.views import view_of_form
from app.web.api.datasets import LIST, found
from app.web.api.submissions import ITEM
from app.web.door import Door, Here
from app.web.schemas import masked
from app.web.schemas.audits import AuditPageSchema, AuditQuerySchema, AuditSchema

door = Door("audits", tag="Audit")


@door.route(
    "GET",
    "/audits",
    verb="audit.read",
    summary="The audit of the whole site, the newest first; at most 10,000 lines at a time",
    query=AuditQuerySchema(),
    returns=AuditSchema(many=True),
)
def list_audits(here: Here, query: dict[str, Any]) -> list[dict[str, Any]]:
    actions, but = named(query["action"]) if query["action"] is not None else (None, frozenset())
    wanted = Wanted(actions, but, start=query["start"], end=query["end"])
    return _shown(queries.newest(wanted, limit=query["limit"], offset=query["offset"]))


@door.route(
    "GET",
    f"{ITEM}/audits",
    verb="submission.read",
    summary="What was done to a submission; who may read the site's audit also sees who looked at it",
    query=AuditPageSchema(),
    returns=AuditSchema(many=True),
)
def of_submission(here: Here, instance_id: str, query: dict[str, Any]) -> list[dict[str, Any]]:
    found = submission_queries.submission(scope_of(here.actor, here.form), instance_id)
    if found is None:
        raise problems.not_found()
    lines = queries.newest(Wanted(submission_id=found[0].id, but_actions=_hidden(here.actor)), **query)
    notes = notes_of(here.actor, view_of_form(here.actor, here.project, here.form), found[0], lines)
    shown = _shown(lines)
    for item, line in zip(shown, lines, strict=True):
        item |= masked("notes", notes.get(line.id))
    return shown


@door.route(
    "GET",
    f"{LIST}/entities/<uuid>/audits",
    verb="entity.read",
    summary="What was done to a case; who may read the site's audit also sees who looked at it",
    query=AuditPageSchema(),
    returns=AuditSchema(many=True),
)
def of_entity(here: Here, name: str, uuid: str, query: dict[str, Any]) -> list[dict[str, Any]]:
    dataset = found(here, name)
    entity = entity_queries.entity(dataset.id, uuid)
    offices = office_scope(here.actor, "entity.read", project_id=here.project.id)
    if entity is None or entity.deleted_at is not None or (offices is not True and entity.office_id != offices):
        raise problems.not_found()
    return _shown(queries.newest(Wanted(entity_id=entity.id, but_actions=_hidden(here.actor)), **query))


def _hidden(actor: Actor) -> frozenset[str]:
    """Whose colleague looked at what is for those who watch over the readers."""
    return frozenset() if may(actor, "audit.read") else READS


def _shown(lines: list[models.Audit]) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = [
        {
            "actor_id": line.actor_id,
            "action": line.action,
            "actee_id": _actee_id(line),
            "details": line.details,
            "notes": None,
            "logged_at": line.logged_at,
        }
        for line in lines
    ]
    if request.headers.get("X-Extended-Metadata") == "true":
        actees = _actees(lines)
        actors = queries.actors({line.actor_id for line in lines if line.actor_id is not None})
        for item, line in zip(answer, lines, strict=True):
            item |= {"actor": actors.get(line.actor_id or 0), "actee": actees.get(_actee_id(line) or "")}
    return answer


def _actee(line: models.Audit) -> tuple[str, int] | None:
    """What the line is about, as kind and number: the first of these that it names."""
    by_kind = (("form", line.form_id), ("actor", line.details.get("actorId")), ("project", line.project_id))
    return next(((kind, number) for kind, number in by_kind if isinstance(number, int)), None)


def _actee_id(line: models.Audit) -> str | None:
    found = _actee(line)
    return None if found is None else f"{found[0]}:{found[1]}"


def _actees(lines: list[models.Audit]) -> dict[str, Any]:
    """The rows behind the actees, by kind and number."""
    numbers: dict[str, set[int]] = {"form": set(), "actor": set(), "project": set()}
    for line in lines:
        found = _actee(line)
        if found is not None:
            numbers[found[0]].add(found[1])
    rows: dict[str, Any] = {f"actor:{number}": row for number, row in queries.actors(numbers["actor"]).items()}
    rows |= {f"form:{number}": row for number, row in queries.forms(numbers["form"]).items()}
    rows |= {f"project:{number}": row for number, row in queries.projects(numbers["project"]).items()}
    return rows
