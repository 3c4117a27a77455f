"""Which work is due, which is parked, and what does it need to know of its submission?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, exists, or_, select
from sqlalchemy.orm import undefer

from app.db import db, models
from app.permissions import Grant

Outbox, Submission, Version = models.Outbox, models.Submission, models.SubmissionVersion


@dataclass(frozen=True)
class Job:
    """A row of the outbox, as it was claimed."""

    id: int
    work: str
    submission_version_id: int
    tries: int


@dataclass(frozen=True, repr=False)
class Taken:
    """A submission version with everything that work on it needs. `sender`: whoever sent it, ended or not."""

    version: models.SubmissionVersion
    submission: models.Submission
    form_sha256: str
    project: models.Project
    sender: models.Actor | None
    data_key: models.DataKey


def _due(moment: datetime) -> Select[int, str, int, int]:
    """The oldest first: what a phone sent later builds on what it sent before. One row at most."""
    return (
        select(Outbox.id, Outbox.work, Outbox.submission_version_id, Outbox.tries)
        .where(Outbox.state == "waiting", or_(Outbox.due_at.is_(None), Outbox.due_at <= moment))
        .order_by(Outbox.id)
        .limit(1)
    )


def first_due(moment: datetime) -> Job | None:
    """The work to be done next, if any."""
    row = db.session.execute(_due(moment)).first()
    return None if row is None else Job(*row)


def begun() -> Job | None:
    """The work that somebody has noted to have begun and not ended."""
    statement = select(Outbox.id, Outbox.work, Outbox.submission_version_id, Outbox.tries)
    row = db.session.execute(
        statement.where(Outbox.state == "waiting", Outbox.started_at.is_not(None)).order_by(Outbox.id).limit(1)
    ).first()
    return None if row is None else Job(*row)


def claim(moment: datetime) -> Job | None:
    """The same, locked until the transaction ends; on PostgreSQL past what another one has claimed."""
    row = db.session.execute(_due(moment).with_for_update(skip_locked=True)).first()
    return None if row is None else Job(*row)


def earlier_is_tried_again(job: Job) -> bool:
    """Does work of this kind wait for another try that came before? What is in the trash may never be tried."""
    statement = select(
        exists().where(
            Outbox.state == "waiting",
            Outbox.id < job.id,
            Outbox.work == job.work,
            Outbox.tries > 0,
            Version.id == Outbox.submission_version_id,
            Submission.id == Version.submission_id,
            Submission.deleted_at.is_(None),
        )
    )
    return bool(db.session.scalar(statement))


def taken_for_update(version_id: int) -> Taken | None:
    """A version with its XML and what is around it, its submission locked against an erasure.

    None if another one has the lock. One statement, since it is asked for each job.
    """
    statement = (
        select(Version, Submission, models.FormVersion.sha256, models.Project, models.Actor, models.DataKey)
        .join(Submission, Submission.id == Version.submission_id)
        .join(models.FormVersion, models.FormVersion.id == Version.form_version_id)
        .join(models.Form, models.Form.id == Version.form_id)
        .join(models.Project, models.Project.id == models.Form.project_id)
        .join(models.DataKey, models.DataKey.id == Submission.data_key_id)
        .outerjoin(models.Actor, models.Actor.id == Version.submitter_id)
        .options(undefer(Version.xml_sealed))
        .where(Version.id == version_id)
        .with_for_update(of=Submission, skip_locked=True, key_share=True)
    )
    row = db.session.execute(statement, execution_options={"populate_existing": True}).first()
    return None if row is None else Taken(*row)


def grants_of(actor_id: int) -> tuple[Grant, ...]:
    """The roles of an actor, ended or not: what was sent before a phone was revoked counts."""
    held = models.Assignment
    statement = select(held.role, held.project_id, held.form_id, held.all_offices).where(held.actor_id == actor_id)
    return tuple(Grant(*row) for row in db.session.execute(statement))


def listed() -> Sequence[Row[models.Outbox, str, str, int]]:
    """Every row with its submission's instance ID, form ID and project, the oldest first."""
    statement = (
        select(Outbox, Version.instance_id, models.Form.xml_form_id, models.Form.project_id)
        .join(Version, Version.id == Outbox.submission_version_id)
        .join(models.Form, models.Form.id == Version.form_id)
        .order_by(Outbox.id)
    )
    return db.session.execute(statement).all()
