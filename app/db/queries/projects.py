"""Which projects are there, and how much is in them?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, false, func, select

from app.db import db, models
from app.db.prepared import Prepared

_project: Any = models.Project.__table__
_IS_LIVE = Prepared(
    select(_project.c.id).where(_project.c.id == bindparam("project_id"), _project.c.deleted_at.is_(None))
)


def is_live(project_id: int) -> bool:
    """Is there such a project? Asked on almost every request."""
    return _IS_LIVE.first({"project_id": project_id}) is not None


def project(project_id: int) -> models.Project | None:
    """A live project."""
    return db.session.scalar(
        select(models.Project).where(models.Project.id == project_id, models.Project.deleted_at.is_(None))
    )


def project_by_code(code: str) -> models.Project | None:
    """A programme that ships."""
    return db.session.scalar(select(models.Project).where(models.Project.code == code))


def projects(ids: Collection[int] | None) -> list[models.Project]:
    """The live projects among `ids` (None: all), by name as Central lists them."""
    statement = select(models.Project).where(models.Project.deleted_at.is_(None))
    if ids is not None:
        statement = statement.where(models.Project.id.in_(ids))
    return list(db.session.scalars(statement.order_by(models.Project.archived, func.lower(models.Project.name))))


@dataclass(frozen=True)
class ProjectCounts:
    """Central's extended metadata of a project."""

    forms: int
    app_users: int
    datasets: int
    last_submission: datetime | None
    last_entity: datetime | None


def counts(project_id: int, offices: int | bool, entity_offices: int | bool) -> ProjectCounts:
    """How many forms, phones and lists, and when something was last sent from these offices, or a case opened there."""
    form = models.Form
    live = (form.project_id == project_id, form.deleted_at.is_(None))
    submissions = select(func.max(models.Submission.created_at)).join(form, form.id == models.Submission.form_id)
    if offices is not True:
        submissions = submissions.where(models.Submission.office_id == offices if offices is not False else false())
    entity, phone = models.Entity, models.AppUser
    entities = (
        select(func.max(entity.created_at))
        .join(models.Dataset, models.Dataset.id == entity.dataset_id)
        .where(models.Dataset.project_id == project_id, entity.deleted_at.is_(None))
    )
    if entity_offices is not True:
        entities = entities.where(entity.office_id == entity_offices if entity_offices is not False else false())
    return ProjectCounts(
        forms=db.session.scalar(select(func.count()).select_from(form).where(*live)) or 0,
        app_users=db.session.scalar(
            select(func.count())
            .select_from(phone)
            .join(models.Actor, models.Actor.id == phone.actor_id)
            .where(phone.project_id == project_id, models.Actor.deleted_at.is_(None))
        )
        or 0,
        datasets=db.session.scalar(
            select(func.count())
            .select_from(models.Dataset)
            .where(models.Dataset.project_id == project_id, models.Dataset.deleted_at.is_(None))
            .where(models.Dataset.published_at.is_not(None))
        )
        or 0,
        last_submission=db.session.scalar(submissions.where(*live, models.Submission.is_draft.is_(False))),
        last_entity=db.session.scalar(entities),
    )
