"""How is a submission reviewed, deleted, restored, and at last purged?

Deleting hides it from everybody and keeps everything, so that it can be undone for 30 days. After that the chore
erases it as an operator would: its keys are destroyed, and no phone brings it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog

from app import problems
from app.clock import now
from app.db import db, models
from app.db.queries import deleted_submissions as queries
from app.db.queries import submissions as submission_queries
from app.db.queries.submissions import Scope
from app.permissions import Actor, office_scope
from app.problems import Problem
from app.services.approvals import APPROVED, make_cases_of_approved
from app.services.audit import record
from app.services.comments import keep_note
from app.services.erase_submission import erase_deleted
from app.services.transaction import transaction
from app.services.trash import KEPT_FOR

REVIEW_STATES = (APPROVED, "edited", "hasIssues", "rejected")

log = structlog.get_logger("sportel.submissions")


@dataclass(frozen=True, repr=False)
class Act:
    """Who changes a submission to which form, and the note that they leave with it."""

    actor: Actor
    form: models.Form
    note: str | None = None


def set_review_state(act: Act, instance_id: str, state: str | None) -> None:
    """Say what a review came to; None takes it back. Raises Problem 404.1 if the actor does not reach it."""
    with transaction():
        submission = _locked(act, "submission.update", instance_id)
        submission.review_state = state
        submission.updated_at = now()
        db.session.flush()
        note_id = keep_note(act.actor, submission, "submission.update", act.note)
        record("submission.update", act.actor, **_about(act, submission, note_id), reviewState=state)
        if state == APPROVED:
            make_cases_of_approved(submission)


def delete_submission(act: Act, instance_id: str) -> None:
    """Hide it from everybody. Raises Problem 404.1 if the actor does not reach it."""
    with transaction():
        submission = _locked(act, "submission.delete", instance_id)
        submission.deleted_at = now()
        db.session.flush()
        note_id = keep_note(act.actor, submission, "submission.delete", act.note)
        record("submission.delete", act.actor, **_about(act, submission, note_id))


def restore_submission(act: Act, instance_id: str) -> None:
    """Show it again. Raises Problem 404.1 if it is not deleted, was erased, or the actor does not reach it."""
    with transaction():
        submission = _locked(act, "submission.restore", instance_id, deleted=True)
        if queries.is_erased(submission):
            raise problems.not_found()
        submission.deleted_at = None
        submission.updated_at = now()
        db.session.flush()
        note_id = keep_note(act.actor, submission, "submission.restore", act.note)
        record("submission.restore", act.actor, **_about(act, submission, note_id))


def purge_deleted() -> int:
    """Erase what was deleted more than 30 days ago; how many. One that fails is tried again at the next time."""
    purged = 0
    for form, submission_id in queries.deleted_before(now() - KEPT_FOR):
        try:
            erased = erase_deleted(submission_id, now() - KEPT_FOR, "deleted more than 30 days ago")
        except Problem as problem:
            log.warning("submission.not-purged", code=problem.code)
            return purged
        if erased is None:  # restored or erased meanwhile
            continue
        with transaction():
            about = {"project_id": form.project_id, "form_id": form.id, "submission_id": submission_id}
            record("submission.purge", None, **about)
        purged += 1
    return purged


def anything_to_purge() -> bool:
    """Was anything deleted more than 30 days ago, and is still there?"""
    return bool(queries.deleted_before(now() - KEPT_FOR, most=1))


def _locked(act: Act, verb: str, instance_id: str, *, deleted: bool = False) -> models.Submission:
    offices = office_scope(act.actor, verb, project_id=act.form.project_id, form_id=act.form.id)
    found = submission_queries.submission(Scope(act.form.id, offices, deleted=deleted), instance_id)
    if found is None:
        raise problems.not_found()
    submission = submission_queries.submission_for_update(found[0].id)
    # Looked at again under the lock: a rival may have deleted it, or handed it over.
    if (submission.deleted_at is not None) != deleted or not submission_queries.is_reached(submission, offices):
        raise problems.not_found()
    return submission


def _about(act: Act, submission: models.Submission, note_id: int | None) -> dict[str, Any]:
    about: dict[str, Any] = {
        "project_id": act.form.project_id,
        "form_id": act.form.id,
        "submission_id": submission.id,
        "instanceId": submission.instance_id,
    }
    return about if note_id is None else about | {"noteId": note_id}
