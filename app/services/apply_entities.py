"""What does a submission do to cases? Creates or updates them, in the transaction that takes the submission.

As ODK Central: an update made from an older version than the current one is kept and marked as a conflict (`soft` if
it touches other properties than the updates since, `hard` if the same). A fault in the entity never costs the
submission: it is written to the audit as `entity.error`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from app.clock import now
from app.db import db, models
from app.db.insert import insert_if_new
from app.db.queries import entities as queries
from app.db.queries.offices import office_by_code
from app.permissions import Actor, reaches_office
from app.sealing.envelope import SealBroken
from app.services.audit import record
from app.services.entity_content import EntityContent, clear_properties, open_entity, seal_entity
from app.services.keys import add_data_key, data_key
from forms.schema import FormSchema
from forms.submission import EntityChange, Submission, entity_uuid, entity_values

# The property whose value is the code of the office that a case belongs to.
CUSTODIAN = "custodian"


class EntityRefused(Exception):
    """The change cannot be applied; its text is for the audit and names no value."""


class EntityExists(EntityRefused):
    """Another submission has just created it."""


@dataclass(frozen=True, repr=False)
class Origin:
    """Where a change comes from: a submission version, or nobody's (the API)."""

    actor: Actor
    project: models.Project
    user_agent: str | None
    submission: models.SubmissionVersion | None = None


def apply_entities(
    actor: Actor,
    project: models.Project,
    submission: Submission,
    schema: FormSchema,
    version: models.SubmissionVersion,
) -> None:
    """Apply every change of a new submission. Edits do not come here: an edit never makes a case twice."""
    origin = Origin(actor, project, version.user_agent, version)
    for change in entity_values(submission, schema):
        try:
            # A savepoint: what fails half-way leaves no half of a case, and the submission stands.
            with db.session.begin_nested():
                _apply(origin, change)
        except (EntityRefused, IntegrityError, SealBroken) as error:
            reason = str(error) if isinstance(error, EntityRefused) else type(error).__name__
            record(
                "entity.error",
                actor,
                project_id=project.id,
                form_id=version.form_id,
                submission_id=version.submission_id,
                dataset=change.dataset,
                reason=reason,
            )


def _apply(origin: Origin, change: EntityChange) -> None:
    dataset = queries.dataset(origin.project.id, change.dataset)
    if dataset is None:
        raise EntityRefused("the form names a list that is not published")
    uuid = entity_uuid(change.id)
    if uuid is None:
        raise EntityRefused("the entity's id is not a UUID of version 4")
    entity = queries.entity_for_update(dataset.id, uuid)
    if entity is not None and origin.submission is not None and _already(entity, origin.submission):
        raise EntityRefused("the submission changes the same entity twice")
    if change.update and entity is not None and entity.deleted_at is None:
        # A phone that knows a case's UUID from before the hand-over may not take it back.
        if not reaches_office(origin.actor, "entity.update", entity.office_id, project_id=origin.project.id):
            raise EntityRefused("the entity belongs to another office")
        _update(origin, dataset, entity, change)
    elif change.create and entity is None:
        create_entity(origin, dataset, uuid, EntityContent(change.label or "", change.data))
    elif change.create:
        raise EntityExists("an entity with this id was already created by another submission")
    elif entity is None and change.branch_id and not change.trunk_version:
        # Created and updated offline; the update came first.
        _hold(origin, dataset, uuid, change, _whole(change.base_version) or 1)
    else:
        raise EntityRefused("the entity to update does not exist, or was deleted")


def create_entity(
    origin: Origin, dataset: models.Dataset, uuid: str, content: EntityContent
) -> tuple[models.Entity, models.EntityVersion]:
    """Add a case in the running transaction. Raises EntityRefused without a label, EntityExists."""
    if not content.label.strip():
        raise EntityRefused("the entity has no label")
    key_id, key = add_data_key("entity")
    moment = now()
    entity_id = insert_if_new(
        models.Entity,
        dataset_id=dataset.id,
        uuid=uuid,
        office_id=_custodian(content, origin.actor.office_id),
        creator_id=origin.actor.id or None,
        data_key_id=key_id,
        created_at=moment,
    )
    if entity_id is None:
        db.session.delete(db.session.get_one(models.DataKey, key_id))
        raise EntityExists("an entity with this id was already created by another submission")
    entity = db.session.get_one(models.Entity, entity_id)
    version = _add_version(origin, dataset, entity, key, 1, content)
    record(
        "entity.create",
        origin.actor,
        project_id=origin.project.id,
        entity_id=entity.id,
        submission_id=origin.submission.submission_id if origin.submission is not None else None,
        dataset=dataset.name,
        uuid=uuid,
    )
    return entity, version


