"""How is a submission erased so that nobody can read it again, not even from the files of the database?

The data keys are destroyed, and what they sealed is emptied, in one transaction with the ledger's line and the
audit's. The sealed files go after the commit: one that stays opens with no key, and the sweep finds it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import delete, func, or_, select, text, update
from sqlalchemy.exc import DBAPIError

from app import problems
from app.clock import now
from app.crash_points import crash_point
from app.db import db, models
from app.db.engine import BUSY_SECONDS
from app.db.queries import blobs as blob_queries
from app.db.queries.forms import forms_called
from app.permissions import ANONYMOUS, Actor
from app.services.audit import record
from app.services.erasure_ledger import (
    REASON_CHARACTERS,
    held_still,
    is_erased,
    item_hash,
    keep_intake_out,
    remember_erased,
)
from app.services.keys import destroy_keys
from app.services.quarantine_links import KeptEdits, kept_edits_of
from app.services.transaction import transaction
from app.services.uploads import discard_blobs

# Readers that are in the middle of something are waited for so long, and no longer.
_CLEAN_WITHIN_MS = 2000

log = structlog.get_logger("sportel.erasure")

Submission, Version, Attachment = models.Submission, models.SubmissionVersion, models.SubmissionAttachment
Kept, Key = models.Quarantine, models.DataKey


@dataclass(frozen=True)
class LeftEntity:
    """A case that the submission made or changed. It is not erased; `only_from_this`: nothing else speaks of it."""

    dataset: str
    uuid: str
    only_from_this: bool


@dataclass(frozen=True)
class Erased:
    """What was erased, and which cases are left for somebody to decide on."""

    versions: int
    files: int
    kept_aside: int
    entities: tuple[LeftEntity, ...]


@dataclass(frozen=True)
class _KeptRow:
    id: int
    blob_key: str
    data_key_id: int


@dataclass(frozen=True)
class _Found:
    submission_ids: list[int]
    version_ids: list[int]
    instance_ids: set[str]
    kept: list[_KeptRow]


def erase_submission(actor: Actor, form: models.Form, instance_id: str, reason: str) -> Erased:
    """Erase the submission that has a version with this instance ID. Doing it again does no harm.

    All its versions go, tests of the form's draft under the same ID, and what was kept aside of it.

    Raises Problem 400.8 without a reason, 404.1 if there is no such submission, 503.1 if the ledger cannot be written.
    """
    reason = reason.strip()
    if not reason or len(reason) > REASON_CHARACTERS or not reason.isprintable():
        raise problems.unexpected_value(
            "reason", f"give one line of 1 to {REASON_CHARACTERS} characters, without names"
        )
    with transaction():
        found = _find(form, instance_id, with_kept_edits=True)
        if not found.submission_ids and not found.kept and not is_erased(form.id, instance_id):
            raise problems.not_found()
        erased, blobs = _erase(found)
        _write_down(actor, form, found, erased, reason, found.instance_ids)
    _take_away(blobs)
    return erased


def erase_deleted(submission_id: int, deleted_before: datetime, reason: str) -> Erased | None:
    """Erase one row that was deleted before this moment, and nothing else; None if that is not so any more.

    The same instance ID may live on: the form was deleted and published anew, and the phone has sent it again. What
    is there under it is neither erased nor written into the ledger, which would have it erased at the next restore.

    Raises Problem 503.1 if the ledger cannot be written.
    """
    with transaction():
        keep_intake_out()
        submission = db.session.get_one(Submission, submission_id, with_for_update=True, populate_existing=True)
        is_due = submission.deleted_at is not None and submission.deleted_at < deleted_before
        if not is_due or db.session.get_one(Key, submission.data_key_id, populate_existing=True).wrapped is None:
            return None
        form = db.session.get_one(models.Form, submission.form_id)
        found = _find_deleted(form, submission_id)
        erased, blobs = _erase(found)
        kept_on = held_still(form, found.instance_ids)
        _write_down(ANONYMOUS, form, found, erased, reason, found.instance_ids - kept_on)
    _take_away(blobs)
    return erased


def _write_down(
    actor: Actor, form: models.Form, found: _Found, erased: Erased, reason: str, instance_ids: Iterable[str]
) -> None:
    """The lines of audit and ledger, in the running transaction. `instance_ids`: what must never come back."""
    about: list[int | None] = [*found.submission_ids] or [None]
    for submission_id in about:
        record(
            "submission.erase",
            actor,
            project_id=form.project_id,
            form_id=form.id,
            submission_id=submission_id,
            versions=erased.versions,
            files=erased.files,
        )
    remember_erased(form, instance_ids, reason, actor_id=actor.id or None)
    crash_point("erasure.written")


def _take_away(blobs: set[str]) -> None:
    crash_point("erasure.committed")
    db.session.expire_all()  # what was read before says what is no more
    discard_blobs(blobs)
    crash_point("erasure.unlinked")
    forget_old_pages()


def erase_again(hashes: Collection[bytes]) -> int:
    """Erase what a restored backup brought back, by the ledger's hashes; how many submissions and kept-aside files."""
    wanted = set(hashes)
    if not wanted:
        return 0
    forms = {form.id: form for form in db.session.scalars(select(models.Form))}
    still_there = func.length(Version.xml_sealed) > 0
    named = (
        select(Version.form_id, Version.instance_id)
        .where(still_there)
        .union(select(Kept.form_id, Kept.instance_id).where(Kept.form_id.is_not(None), Kept.instance_id.is_not(None)))
    )
    hits = [
        (forms[form_id], instance_id)
        for form_id, instance_id in db.session.execute(named, execution_options={"yield_per": 1000})
        if item_hash(forms[form_id].project_id, forms[form_id].xml_form_id, instance_id) in wanted
    ]
    blobs: set[str] = set()
    count = 0
    for form, instance_id in hits:
        with transaction():
            found = _find(form, instance_id)
            erased, more = _erase(found)
            count += len(found.submission_ids) + erased.kept_aside
            blobs |= more
    db.session.rollback()  # an open reader would hold the old pages
    if hits:
        discard_blobs(blobs)
        forget_old_pages()
    return count


