"""The entity lists of a project."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import request

from app import problems
from app.db import models
from app.db.queries import access_rules as rule_queries
from app.db.queries import datasets as queries
from app.db.queries import entities as entity_queries
from app.permissions import office_scope
from app.services.access_rules import AccessRule
from app.services.change_list import ListChange, add_list, add_property, change_list, delete_list, delete_property
from app.web.door import Door, Here, success
from app.web.schemas import SuccessSchema
from app.web.schemas.entities import (
    ConvertQuerySchema,
    DatasetChangeSchema,
    DatasetSchema,
    NewDatasetSchema,
    NewPropertySchema,
    TrashQuerySchema,
)
from forms.schema import odata_name

door = Door("datasets", tag="Entity lists")

ALL = "/projects/<int:project_id>/datasets"
LIST = f"{ALL}/<name>"


@door.route(
    "GET",
    ALL,
    verb="dataset.list",
    summary="The lists",
    query=TrashQuerySchema(),
    returns=DatasetSchema(many=True),
)
def list_datasets(here: Here, query: dict[str, Any]) -> list[dict[str, Any]]:
    counts, lists = _counts(here), entity_queries.datasets(here.project.id, deleted=query["deleted"])
    rules = rule_queries.names_by_list([each.id for each in lists])
    return [_shown(each, rules.get(each.id, ())) | counts(each) for each in lists]


@door.route(
    "POST",
    ALL,
    verb="dataset.create",
    summary="Add a list without properties",
    body=NewDatasetSchema(),
    returns=DatasetSchema(),
)
def create(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    return _whole(here, add_list(here.actor, here.project, body["name"], _change(body)))


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
    "PATCH",
    LIST,
    verb="dataset.update",
    summary="Choose whether cases need an approval, and which of its office a phone gets",
    query=ConvertQuerySchema(),
    body=DatasetChangeSchema(),
    returns=DatasetSchema(),
)
def change(here: Here, name: str, query: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    dataset = found(here, name)
    return _whole(here, change_list(here.actor, dataset, _change(body), convert=query["convert"]))


@door.route(
    "DELETE",
    LIST,
    verb="dataset.delete",
    summary="Put a list that no form uses into the trash, with all its cases",
    returns=SuccessSchema(),
)
def delete(here: Here, name: str) -> dict[str, bool]:
    delete_list(here.actor, here.project, found(here, name))
    return success()


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
    summary="Take away a property that no form writes, no case has a value of and no filter asks for",
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


def _change(body: dict[str, Any]) -> ListChange:
    """`accessFilter` says all about which cases a phone gets; `ownerOnly` alone is its older spelling."""
    approval_required = body.get("approval_required")
    if "access_filter" not in body:
        owner_only = body.get("owner_only")
        return ListChange(approval_required, owner_only, () if owner_only else None)
    wanted = body["access_filter"] or {}
    rules = tuple(AccessRule(**each) for each in wanted.get("rules", ()))
    return ListChange(approval_required, wanted.get("type") == "ownerOnly", rules)


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
        _shown(dataset, rule_queries.names_by_list([dataset.id]).get(dataset.id, ()))
        | _counts(here)(dataset)
        | {
            "properties": properties,
            "linked_forms": forms.linked,
            "source_forms": forms.source,
            "draft_linked_forms": forms.draft_linked,
            "draft_source_forms": forms.draft_source,
        }
    )


def _shown(dataset: models.Dataset, rules: Iterable[tuple[str, str]]) -> dict[str, Any]:
    trashed = {"id": dataset.id, "deleted_at": dataset.deleted_at} if dataset.deleted_at is not None else {}
    return {
        "name": dataset.deleted_name or dataset.name,
        "project_id": dataset.project_id,
        "created_at": dataset.created_at,
        "approval_required": dataset.approval_required,
        "owner_only": dataset.owner_only,
        "access_filter": {"type": "ownerOnly"} if dataset.owner_only else _filter(rules),
        **trashed,
    }


def _filter(rules: Iterable[tuple[str, str]]) -> dict[str, Any] | None:
    shown = [{"dataset_property": name, "actor_property": actor_property} for name, actor_property in rules]
    return {"type": "property", "rules": shown} if shown else None
