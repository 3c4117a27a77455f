"""Which lists and cases are there, and which may this office see?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Row, and_, false, func, select, true

from app.db import db, models

Dataset, Property, Entity, Version = (
    models.Dataset,
    models.DatasetProperty,
    models.Entity,
    models.EntityVersion,
)


def dataset(project_id: int, name: str) -> models.Dataset | None:
    """A published list."""
    return db.session.scalar(
        select(Dataset).where(
            Dataset.project_id == project_id,
            Dataset.name == name,
            Dataset.published_at.is_not(None),
            Dataset.deleted_at.is_(None),
        )
    )


def trashed_dataset(project_id: int, dataset_id: int) -> models.Dataset | None:
    """A list in the trash, by its number."""
    return db.session.scalar(
        select(Dataset).where(
            Dataset.project_id == project_id,
            Dataset.id == dataset_id,
            Dataset.published_at.is_not(None),
            Dataset.deleted_at.is_not(None),
        )
    )


def datasets(project_id: int, *, deleted: bool = False) -> list[models.Dataset]:
    """The published lists of a project (or those in the trash), by name."""
    return list(
        db.session.scalars(
            select(Dataset)
            .where(
                Dataset.project_id == project_id,
                Dataset.published_at.is_not(None),
                Dataset.deleted_at.is_not(None) == deleted,
            )
            .order_by(func.lower(func.coalesce(Dataset.deleted_name, Dataset.name)), Dataset.id)
        )
    )


def dataset_totals(project_id: int, offices: int | bool) -> dict[int, Row[int, int, datetime, int]]:
    """By list: how many live cases of these offices, the newest one's moment, how many in conflict."""
    if offices is False:
        return {}
    statement = (
        select(Entity.dataset_id, func.count(), func.max(Entity.created_at), func.count(Entity.conflict))
        .join(Dataset, Dataset.id == Entity.dataset_id)
        .where(Dataset.project_id == project_id, Entity.deleted_at.is_(None))
        .group_by(Entity.dataset_id)
    )
    if offices is not True:
        statement = statement.where(Entity.office_id == offices)
    return {row[0]: row for row in db.session.execute(statement)}


def properties(dataset_id: int) -> list[models.DatasetProperty]:
    """The published properties, in the order in which they came."""
    return list(
        db.session.scalars(
            select(Property)
            .where(Property.dataset_id == dataset_id, Property.published_at.is_not(None))
            .order_by(Property.id)
        )
    )


class LabelSource(NamedTuple):
    """A published form version that writes a list."""

    version_id: int
    sha256: str
    form_id: int


def label_sources(dataset_id: int) -> tuple[str, list[LabelSource]]:
    """The list's name, also if it is in the trash, and the published form versions that write it."""
    form_version, source = models.FormVersion, models.DatasetSource
    statement = (
        select(form_version.id, form_version.sha256, form_version.form_id)
        .join(source, source.form_version_id == form_version.id)
        .where(source.dataset_id == dataset_id, form_version.published_at.is_not(None))
        .order_by(form_version.id)
    )
    name = func.coalesce(Dataset.deleted_name, Dataset.name)
    found = [LabelSource(row.id, row.sha256, row.form_id) for row in db.session.execute(statement)]
    return db.session.scalars(select(name).where(Dataset.id == dataset_id)).one(), found


def lists_written_by(form_id: int) -> list[int]:
    """The lists that any version of a form writes."""
    form_version, source = models.FormVersion, models.DatasetSource
    statement = (
        select(source.dataset_id)
        .join(form_version, form_version.id == source.form_version_id)
        .where(form_version.form_id == form_id)
    )
    return sorted(set(db.session.scalars(statement)))


def typed_by_hand(dataset_id: int) -> frozenset[int]:
    """The cases of a list that have or had a label which a person typed."""
    statement = (
        select(Version.entity_id)
        .join(Entity, Entity.id == Version.entity_id)
        .where(Entity.dataset_id == dataset_id, Version.label_typed)
    )
    return frozenset(db.session.scalars(statement))


def entity(dataset_id: int, uuid: str) -> models.Entity | None:
    """A case by its UUID, deleted or not."""
    return db.session.scalar(select(Entity).where(Entity.dataset_id == dataset_id, Entity.uuid == uuid))


def entity_for_update(dataset_id: int, uuid: str) -> models.Entity | None:
    """The case, locked against other updates until the transaction ends."""
    statement = select(Entity).where(Entity.dataset_id == dataset_id, Entity.uuid == uuid).with_for_update()
    return db.session.scalar(statement, execution_options={"populate_existing": True})