def _find(form: models.Form, instance_id: str, *, with_kept_edits: bool = False) -> _Found:
    """Every row that is about this submission, locked against senders until the transaction ends.

    `with_kept_edits`: also edits of it that were put aside. A restore knows them from the ledger, by their own IDs.
    """
    form_ids = [each.id for each in forms_called(form.project_id, form.xml_form_id)]
    by_version = select(Version.submission_id).where(Version.form_id.in_(form_ids), Version.instance_id == instance_id)
    submission_ids = list(
        db.session.scalars(
            select(Submission.id)
            .where(
                Submission.form_id.in_(form_ids),
                or_(Submission.instance_id == instance_id, Submission.id.in_(by_version)),
            )
            .with_for_update()
        )
    )
    return _found(form, form_ids, submission_ids, {instance_id}, with_kept_edits=with_kept_edits)


def _find_deleted(form: models.Form, submission_id: int) -> _Found:
    """The same of one row, which is locked: with what was kept aside of it, and not of its namesakes."""
    return _found(form, [form.id], [submission_id], set(), with_kept_edits=True)


def _found(
    form: models.Form,
    form_ids: list[int],
    submission_ids: list[int],
    named: set[str],
    *,
    with_kept_edits: bool,
) -> _Found:
    versions = db.session.execute(
        select(Version.id, Version.instance_id).where(Version.submission_id.in_(submission_ids))
    ).all()
    instance_ids = named | {row.instance_id for row in versions}
    version_ids = [row.id for row in versions]
    edits = KeptEdits(frozenset(), frozenset())
    if with_kept_edits:
        edits = kept_edits_of(form.project_id, form_ids, instance_ids)
        instance_ids |= edits.instance_ids
    kept = db.session.execute(
        select(Kept.id, Kept.blob_key, Kept.data_key_id).where(
            Kept.project_id == form.project_id,
            or_(
                Kept.submission_version_id.in_(version_ids),
                Kept.id.in_(edits.entries),
                # What came for a form that was not there yet has no form, and may be this submission's first sending.
                Kept.instance_id.in_(instance_ids) & or_(Kept.form_id.in_(form_ids), Kept.form_id.is_(None)),
            ),
        )
    ).all()
    return _Found(submission_ids, version_ids, instance_ids, [_KeptRow(*row) for row in kept])


