"""How does a case get its next version?"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import update

from app.clock import now
from app.db import db, models
from app.db.queries import backlog
from app.db.queries import entities as queries
from app.permissions import Actor
from app.services.entity_content import EntityContent, clear_properties, seal_entity
from app.services.outbox import enqueue_once

# The property whose value is the code of the office that a case belongs to.
CUSTODIAN = "custodian"
# The outbox's work: do to cases what a submission says.
ENTITIES = "entities"
# Another: look at the held updates of a submission again.
REPLAY = "backlog"


@dataclass(frozen=True, repr=False)
class Origin:
    """Where a change comes from: a submission version, or nobody's (the API)."""

    actor: Actor
    project: models.Project
    user_agent: str | None
    submission: models.SubmissionVersion | None = None


def add_version(
    origin: Origin,
    dataset: models.Dataset,
    entity: models.Entity,
    key: bytes,
    number: int,
    content: EntityContent,
    columns: dict[str, object],
) -> models.EntityVersion:
    """Add a version in the running transaction, and wake the held updates that build on it."""
    clear, sealed = seal_entity(key, entity.uuid, number, content, clear_properties(queries.properties(dataset.id)))
    if number > 1:
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
        **columns,
    )
    db.session.add(version)
    db.session.flush()
    for held in backlog.held_after(dataset.id, entity.uuid, version):
        enqueue_once(REPLAY, held)
    return version
