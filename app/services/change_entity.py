"""How does a person change a case, delete it, and bring it back?

Nobody replaces what they cannot see: a masked property or label is refused, and what is not sent stays as it is. A
case changes its office only by a hand-over, which asks for the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app import problems, problems_lists
from app.clock import now
from app.db import db, models
from app.db.queries import entities as queries
from app.db.queries.offices import office_by_code
from app.permissions import Actor, office_scope
from app.services.add_entity import ShownEntity, refuse_unknown
from app.services.audit import record
from app.services.entity_content import EntityContent, open_entity
from app.services.entity_masks import EntityMask, mask_of_list
from app.services.entity_versions import CUSTODIAN, Origin, add_version
from app.services.keys import data_key
from app.services.transaction import transaction
from app.services.views import view_of_cases


@dataclass(frozen=True, repr=False)
class EntityEdit:
    """What is to be changed: the label if it is given, and these properties."""

    label: str | None
    data: Mapping[str, str]

    @property
    def is_empty(self) -> bool:
        """Is nothing to be changed?"""
        return self.label is None and not self.data


def update_entity(
    origin: Origin,
    dataset: models.Dataset,
    uuid: str,
    edit: EntityEdit,
    *,
    base_version: str | None,
    resolve: bool = False,
) -> ShownEntity:
    """Give a case its next version; only if `base_version` is the current one, unless that is None.

    `resolve`: what was in conflict is settled by it, or by what the case says already if the edit is empty.

    Raises Problem 404.1, 409.15 for another version, 400.28 for what cannot be taken, 400.32 if there is no conflict
    to resolve, 400.8 for another office's custodian, 403.11 for a property or label that the actor sees masked.
    """
    if edit.is_empty and not resolve:
        raise problems.invalid_entity("give a label, or data with the properties to be changed")
    if edit.label is not None and not edit.label.strip():
        raise problems.invalid_entity("the entity has no label")
    view = view_of_cases(origin.actor, origin.project)
    mask = mask_of_list(view, dataset)
    with transaction():
        (entity,) = _reached(origin.actor, "entity.update", dataset, [uuid])
        if resolve and entity.conflict is None:
            raise problems_lists.no_conflict()
        version = current = queries.current_version(entity.id)
        if base_version is not None and base_version != str(current.version):
            raise problems_lists.entity_version_conflict(current.version, base_version)
        if not edit.is_empty:
            refuse_unknown(edit.data, mask.classes, dataset)
            _refuse_what_is_hidden(mask, entity, edit)
            version = _add_version(origin, dataset, entity, current, edit)
        if resolve:
            entity.conflict, entity.resolved_version, entity.updated_at = None, version.version, now()
            _record("entity.update.resolve", origin, dataset, entity, version=version.version)
    mask = mask_of_list(view, dataset)
    return ShownEntity(entity, version, mask.content(entity, version, data_key(entity.data_key_id)))


def _add_version(
    origin: Origin, dataset: models.Dataset, entity: models.Entity, current: models.EntityVersion, edit: EntityEdit
) -> models.EntityVersion:
    key = data_key(entity.data_key_id)
    says = open_entity(key, entity.uuid, current)
    _refuse_another_office(entity, says, edit)
    content = EntityContent(edit.label if edit.label is not None else says.label, {**says.data, **edit.data})
    columns: dict[str, object] = {"base_version": current.version, "label_typed": edit.label is not None}
    version = add_version(origin, dataset, entity, key, current.version + 1, content, columns)
    entity.updated_at = version.created_at
    _record("entity.update.version", origin, dataset, entity, version=version.version)
    return version


def _refuse_what_is_hidden(mask: EntityMask, entity: models.Entity, edit: EntityEdit) -> None:
    hidden = [mask.hidden(name, entity.office_id) for name in edit.data]
    if edit.label is not None:
        hidden.append(mask.hidden_label(entity))
    for each in hidden:
        if each is not None:
            raise problems.class_hidden(each.sensitivity)


def _refuse_another_office(entity: models.Entity, says: EntityContent, edit: EntityEdit) -> None:
    code = edit.data.get(CUSTODIAN)
    if code is None or code == says.data.get(CUSTODIAN, ""):
        return
    office = office_by_code(code)
    if office is None or office.id != entity.office_id:
        raise problems.unexpected_value(f"data.{CUSTODIAN}", "hand the case over by POST …/hand-over, with the reason")


def delete_entities(origin: Origin, dataset: models.Dataset, uuids: Sequence[str]) -> None:
    """Put cases into the trash, all or none: phones lose them at their next update. Raises Problem 404.1."""
    with transaction():
        for entity in _reached(origin.actor, "entity.delete", dataset, uuids):
            entity.deleted_at = now()
            _record("entity.delete", origin, dataset, entity)
        db.session.flush()


def restore_entities(origin: Origin, dataset: models.Dataset, uuids: Sequence[str]) -> None:
    """Take cases out of the trash, all or none. Raises Problem 404.1 if one is not in it."""
    with transaction():
        for entity in _reached(origin.actor, "entity.restore", dataset, uuids, deleted=True):
            if queries.is_purged(entity):
                raise problems.not_found()
            entity.deleted_at = None
            entity.updated_at = now()
            _record("entity.restore", origin, dataset, entity)
        db.session.flush()


def _reached(
    actor: Actor, verb: str, dataset: models.Dataset, uuids: Collection[str], *, deleted: bool = False
) -> list[models.Entity]:
    """The cases, locked. Raises Problem 404.1 if one is not there, or another office's."""
    offices = office_scope(actor, verb, project_id=dataset.project_id)
    found = queries.entities_for_update(dataset.id, set(uuids))
    for uuid in uuids:
        entity = found.get(uuid)
        if entity is None or (entity.deleted_at is not None) != deleted:
            raise problems.not_found()
        if offices is not True and (offices is False or entity.office_id != offices):
            raise problems.not_found()
    return list(found.values())


def _record(action: str, origin: Origin, dataset: models.Dataset, entity: models.Entity, **more: int) -> None:
    about: dict[str, Any] = {"dataset": dataset.name, "uuid": entity.uuid, **more}
    record(action, origin.actor, project_id=origin.project.id, entity_id=entity.id, **about)