def _erase(found: _Found) -> tuple[Erased, set[str]]:
    """Do it in the running transaction; the files to take away after the commit."""
    entities = _left_entities(found.version_ids)
    attached = db.session.scalars(
        select(Attachment.blob_key).where(Attachment.submission_version_id.in_(found.version_ids))
    )
    blobs = {key for key in attached if key is not None} | {row.blob_key for row in found.kept}
    keys = set(db.session.scalars(select(Submission.data_key_id).where(Submission.id.in_(found.submission_ids))))
    _change(delete(Attachment).where(Attachment.submission_version_id.in_(found.version_ids)))
    _change(delete(models.Outbox).where(models.Outbox.submission_version_id.in_(found.version_ids)))
    _change(delete(models.EntityBacklog).where(models.EntityBacklog.submission_version_id.in_(found.version_ids)))
    _change(delete(models.Comment).where(models.Comment.submission_id.in_(found.submission_ids)))
    _change(delete(Kept).where(Kept.id.in_([row.id for row in found.kept])))
    _change(
        update(Version)
        .where(Version.id.in_(found.version_ids))
        .values(xml_sealed=b"", xml_hmac=b"", clear={}, sealed=None, findings=[], device_id=None, user_agent=None)
    )
    _change(
        update(Submission)
        .where(Submission.id.in_(found.submission_ids))
        .values(deleted_at=now(), review_state=None, device_id=None, user_agent=None)
    )
    destroy_keys(keys | {row.data_key_id for row in found.kept})
    # A file that another row names still (there is no such way today) is not ours to take.
    gone = blobs - blob_queries.named(blobs)
    return Erased(len(found.version_ids), len(blobs), len(found.kept), entities), gone


def _change(statement: object) -> None:
    db.session.execute(statement, execution_options={"synchronize_session": False})  # type: ignore[call-overload]


def _left_entities(version_ids: list[int]) -> tuple[LeftEntity, ...]:
    step = models.EntityVersion
    touched = select(step.entity_id).where(step.submission_version_id.in_(version_ids))
    others = select(step.entity_id).where(
        or_(step.submission_version_id.is_(None), step.submission_version_id.not_in(version_ids))
    )
    statement = (
        select(models.Dataset.name, models.Entity.uuid, models.Entity.id.in_(others))
        .join(models.Dataset, models.Dataset.id == models.Entity.dataset_id)
        .where(models.Entity.id.in_(touched))
        .order_by(models.Dataset.name, models.Entity.uuid)
    )
    return tuple(LeftEntity(name, uuid, not elsewhere) for name, uuid, elsewhere in db.session.execute(statement))


def forget_old_pages() -> None:
    """Let the database overwrite what it still has of the old rows. Best effort: the rest is a rotation's work."""
    try:
        if db.engine.dialect.name == "sqlite":
            driver = db.engine.raw_connection()
            try:
                cursor = driver.cursor()
                cursor.execute(f"PRAGMA busy_timeout = {_CLEAN_WITHIN_MS}")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
            finally:
                driver.close()
        else:
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM data_keys, submission_versions"))
    except DBAPIError as error:
        log.warning("erasure.pages-not-cleaned", error=type(error.orig).__name__)