def entities_for_update(dataset_id: int, uuids: Collection[str]) -> dict[str, models.Entity]:
    """Cases by their UUIDs, deleted or not, locked in the order of their numbers: no two wait for each other."""
    statement = (
        select(Entity)
        .where(Entity.dataset_id == dataset_id, Entity.uuid.in_(uuids))
        .order_by(Entity.id)
        .with_for_update()
    )
    found = db.session.scalars(statement, execution_options={"populate_existing": True})
    return {each.uuid: each for each in found}


def is_purged(entity: models.Entity) -> bool:
    """Is there nothing left of it?"""
    key = models.DataKey
    return db.session.scalar(select(key.destroyed_at).where(key.id == entity.data_key_id)) is not None


def current_version(entity_id: int) -> models.EntityVersion:
    """What the case says now."""
    return db.session.scalars(select(Version).where(Version.entity_id == entity_id, Version.is_current)).one()


def version(entity_id: int, number: int) -> models.EntityVersion | None:
    """One version by its number."""
    return db.session.scalar(select(Version).where(Version.entity_id == entity_id, Version.version == number))


def versions(entity_id: int) -> list[models.EntityVersion]:
    """All that a case has said, the first first."""
    return list(db.session.scalars(select(Version).where(Version.entity_id == entity_id).order_by(Version.version)))


def creators(dataset_id: int, *, offices: int | bool) -> list[models.Actor]:
    """Who made the live cases of these offices, by name."""
    if offices is False:
        return []
    made = select(Entity.creator_id).where(Entity.dataset_id == dataset_id, Entity.deleted_at.is_(None))
    if offices is not True:
        made = made.where(Entity.office_id == offices)
    actor = models.Actor
    return list(
        db.session.scalars(select(actor).where(actor.id.in_(made)).order_by(func.lower(actor.display_name), actor.id))
    )


def version_by_submission(entity_id: int, submission_version_id: int) -> models.EntityVersion | None:
    """The version of a case that a submission version made."""
    return db.session.scalar(
        select(Version).where(Version.entity_id == entity_id, Version.submission_version_id == submission_version_id)
    )


def is_changed_by_another_version(dataset_id: int, submission_version: models.SubmissionVersion) -> bool:
    """Has another version of the same submission made or changed a case of this list?"""
    other = models.SubmissionVersion
    statement = (
        select(Version.id)
        .join(Entity, Entity.id == Version.entity_id)
        .join(other, other.id == Version.submission_version_id)
        .where(
            Entity.dataset_id == dataset_id,
            other.submission_id == submission_version.submission_id,
            other.id != submission_version.id,
        )
    )
    return db.session.scalar(statement.limit(1)) is not None


def entities(
    dataset_id: int,
    *,
    offices: int | bool | None,
    deleted: bool = False,
    condition: ColumnElement[bool] | None = None,
) -> Sequence[Row[models.Entity, models.EntityVersion, models.DataKey]]:
    """The live (or the deleted) cases of a list with current versions and keys, the newest first.

    `offices`: whose; `condition`: what else is asked of them.
    """
    if offices is None or offices is False:
        return []
    statement = (
        select(Entity, Version, models.DataKey)
        .join(Version, Version.entity_id == Entity.id)
        .join(models.DataKey, models.DataKey.id == Entity.data_key_id)
        .where(Entity.dataset_id == dataset_id, Entity.deleted_at.is_not(None) == deleted, Version.is_current)
        .order_by(Entity.id.desc())
    )
    if offices is not True:
        statement = statement.where(Entity.office_id == offices)
    if condition is not None:
        statement = statement.where(condition)
    return db.session.execute(statement).all()


def deleted_state(
    dataset_id: int, uuids: Sequence[str], office_id: int | None, *, condition: ColumnElement[bool] | None = None
) -> dict[str, bool]:
    """By UUID: is it gone for this office, or because of this condition? One that was handed over counts as gone.

    One that is not known is left out, as by Central: a phone may have made it and not sent it yet.
    """
    kept = true() if condition is None else func.coalesce(condition, false())
    statement = (
        select(Entity.uuid, Entity.deleted_at, Entity.office_id, kept.label("is_kept"))
        # Of what is purged there is no version any more.
        .outerjoin(Version, and_(Version.entity_id == Entity.id, Version.is_current))
        .where(Entity.dataset_id == dataset_id, Entity.uuid.in_(uuids))
    )
    found = {
        row.uuid: row.deleted_at is not None or row.office_id != office_id or not row.is_kept
        for row in db.session.execute(statement)
    }
    return {uuid: found[uuid] for uuid in uuids if uuid in found}


def is_held(submission_version_id: int, uuid: str) -> bool:
    """Does an update of this case from this submission wait already?"""
    held = models.EntityBacklog
    statement = select(held.id).where(held.submission_version_id == submission_version_id, held.entity_uuid == uuid)
    return db.session.scalar(statement) is not None
