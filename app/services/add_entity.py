"""How are cases added by hand, one or many, and how are cases shown to those who may see them?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from app import problems
from app.db import models
from app.db.queries import entities as queries
from app.services.apply_entities import EntityExists, EntityRefused, create_entity
from app.services.audit import record
from app.services.entity_content import EntityContent
from app.services.entity_masks import MaskedContent, mask_of_list
from app.services.entity_versions import Origin
from app.services.keys import data_key, open_key
from app.services.transaction import transaction
from app.services.views import View, view_of_cases
from forms.submission import entity_uuid


@dataclass(frozen=True, repr=False)
class ShownEntity:
    """A case with what it says now to one reader."""

    entity: models.Entity
    version: models.EntityVersion
    content: MaskedContent


@dataclass(frozen=True, repr=False)
class NewEntity:
    """A case that somebody wants to add; without a UUID it gets one."""

    label: str
    data: Mapping[str, str]
    uuid: str | None = None


def add_entity(origin: Origin, dataset: models.Dataset, new: NewEntity) -> ShownEntity:
    """Add a case. Raises Problem 400.8 for a bad UUID, 400.28 for an unknown property, 409.3 if it is there."""
    with transaction():
        ((entity, version),) = _add(origin, dataset, [new])
    mask = mask_of_list(view_of_cases(origin.actor, origin.project), dataset)
    return ShownEntity(entity, version, mask.content(entity, version, data_key(entity.data_key_id)))


def add_entities(origin: Origin, dataset: models.Dataset, new: Sequence[NewEntity], *, size_bytes: int | None) -> None:
    """Add many cases, all or none, from a source of so many bytes. Raises what `add_entity` does."""
    with transaction():
        added = _add(origin, dataset, new)
        # The source's name is not written down: what somebody calls a file may be the name of a person.
        about: dict[str, Any] = {"dataset": dataset.name, "count": len(added), "size": size_bytes}
        record("entity.bulk.create", origin.actor, project_id=origin.project.id, **about)


def _add(
    origin: Origin, dataset: models.Dataset, new: Sequence[NewEntity]
) -> list[tuple[models.Entity, models.EntityVersion]]:
    known = {each.name for each in queries.properties(dataset.id)}
    added = []
    for each in new:
        checked = entity_uuid(each.uuid) if each.uuid is not None else str(uuid4())
        if checked is None:
            raise problems.unexpected_value("uuid", "it must be a UUID of version 4")
        refuse_unknown(each.data, known, dataset)
        try:
            added.append(create_entity(origin, dataset, checked, EntityContent(each.label, each.data)))
        except EntityExists:
            raise problems.already_exists(["uuid"], [checked]) from None
        except EntityRefused as error:
            raise problems.invalid_entity(str(error)) from None
    return added


def refuse_unknown(data: Mapping[str, str], known: Collection[str], dataset: models.Dataset) -> None:
    """Raise Problem 400.28 for a property that the list does not have."""
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise problems.invalid_entity(f"the list {dataset.name} has no property {unknown[0]}")


def visible_entities(view: View, dataset: models.Dataset, *, deleted: bool = False) -> list[ShownEntity]:
    """The live (or the deleted) cases of the offices that the view reaches."""
    mask = mask_of_list(view, dataset)
    return [
        ShownEntity(entity, version, mask.content(entity, version, open_key(key)))
        for entity, version, key in queries.entities(dataset.id, offices=view.offices, deleted=deleted)
    ]


def visible_entity(view: View, dataset: models.Dataset, uuid: str) -> ShownEntity:
    """One case. Raises Problem 404.1 if it is not there or another office's."""
    entity = reached_entity(view, dataset, uuid)
    version = queries.current_version(entity.id)
    mask = mask_of_list(view, dataset)
    return ShownEntity(entity, version, mask.content(entity, version, data_key(entity.data_key_id)))


def reached_entity(view: View, dataset: models.Dataset, uuid: str) -> models.Entity:
    """The row of a case, nothing opened. Raises Problem 404.1 if it is not there or another office's."""
    entity = queries.entity(dataset.id, uuid)
    if entity is None or entity.deleted_at is not None:
        raise problems.not_found()
    if view.offices is not True and (view.offices is False or entity.office_id != view.offices):
        raise problems.not_found()
    return entity
