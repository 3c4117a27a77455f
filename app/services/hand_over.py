"""How does a submission or a case go to another office, and who sees that it went?

Who could see it because of the old office finds it no more; the new office does. One act moves one record; a case takes
the old office's submissions along only if that is asked for (docs/decisions/0011).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app import problems
from app.clock import now
from app.db import db, models
from app.db.queries import entities as entity_queries
from app.db.queries import hand_overs as queries
from app.db.queries import submissions as submission_queries
from app.db.queries.offices import office_by_code
from app.db.queries.submissions import Scope
from app.permissions import may, office_scope, reaches_office
from app.services.audit import record
from app.services.entity_content import EntityContent, open_entity
from app.services.entity_versions import CUSTODIAN, Origin, add_version
from app.services.hand_over_trace import Step, open_reason, trace_entity, trace_submission
from app.services.keys import data_key
from app.services.transaction import transaction
from app.services.views import View
from forms.submission import Masked


@dataclass(frozen=True, repr=False)
class ShownStep:
    """A step of a record, as those who may read the record see it."""

    from_office: str | None
    to_office: str
    reason: str | Masked | None
    by_submission: bool
    actor: models.Actor | None
    created_at: datetime


def hand_over_submission(origin: Origin, form: models.Form, instance_id: str, office: str, reason: str) -> None:
    """Give a submission to the office with this code.

    Raises Problem 400.8 for an unknown office or the one that has it, 404.1 if the actor does not reach it.
    """
    where = {"project_id": form.project_id, "form_id": form.id}
    offices = office_scope(origin.actor, "submission.hand_over", **where)
    with transaction():
        found = submission_queries.submission(Scope(form.id, offices), instance_id)
        if found is None:
            raise problems.not_found()
        submission = submission_queries.submission_for_update(found[0].id)
        # Looked at again under the lock: a rival may have handed it over, or erased it.
        if submission.deleted_at is not None or not _in(offices, submission.office_id):
            raise problems.not_found()
        _move_submission(origin, submission, _step(submission.office_id, office, reason))


def hand_over_entity(
    origin: Origin, dataset: models.Dataset, uuid: str, office: str, reason: str, *, with_submissions: bool
) -> int:
    """Give a case to the office with this code, and perhaps the old office's submissions of it; how many of these.

    Raises Problem 400.8 for an unknown office or the one that has it, 403.1 if a submission may not be handed over by
    this actor, 404.1 if the actor does not reach the case.
    """
    offices = office_scope(origin.actor, "entity.hand_over", project_id=origin.project.id)
    with transaction():
        seen = _reached(entity_queries.entity(dataset.id, uuid), offices)
        # Submissions before the case, as the outbox locks them: two in different order would wait for each other.
        going = queries.submissions_of_case(seen.id, seen.office_id) if with_submissions else []
        locked = queries.locked([each.id for each in going])
        before = seen.office_id
        entity = _reached(entity_queries.entity_for_update(dataset.id, uuid), offices)
        if entity.office_id != before:
            raise problems.not_found()
        step = _step(before, office, reason)
        still = [each for each in locked if each.deleted_at is None and each.office_id == before]
        _move_entity(origin, dataset, entity, office, step)
        for submission in still:
            where = {"project_id": origin.project.id, "form_id": submission.form_id}
            allowed = may(origin.actor, "submission.hand_over", **where)
            if not (allowed and reaches_office(origin.actor, "submission.hand_over", before, **where)):
                raise problems.insufficient_rights()
            _move_submission(origin, submission, step)
    return len(still)


def steps_of_submission(view: View, submission: models.Submission) -> list[ShownStep]:
    """Where it has been, for who may read it."""
    key = data_key(submission.data_key_id)
    return [_shown(view, submission.office_id, each, key) for each in queries.of_submission(submission.id)]


def steps_of_entity(view: View, entity: models.Entity) -> list[ShownStep]:
    """Where it has been, for who may read it."""
    key = data_key(entity.data_key_id)
    return [_shown(view, entity.office_id, each, key) for each in queries.of_entity(entity.id)]


def _shown(view: View, office_id: int | None, passed: queries.Passed, key: bytes) -> ShownStep:
    # A reason is written by hand: it may name the person.
    is_hidden = "identifying" not in view.readable(office_id) and passed.row.reason_sealed is not None
    return ShownStep(
        passed.from_office,
        passed.to_office,
        Masked("identifying") if is_hidden else open_reason(passed.row, key),
        passed.row.submission_version_id is not None,
        passed.actor,
        passed.row.created_at,
    )


def _in(offices: int | bool, office_id: int | None) -> bool:
    return offices is True or (offices is not False and office_id == offices)


def _reached(entity: models.Entity | None, offices: int | bool) -> models.Entity:
    if entity is None or entity.deleted_at is not None or not _in(offices, entity.office_id):
        raise problems.not_found()
    return entity


def _step(from_office_id: int | None, code: str, reason: str) -> Step:
    if not reason.strip():
        raise problems.unexpected_value("reason", "say why, in a few words")
    office = office_by_code(code)
    if office is None:
        remedy = "there is no office with this code; GET /v1/projects/{id}/offices lists them"
        raise problems.unexpected_value("office", remedy, code)
    if office.id == from_office_id:
        raise problems.unexpected_value("office", "it belongs to this office already", code)
    return Step(from_office_id, office.id, reason.strip())


def _move_submission(origin: Origin, submission: models.Submission, step: Step) -> None:
    submission.office_id = step.to_office_id
    submission.updated_at = now()
    db.session.flush()
    trace_submission(origin, submission, data_key(submission.data_key_id), step)


def _move_entity(origin: Origin, dataset: models.Dataset, entity: models.Entity, code: str, step: Step) -> None:
    key = data_key(entity.data_key_id)
    if any(each.name == CUSTODIAN for each in entity_queries.properties(dataset.id)):
        # A new version, so that the case says itself whose it is, and phones see that it changed.
        current = entity_queries.current_version(entity.id)
        says = open_entity(key, entity.uuid, current)
        content = EntityContent(says.label, {**says.data, CUSTODIAN: code})
        columns: dict[str, object] = {"base_version": current.version}
        version = add_version(origin, dataset, entity, key, current.version + 1, content, columns)
        record(
            "entity.update.version",
            origin.actor,
            project_id=origin.project.id,
            entity_id=entity.id,
            dataset=dataset.name,
            uuid=entity.uuid,
            version=version.version,
        )
    entity.office_id = step.to_office_id
    entity.updated_at = now()
    db.session.flush()
    trace_entity(origin, dataset, entity, key, step)