def _custodian(content: EntityContent, otherwise: int | None) -> int | None:
    office = office_by_code(content.data.get(CUSTODIAN, ""))
    return office.id if office is not None else otherwise


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None


def _update(origin: Origin, dataset: models.Dataset, entity: models.Entity, change: EntityChange) -> None:
    base_number = _whole(change.base_version)
    if base_number is None:
        raise EntityRefused("the update does not say which version it builds on")
    current = queries.current_version(entity.id)
    base = queries.version(entity.id, base_number)
    if base is None:
        if change.branch_id and base_number > current.version:
            _hold(origin, dataset, entity.uuid, change, base_number)
            return
        raise EntityRefused("the update builds on a version that does not exist")
    key = data_key(entity.data_key_id)
    now_says = open_entity(key, entity.uuid, current)
    content = EntityContent(change.label or now_says.label, {**now_says.data, **change.data})
    conflicting = _conflicting(key, entity, base, current, change) if base.id != current.id else None
    version = _add_version(origin, dataset, entity, key, current.version + 1, content)
    version.base_version = base_number
    version.trunk_version = _whole(change.trunk_version)
    version.branch_id = (change.branch_id or "")[:255] or None
    version.branch_base_version = base_number if change.branch_id else None
    version.conflicting_properties = conflicting
    if conflicting is not None:
        entity.conflict = "hard" if conflicting or entity.conflict == "hard" else "soft"
    if CUSTODIAN in change.data:
        entity.office_id = _custodian(content, entity.office_id)
    entity.updated_at = version.created_at
    record(
        "entity.update.version",
        origin.actor,
        project_id=origin.project.id,
        entity_id=entity.id,
        submission_id=origin.submission.submission_id if origin.submission is not None else None,
        dataset=dataset.name,
        uuid=entity.uuid,
        version=version.version,
        conflict=entity.conflict if conflicting is not None else None,
    )


def _conflicting(
    key: bytes,
    entity: models.Entity,
    base: models.EntityVersion,
    current: models.EntityVersion,
    change: EntityChange,
) -> list[str]:
    """The properties that this update and the updates since its base both changed, to different values."""
    then, latest = open_entity(key, entity.uuid, base), open_entity(key, entity.uuid, current)
    changed_since = {name for name in latest.data if latest.data.get(name) != then.data.get(name)}
    ours = {name for name, value in change.data.items() if value != latest.data.get(name)}
    return sorted(changed_since & ours)


def _already(entity: models.Entity, submission: models.SubmissionVersion) -> bool:
    return queries.version_by_submission(entity.id, submission.id) is not None


def _hold(origin: Origin, dataset: models.Dataset, uuid: str, change: EntityChange, base_number: int) -> None:
    """Keep an offline update whose predecessor has not arrived. Raises EntityRefused for a second of one submission."""
    assert origin.submission is not None
    assert change.branch_id is not None
    if queries.is_held(origin.submission.id, uuid):
        raise EntityRefused("the submission changes the same entity twice")
    db.session.add(
        models.EntityBacklog(
            dataset_id=dataset.id,
            entity_uuid=uuid,
            submission_version_id=origin.submission.id,
            branch_id=change.branch_id[:255],
            branch_base_version=base_number,
            created_at=now(),
        )
    )
    record(
        "submission.backlog.hold",
        origin.actor,
        project_id=origin.project.id,
        submission_id=origin.submission.submission_id,
        dataset=dataset.name,
        uuid=uuid,
    )


def _add_version(
    origin: Origin,
    dataset: models.Dataset,
    entity: models.Entity,
    key: bytes,
    number: int,
    content: EntityContent,
) -> models.EntityVersion:
    clear, sealed = seal_entity(key, entity.uuid, number, content, clear_properties(queries.properties(dataset.id)))
    db.session.execute(
        update(models.EntityVersion).where(models.EntityVersion.entity_id == entity.id).values(is_current=False)
    )
    version = models.EntityVersion(
        entity_id=entity.id,
        version=number,
        is_current=True,
        clear=clear,
        sealed=sealed,
        submission_version_id=origin.submission.id if origin.submission is not None else None,
        creator_id=origin.actor.id or None,
        user_agent=(origin.user_agent or "")[:255] or None,
        created_at=now(),
    )
    db.session.add(version)
    db.session.flush()
    return version
