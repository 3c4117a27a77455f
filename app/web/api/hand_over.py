"""Handing a submission or a case over to another office, and where it has been."""

from __future__ import annotations

from typing import Any

from flask import request

from app import problems
from app.db.queries import submissions as submission_queries
from app.services import hand_over as service
from app.services.add_entity import reached_entity
from app.services.audit_reads import read_submission, record_read
from app.services.entity_versions import Origin
from app.services.read_submissions import scope_of
from app.services.views import view_of_cases, view_of_form
from app.web.api.datasets import LIST, found
from app.web.api.submissions import ITEM
from app.web.door import Door, Here, success
from app.web.schemas import SuccessSchema, masked
from app.web.schemas.hand_overs import CaseHandedOverSchema, CaseHandOverSchema, HandOverSchema, StepSchema

door = Door("hand_over", tag="Hand-over")

CASE = f"{LIST}/entities/<uuid>"


@door.route(
    "POST",
    f"{ITEM}/hand-over",
    verb="submission.hand_over",
    summary="Give a submission to another office: it is seen there from now on, and no more here",
    body=HandOverSchema(),
    returns=SuccessSchema(),
)
def give_submission(here: Here, instance_id: str, body: dict[str, Any]) -> dict[str, bool]:
    service.hand_over_submission(_origin(here), here.form, instance_id, **body)
    return success()


@door.route(
    "GET",
    f"{ITEM}/hand-overs",
    verb="submission.read",
    summary="Where the submission has been, the first step first",
    returns=StepSchema(many=True),
)
def steps_of_submission(here: Here, instance_id: str) -> list[dict[str, Any]]:
    found = submission_queries.submission(scope_of(here.actor, here.form), instance_id)
    if found is None:
        raise problems.not_found()
    read_submission(here.actor, here.form, found[0], "hand-overs")
    view = view_of_form(here.actor, here.project, here.form)
    return [_step(each) for each in service.steps_of_submission(view, found[0])]


@door.route(
    "POST",
    f"{CASE}/hand-over",
    verb="entity.hand_over",
    summary="Give a case to another office; its submissions only if asked for",
    body=CaseHandOverSchema(),
    returns=CaseHandedOverSchema(),
)
def give_entity(here: Here, name: str, uuid: str, body: dict[str, Any]) -> dict[str, Any]:
    dataset = found(here, name)
    along = body.pop("submissions")
    went = service.hand_over_entity(_origin(here), dataset, uuid, **body, with_submissions=along)
    return success() | {"submissions": went}


@door.route(
    "GET",
    f"{CASE}/hand-overs",
    verb="entity.read",
    summary="Where the case has been, the first step first",
    returns=StepSchema(many=True),
)
def steps_of_entity(here: Here, name: str, uuid: str) -> list[dict[str, Any]]:
    dataset = found(here, name)
    view = view_of_cases(here.actor, here.project)
    entity = reached_entity(view, dataset, uuid)
    about = {"project_id": here.project.id, "entity_id": entity.id, "dataset": dataset.name, "uuid": entity.uuid}
    record_read("entity.read", here.actor, **about)
    return [_step(each) for each in service.steps_of_entity(view, entity)]


def _step(step: service.ShownStep) -> dict[str, Any]:
    return {**vars(step), **masked("reason", step.reason)}


def _origin(here: Here) -> Origin:
    return Origin(here.actor, here.project, request.headers.get("User-Agent"))
