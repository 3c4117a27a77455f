"""Which work does the outbox know, and what does each need to be done later as it would have been done at once?

And which chores are there, that no submission starts?
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from app.clock import now
from app.db import models
from app.db.queries import backlog
from app.db.queries import outbox as queries
from app.db.queries.hand_overs import office_that_sent
from app.db.queries.outbox import Job
from app.permissions import ANONYMOUS, Actor
from app.services import audit_chain, change_submission, limits, mails, purge_entities, purge_forms
from app.services.apply_entities import apply_entities, apply_held
from app.services.approvals import APPROVED
from app.services.entity_versions import ENTITIES, REPLAY, Origin
from app.services.keys import open_key
from app.services.mail_writers import WRITERS
from app.services.outbox import Postponed, Work, enqueue_once
from app.services.records import open_xml, place
from app.services.schemas import schema_of
from app.services.transaction import transaction
from forms.schema import FormSchema
from forms.submission import Submission, parse_submission

# The held updates of a submission are applied, fit or not.
FORCE = "backlog.force"

# Central's: for so long an offline update waits for the one before it.
HELD_FOR = timedelta(days=5)
# How often it is looked whether a submission is still in the trash.
_TRASH_LOOK = timedelta(minutes=1)


@dataclass(frozen=True, repr=False)
class _Taken:
    """A submission version, opened; the actor is its sender with the office that the submission was sent from."""

    origin: Origin
    submission: Submission
    schema: FormSchema
    is_approved: bool


def _open(job: Job) -> _Taken | None:
    """What was sent; None if it was erased since. Raises Postponed while it is in the trash, or edited or erased."""
    found = queries.taken_for_update(job.submission_version_id)
    if found is None:
        raise Postponed
    version = found.version
    if found.submission.deleted_at is not None:
        # What is in the trash may be restored, and must then do what it would have done.
        if found.data_key.wrapped is not None:
            raise Postponed(_TRASH_LOOK)
        return None
    where = place(version.form_id, version.is_draft, version.instance_id)
    sender = _sender(found.sender, office_that_sent(found.submission))
    return _Taken(
        Origin(sender, found.project, version.user_agent, version),
        parse_submission(open_xml(open_key(found.data_key), where, version.xml_sealed)),
        schema_of(version.form_version_id, found.form_sha256),
        found.submission.review_state == APPROVED,
    )


def _sender(row: models.Actor | None, office_id: int | None) -> Actor:
    """Who sent it. A phone that was revoked since, or moved to another office, has sent it all the same."""
    if row is None:
        return ANONYMOUS
    return Actor(row.id, row.type, row.display_name, office_id, queries.grants_of(row.id))


def _entities(job: Job) -> None:
    taken = _open(job)
    if taken is None:
        return

    def if_missing() -> None:
        # What it builds on may be in an earlier submission whose turn comes again.
        if queries.earlier_is_tried_again(job):
            raise Postponed

    apply_entities(taken.origin, taken.submission, taken.schema, is_approved=taken.is_approved, if_missing=if_missing)


def _replay(job: Job, *, force: bool) -> None:
    taken = _open(job)
    if taken is not None:
        apply_held(taken.origin, taken.submission, taken.schema, is_approved=taken.is_approved, force=force)


WORKS: dict[str, Work] = {
    ENTITIES: _entities,
    REPLAY: partial(_replay, force=False),
    FORCE: partial(_replay, force=True),
}


def enqueue_what_waits_too_long() -> None:
    """Have offline updates applied whose predecessor has not come for five days."""
    since = now() - HELD_FOR
    if not backlog.anything_held_since(since):
        return
    with transaction():
        for version_id in backlog.held_since(since):
            enqueue_once(FORCE, version_id)


@dataclass(frozen=True)
class Chore:
    """What is looked after from time to time. `is_due` is asked first, so that idling writes nothing, not even a lease.

    `alone`: only by who holds the lease; that it is done once is the work of transactions. `beside`: on a thread of
    its own, because it waits for another machine, and submissions must not.
    """

    name: str
    every_seconds: float
    act: Callable[[], object]
    is_due: Callable[[], bool] = lambda: True
    alone: bool = True
    beside: bool = False


def _anything_waits_too_long() -> bool:
    return backlog.anything_held_since(now() - HELD_FOR)


CHORES: tuple[Chore, ...] = (
    Chore("backlog", 600, enqueue_what_waits_too_long, _anything_waits_too_long),
    Chore("audit-seal", audit_chain.SEAL_EVERY_SECONDS, audit_chain.seal_lines, audit_chain.is_due),
    Chore("limits", 3600, limits.sweep_limits, limits.is_anything_old),
    Chore("trash-cases", 300, purge_entities.purge_entities, purge_entities.is_anything_to_purge),
    Chore("trash-submissions", 3600, change_submission.purge_deleted, change_submission.anything_to_purge),
    Chore("mail", 1, partial(mails.send_due, WRITERS), mails.is_due, alone=False, beside=True),
    Chore("trash-forms", 300, purge_forms.purge_forms, purge_forms.is_anything_to_purge),
    Chore("audit-head", audit_chain.TELL_EVERY_SECONDS, audit_chain.tell_head, alone=False),
)
