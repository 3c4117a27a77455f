"""How is a case added by hand, and how are cases shown to those who may see them?"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from app import problems
from app.db import models
from app.db.queries import entities as queries
from app.permissions import Actor
from app.services.apply_entities import EntityExists, EntityRefused, create_entity
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


def add_entity(
    actor: Actor,
    project: models.Project,
    dataset: models.Dataset,
    *,
    uuid: str | None,
    label: str,
    data: dict[str, str],
    user_agent: str | None,
) -> ShownEntity:
    """Add a case. Raises Problem 400.8 for a bad UUID, 400.28 for an unknown property, 409.3 if it is there."""
    checked = entity_uuid(uuid) if uuid is not None else str(uuid4())
    if checked is None:
        raise problems.unexpected_value("uuid", "it must be a UUID of version 4")
    known = {each.name for each in queries.properties(dataset.id)}
    unknown = sorted(set(data) - known)
    if unknown:
        raise problems.invalid_entity(f"the list {dataset.name} has no property {unknown[0]}")
    content = EntityContent(label, data)
    with transaction():
        if queries.entity(dataset.id, checked) is not None:
            raise problems.already_exists(["uuid"], [checked])
        try:
            entity, version = create_entity(Origin(actor, project, user_agent), dataset, checked, content)
        except EntityExists:
            raise problems.already_exists(["uuid"], [checked]) from None
        except EntityRefused as error:
            raise problems.invalid_entity(str(error)) from None
    mask = mask_of_list(view_of_cases(actor, project), dataset)
    return ShownEntity(entity, version, mask.content(entity, version, data_key(entity.data_key_id)))


def visible_entities(view: View, dataset: models.Dataset) -> list[ShownEntity]:
    """The cases of the offices that the view reaches."""
    mask = mask_of_list(view, dataset)
    return [
        ShownEntity(entity, version, mask.content(entity, version, open_key(key)))
        for entity, version, key in queries.entities(dataset.id, offices=view.offices)
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
