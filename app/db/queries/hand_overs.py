"""Where has a record been, and which records go with a case?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.db import db, models

HandOver, Office = models.HandOver, models.Office


@dataclass(frozen=True, repr=False)
class Passed:
    """One step, with the codes of the offices; `row.reason_sealed` is still sealed."""

    row: models.HandOver
    from_office: str | None
    to_office: str
    actor: models.Actor | None


def of_submission(submission_id: int) -> list[Passed]:
    """The steps of a submission, the first one first."""
    return _passed(HandOver.submission_id == submission_id)


def of_entity(entity_id: int) -> list[Passed]:
    """The steps of a case, the first one first."""
    return _passed(HandOver.entity_id == entity_id)


def _passed(which: object) -> list[Passed]:
    before, after = aliased(Office), aliased(Office)
    statement = (
        select(HandOver, before.code, after.code, models.Actor)
        .join(after, after.id == HandOver.to_office_id)
        .outerjoin(before, before.id == HandOver.from_office_id)
        .outerjoin(models.Actor, models.Actor.id == HandOver.actor_id)
        .where(which)  # type: ignore[arg-type]  # a column expression, whose type is not public
        .order_by(HandOver.id)
    )
    return [Passed(*row) for row in db.session.execute(statement)]


def office_that_sent(submission: models.Submission) -> int | None:
    """The office that the submission belonged to when it came, wherever it is now."""
    first = db.session.execute(
        select(HandOver.from_office_id).where(HandOver.submission_id == submission.id).order_by(HandOver.id).limit(1)
    ).first()
    return submission.office_id if first is None else first[0]


def submissions_of_case(entity_id: int, office_id: int | None) -> list[models.Submission]:
    """The live submissions of this office that made or changed the case, in the order of their ids."""
    step, version, submission = models.EntityVersion, models.SubmissionVersion, models.Submission
    made = select(version.submission_id).join(step, step.submission_version_id == version.id)
    statement = (
        select(submission)
        .where(
            submission.id.in_(made.where(step.entity_id == entity_id)),
            submission.office_id.is_not_distinct_from(office_id),
            submission.deleted_at.is_(None),
        )
        .order_by(submission.id)
    )
    return list(db.session.scalars(statement))


def locked(submission_ids: Collection[int]) -> list[models.Submission]:
    """These submissions as they are now, locked in the order of their ids until the transaction ends."""
    submission = models.Submission
    statement = select(submission).where(submission.id.in_(submission_ids)).order_by(submission.id).with_for_update()
    return list(db.session.scalars(statement, execution_options={"populate_existing": True}))
