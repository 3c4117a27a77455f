"""How is a case added by hand, and how are cases shown to those who may see them?"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from app import problems
from app.db import models
from app.db.queries import entities as queries
from app.permissions import Actor, office_scope
from app.services.apply_entities import EntityExists, EntityRefused, create_entity
from app.services.entity_content import EntityContent, open_entity
from app.services.entity_versions import Origin
from app.services.keys import data_key, open_key
from app.services.transaction import transaction
from forms.submission import entity_uuid


@dataclass(frozen=True, repr=False)
class ShownEntity:
    """A case with what it says now."""

    entity: models.Entity
    version: models.EntityVersion
    content: EntityContent


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
    return ShownEntity(entity, version, content)


def visible_entities(actor: Actor, project_id: int, dataset: models.Dataset) -> list[ShownEntity]:
    """The cases of the actor's office, or of all offices for who may see all."""
    offices = office_scope(actor, "entity.read", project_id=project_id)
    return [
        ShownEntity(entity, version, open_entity(open_key(key), entity.uuid, version))
        for entity, version, key in queries.entities(dataset.id, offices=offices)
    ]


def visible_entity(actor: Actor, project_id: int, dataset: models.Dataset, uuid: str) -> ShownEntity:
    """One case. Raises Problem 404.1 if it is not there or another office's."""
    entity = queries.entity(dataset.id, uuid)
    offices = office_scope(actor, "entity.read", project_id=project_id)
    if entity is None or entity.deleted_at is not None or (offices is not True and entity.office_id != offices):
        raise problems.not_found()
    version = queries.current_version(entity.id)
    return ShownEntity(entity, version, open_entity(data_key(entity.data_key_id), entity.uuid, version))
