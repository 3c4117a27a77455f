"""What stays behind when a record goes to another office? A row that its readers see, and a line in the audit."""

from __future__ import annotations

from dataclasses import dataclass

from app.clock import now
from app.db import models
from app.db.insert import insert_row
from app.sealing.envelope import open_sealed, seal
from app.services.audit import record
from app.services.entity_versions import Origin


@dataclass(frozen=True, repr=False)
class Step:
    """From which office to which, and why: no reason if a form's answer did it."""

    from_office_id: int | None
    to_office_id: int
    reason: str | None = None


def trace_submission(origin: Origin, submission: models.Submission, key: bytes, step: Step) -> None:
    """Write down that a submission went, in the running transaction. `key`: its data key."""
    _add(origin, key, step, f"submission|{submission.id}", submission_id=submission.id)
    record(
        "submission.hand_over",
        origin.actor,
        project_id=origin.project.id,
        form_id=submission.form_id,
        submission_id=submission.id,
        **_facts(step),
    )


def trace_entity(origin: Origin, dataset: models.Dataset, entity: models.Entity, key: bytes, step: Step) -> None:
    """Write down that a case went, in the running transaction. `key`: its data key."""
    _add(origin, key, step, f"entity|{entity.id}", entity_id=entity.id)
    record(
        "entity.hand_over",
        origin.actor,
        project_id=origin.project.id,
        submission_id=origin.submission.submission_id if origin.submission is not None else None,
        entity_id=entity.id,
        dataset=dataset.name,
        uuid=entity.uuid,
        **_facts(step),
    )


def open_reason(row: models.HandOver, key: bytes) -> str | None:
    """Why it went. Raises SealBroken."""
    if row.reason_sealed is None:
        return None
    about = f"submission|{row.submission_id}" if row.submission_id is not None else f"entity|{row.entity_id}"
    return open_sealed(key, row.reason_sealed, _place(about, row.from_office_id, row.to_office_id)).decode()


def _add(origin: Origin, key: bytes, step: Step, about: str, **record_id: int) -> None:
    sealed = None
    if step.reason is not None:
        sealed = seal(key, step.reason.encode(), _place(about, step.from_office_id, step.to_office_id))
    insert_row(
        models.HandOver,
        from_office_id=step.from_office_id,
        to_office_id=step.to_office_id,
        actor_id=origin.actor.id or None,
        submission_version_id=origin.submission.id if origin.submission is not None else None,
        reason_sealed=sealed,
        created_at=now(),
        **record_id,
    )


def _place(about: str, from_office_id: int | None, to_office_id: int) -> str:
    return f"hand-over|{about}|{from_office_id}|{to_office_id}"


def _facts(step: Step) -> dict[str, int | bool | None]:
    """What the audit tells: never the reason itself, which may name a person."""
    return {
        "fromOfficeId": step.from_office_id,
        "toOfficeId": step.to_office_id,
        "hasReason": step.reason is not None,
    }
