"""Which submissions are there, and which may this actor's office see?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import Select, false, func, select
from sqlalchemy.orm import undefer

from app.db import db, models

Columns = TypeVarTuple("Columns")

Submission, Version, Attachment = models.Submission, models.SubmissionVersion, models.SubmissionAttachment


@dataclass(frozen=True)
class Scope:
    """Which rows of a form: whose office (True: all, False: none, or an office's id), live or draft."""

    form_id: int
    offices: int | bool
    is_draft: bool = False
    deleted: bool = False


def in_scope(statement: Select[*Columns], scope: Scope) -> Select[*Columns]:
    """Restrict a statement over submissions. Every read goes through here."""
    statement = statement.where(Submission.form_id == scope.form_id, Submission.is_draft == scope.is_draft)
    if scope.offices is False:
        statement = statement.where(false())
    elif scope.offices is not True:
        statement = statement.where(Submission.office_id == scope.offices)
    at = Submission.deleted_at
    return statement.where(at.is_not(None) if scope.deleted else at.is_(None))


def is_reached(submission: models.Submission, offices: int | bool) -> bool:
    """Is a row that is there already within these offices (True: all, False: none)? For what is locked to change it."""
    return offices is True or (offices is not False and submission.office_id == offices)


def version_by_instance(form_id: int, is_draft: bool, instance_id: str) -> models.SubmissionVersion | None:
    """The version with this instance ID, of any submission of the form; for intake, so without a scope."""
    return db.session.scalar(
        select(Version).where(
            Version.form_id == form_id, Version.is_draft == is_draft, Version.instance_id == instance_id
        )
    )


def submission_for_update(submission_id: int) -> models.Submission:
    """The submission, locked against other editors until the transaction ends."""
    statement = select(Submission).where(Submission.id == submission_id).with_for_update()
    return db.session.scalars(statement, execution_options={"populate_existing": True}).one()


def current_version(submission_id: int) -> models.SubmissionVersion:
    """The version that counts now."""
    return db.session.scalars(select(Version).where(Version.submission_id == submission_id, Version.is_current)).one()


def attachments(version_id: int) -> list[models.SubmissionAttachment]:
    """The files that a version names, arrived or not, by name."""
    return list(
        db.session.scalars(
            select(Attachment).where(Attachment.submission_version_id == version_id).order_by(Attachment.name)
        )
    )


def attachment(version_id: int, name: str) -> models.SubmissionAttachment | None:
    """One of them."""
    return db.session.scalar(
        select(Attachment).where(Attachment.submission_version_id == version_id, Attachment.name == name)
    )


def submission(scope: Scope, instance_id: str) -> tuple[models.Submission, models.SubmissionVersion] | None:
    """A submission by its name, with its current version."""
    statement = (
        select(Submission, Version)
        .join(Version, Version.submission_id == Submission.id)
        .where(Version.is_current, Submission.instance_id == instance_id)
    )
    row = db.session.execute(in_scope(statement, scope)).first()
    return None if row is None else (row[0], row[1])


def sent_by(actor_id: int, form_id: int, instance_id: str, *, is_draft: bool) -> models.SubmissionVersion | None:
    """The newest version of the submission so called that this actor sent."""
    return db.session.scalar(
        select(Version)
        .join(Submission, Submission.id == Version.submission_id)
        .where(
            Submission.form_id == form_id,
            Submission.instance_id == instance_id,
            Submission.is_draft.is_(is_draft),
            Submission.deleted_at.is_(None),
            Version.submitter_id == actor_id,
        )
        .order_by(Version.id.desc())
        .limit(1)
    )


def root_of_version(scope: Scope, instance_id: str) -> str | None:
    """The name of the submission that has a version with this instance ID."""
    statement = (
        select(Submission.instance_id)
        .join(Version, Version.submission_id == Submission.id)
        .where(Version.instance_id == instance_id)
    )
    return db.session.scalar(in_scope(statement, scope))


def versions(submission_id: int) -> list[models.SubmissionVersion]:
    """All versions of a submission, the newest first."""
    return list(
        db.session.scalars(select(Version).where(Version.submission_id == submission_id).order_by(Version.id.desc()))
    )


def version_xml_sealed(version_id: int) -> bytes:
    """The sealed XML of a version."""
    row = db.session.scalars(select(Version).options(undefer(Version.xml_sealed)).where(Version.id == version_id)).one()
    return row.xml_sealed


def submissions(
    scope: Scope, *, limit: int | None = None, offset: int = 0
) -> list[tuple[models.Submission, models.SubmissionVersion, models.DataKey]]:
    """The newest first, each with its current version and its key."""
    statement = (
        select(Submission, Version, models.DataKey)
        .join(Version, Version.submission_id == Submission.id)
        .join(models.DataKey, models.DataKey.id == Submission.data_key_id)
        .where(Version.is_current)
    )
    statement = in_scope(statement, scope).order_by(Submission.created_at.desc(), Submission.id.desc())
    return [(row[0], row[1], row[2]) for row in db.session.execute(statement.offset(offset).limit(limit))]


def count(scope: Scope) -> int:
    """How many."""
    return db.session.scalar(in_scope(select(func.count()).select_from(Submission), scope)) or 0


def form_of(version: models.SubmissionVersion) -> models.Form:
    """The form that a version was filled on."""
    return db.session.get_one(models.Form, version.form_id)
