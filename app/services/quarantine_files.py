"""How does a single kept file come to its place in the submission? What lies there goes aside, if anything is in it."""

from __future__ import annotations

from sqlalchemy import select

from app import problems
from app.clock import now
from app.db import db, models
from app.db.queries import quarantine as queries
from app.db.queries import submissions as submission_queries
from app.db.queries.quarantine import Kept
from app.permissions import Actor
from app.problems import Problem
from app.services import quarantine, quarantine_reasons
from app.services.audit import record
from app.services.keys import data_key
from app.services.quarantine import Context, keep_aside, take_out
from app.services.quarantine_entries import slot_for
from app.services.quarantine_reasons import Text
from app.services.transaction import transaction
from app.services.uploads import StoredFile, discard_blobs, open_file_key, seal_file_key

Attachment = models.SubmissionAttachment


def put_in_place(by: Actor, kept: Kept) -> int:
    """Put the file where the answers name it, in one transaction; the version that it is in.

    Nothing is copied: the stored file changes from one row to the other, and so does the one that lay there.
    Raises Problem 404.1 if somebody else has just done it, 409.31 if it stays kept.
    """
    superfluous: list[str] = []
    with transaction():
        version = db.session.get(models.SubmissionVersion, kept.submission_version_id or 0)
        if version is None or version.is_draft:
            raise _stays(kept, quarantine_reasons.DRAFT_TEST)
        # Locked in the order in which erasing does: first the submission, then what is kept of it.
        submission = submission_queries.submission_for_update(version.submission_id)
        if not queries.locked([kept.id]):
            raise problems.not_found()
        if submission.deleted_at is not None:
            raise _stays(kept, quarantine_reasons.DELETED)
        slot = slot_for(version, kept.name or "")
        if slot is None:
            raise _stays(kept, quarantine_reasons.NOT_NAMED)
        file = _stored(kept, data_key(kept.data_key_id))
        key = data_key(submission.data_key_id)
        if slot.content_hmac == kept.content_hmac:
            superfluous.append(kept.blob_key)
        else:
            _exchange(by, submission, slot, file, key, superfluous)
        # Last, so that what goes aside instead cannot get its number: who asks twice must not exchange them back.
        take_out([kept.id])
        _record(by, kept, submission)
        taken_in = slot.submission_version_id
    discard_blobs(superfluous)
    return taken_in


def _exchange(
    by: Actor,
    submission: models.Submission,
    slot: models.SubmissionAttachment,
    file: StoredFile,
    key: bytes,
    superfluous: list[str],
) -> None:
    places = _same_place(submission.id, slot)
    if slot.blob_key is not None:
        version = db.session.get_one(models.SubmissionVersion, slot.submission_version_id)
        old = _file_in(slot, key)
        sender = Actor(version.submitter_id or 0, "field_key", "", submission.office_id)
        form = db.session.get_one(models.Form, version.form_id)
        about = Context(sender, form.project_id, form.id, version.instance_id, version.id)
        # As where files arrive: what has nothing in it is nobody's to decide about.
        if old.size_bytes == 0 or not keep_aside(quarantine.FILE_CONFLICT, old, about, by=by):
            superfluous.append(old.blob_key)
    for place in places:
        place.blob_key = file.blob_key
        place.file_key_sealed = seal_file_key(key, file)
        place.content_hmac = file.content_hmac
        place.content_type = file.content_type
        place.size_bytes = file.size_bytes
        place.updated_at = now()
    db.session.flush()


def _same_place(submission_id: int, slot: models.SubmissionAttachment) -> list[models.SubmissionAttachment]:
    """The slot, and that of every other version which took the same file over, or waits for one as it does."""
    versions = select(models.SubmissionVersion.id).where(models.SubmissionVersion.submission_id == submission_id)
    return list(
        db.session.scalars(
            select(Attachment).where(
                Attachment.submission_version_id.in_(versions),
                Attachment.name == slot.name,
                Attachment.blob_key.is_not_distinct_from(slot.blob_key),
            )
        )
    )


def _stored(kept: Kept, key: bytes) -> StoredFile:
    return StoredFile(
        kept.name or "",
        kept.content_type or "",
        kept.blob_key,
        open_file_key(key, kept.blob_key, kept.file_key_sealed),
        kept.content_hmac,
        kept.size_bytes,
    )


def _record(by: Actor, kept: Kept, submission: models.Submission) -> None:
    record(
        "quarantine.release",
        by,
        project_id=kept.project_id,
        form_id=kept.form_id,
        submission_id=submission.id,
        reason=kept.reason,
        instanceId=kept.instance_id,
        receivedAt=kept.received_at.isoformat(),
        entries=[kept.id],
    )


def _stays(kept: Kept, why: Text) -> Problem:
    return problems.still_kept(kept.reason, why.en, why.sq)


def _file_in(row: models.SubmissionAttachment, key: bytes) -> StoredFile:
    """The file that lies in a row. `key`: the submission's data key. Raises SealBroken."""
    assert row.blob_key is not None, "this file has not arrived"
    assert row.file_key_sealed is not None, "a file that has arrived has its key"
    return StoredFile(
        row.name,
        row.content_type or "",
        row.blob_key,
        open_file_key(key, row.blob_key, row.file_key_sealed),
        row.content_hmac or b"",
        row.size_bytes or 0,
    )
