"""The entity lists of a project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request

from app import problems
from app.db import models
from app.db.queries import datasets as queries
from app.db.queries import entities as entity_queries
from app.permissions import office_scope
from app.services.change_list import add_list, add_property, delete_property
from app.web.door import Door, Here, success
from app.web.schemas import SuccessSchema
from app.web.schemas.entities import DatasetSchema, NewDatasetSchema, NewPropertySchema
from forms.schema import odata_name

door = Door("datasets", tag="Entity lists")

ALL = "/projects/<int:project_id>/datasets"
LIST = f"{ALL}/<name>"


@door.route("GET", ALL, verb="dataset.list", summary="The lists", returns=DatasetSchema(many=True))
def list_datasets(here: Here) -> list[dict[str, Any]]:
    counts = _counts(here)
    return [_shown(each) | counts(each) for each in entity_queries.datasets(here.project.id)]


@door.route(
    "POST",
    ALL,
    verb="dataset.create",
    summary="Add a list without properties",
    body=NewDatasetSchema(),
    returns=DatasetSchema(),
)
def create(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    return _whole(here, add_list(here.actor, here.project, body["name"]))


@door.route(
    "GET",
    LIST,
    verb="dataset.read",
    summary="One list, with its properties and the forms that use it",
    returns=DatasetSchema(),
)
def get(here: Here, name: str) -> dict[str, Any]:
    return _whole(here, found(here, name))


@door.route(
    "POST",
    f"{LIST}/properties",
    verb="dataset.update",
    summary="Add a property",
    body=NewPropertySchema(),
    returns=SuccessSchema(),
)
def create_property(here: Here, name: str, body: dict[str, Any]) -> dict[str, bool]:
    sensitivity = body.get("sensitivity", here.project.default_sensitivity)
    add_property(here.actor, found(here, name), body["name"], sensitivity)
    return success()


@door.route(
    "DELETE",
    f"{LIST}/properties/<property_name>",
    verb="dataset.update",
    summary="Take away a property that no form writes and no case has a value of",
    returns=SuccessSchema(),
)
def remove_property(here: Here, name: str, property_name: str) -> dict[str, bool]:
    delete_property(here.actor, here.project, found(here, name), property_name)
    return success()


def found(here: Here, name: str) -> models.Dataset:
    """The list of the address. Raises Problem 404.1."""
    dataset = entity_queries.dataset(here.project.id, name)
    if dataset is None:
        raise problems.not_found()
    return dataset


def _counts(here: Here) -> Callable[[models.Dataset], dict[str, Any]]:
    """What is added to a list with `X-Extended-Metadata`: how many of the cases that the actor reaches."""
    if request.headers.get("X-Extended-Metadata") != "true":
        return lambda _: {}
    offices = office_scope(here.actor, "entity.list", project_id=here.project.id)
    totals = entity_queries.dataset_totals(here.project.id, offices)

    def of(dataset: models.Dataset) -> dict[str, Any]:
        _, count, last, conflicts = totals.get(dataset.id, (dataset.id, 0, None, 0))
        return {"entities": count, "last_entity": last, "conflicts": conflicts}

    return of


def _whole(here: Here, dataset: models.Dataset) -> dict[str, Any]:
    """The list with what is shown of one alone."""
    forms = queries.using_forms(dataset.id)
    properties = [
        {
            "name": each.name,
            "odata_name": odata_name(each.name),
            "published_at": each.published_at,
            "sensitivity": each.sensitivity,
            "forms": forms.writing.get(each.id, []),
        }
        for each in entity_queries.properties(dataset.id)
    ]
    return (
        _shown(dataset)
        | _counts(here)(dataset)
        | {
            "properties": properties,
            "linked_forms": forms.linked,
            "source_forms": forms.source,
            "draft_linked_forms": forms.draft_linked,
            "draft_source_forms": forms.draft_source,
        }
    )


def _shown(dataset: models.Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "project_id": dataset.project_id,
        "created_at": dataset.created_at,
        "approval_required": dataset.approval_required,
    }
