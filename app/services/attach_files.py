"""Which files does a submission await, and what becomes of one that arrives?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.clock import now
from app.db import db, models
from app.db.insert import insert_rows
from app.db.queries import blobs as blob_queries
from app.db.queries import submissions as queries
from app.services import quarantine
from app.services.audit import record
from app.services.keys import data_key
from app.services.quarantine import Context, keep_aside
from app.services.store_version import Added
from app.services.uploads import StoredFile, seal_file_key
from forms.schema import FormSchema
from forms.submission import Submission, expected_attachments

NAME_CHARACTERS = 255


@dataclass(frozen=True)
class Attached:
    """`superfluous` are files in no row, by their keys in the storage; `conflict` names one with other content."""

    superfluous: tuple[str, ...]
    conflict: str | None = None


# What a row knows of a file that has arrived.
_OF_THE_FILE = ("blob_key", "file_key_sealed", "content_hmac", "content_type", "size_bytes", "updated_at")


def add_expected_files(version_id: int, submission: Submission, schema: FormSchema, *, before_id: int) -> None:
    """A row for each file that an edit's XML names, with the file that the version before it had under that name."""
    earlier = {row.name: row for row in queries.attachments(before_id)}
    insert_rows(
        models.SubmissionAttachment,
        [
            {"submission_version_id": version_id, "name": name}
            | {column: getattr(earlier.get(name), column, None) for column in _OF_THE_FILE}
            for name in _names(submission, schema)
        ],
    )


def add_new_files(
    added: Added,
    submission: Submission,
    schema: FormSchema,
    files: tuple[StoredFile, ...],
    key: bytes,
    context: Context,
) -> tuple[StoredFile, ...]:
    """A row for each file that a new submission's XML names; those that came with it are in theirs at once.

    The files that are left over, if any, are for `attach_files`. Nobody else can have seen the submission yet, so
    nothing is locked or looked up.
    """
    came = {file.name: file for file in reversed(files)}  # of two with one name the first
    names = _names(submission, schema)
    taken = [came[name] for name in names if name in came]
    insert_rows(
        models.SubmissionAttachment,
        [{"submission_version_id": added.version_id, "name": name} | _filled(came.get(name), key) for name in names],
    )
    for _ in taken:
        _record_attached(context, added.submission_id, submission.instance_id, added.version_id)
    return tuple(file for file in files if not any(file is each for each in taken))


def _names(submission: Submission, schema: FormSchema) -> list[str]:
    # No phone names a file otherwise; the XML keeps what was answered.
    return [
        name for name in expected_attachments(submission, schema) if len(name) <= NAME_CHARACTERS and name.isprintable()
    ]


def _filled(file: StoredFile | None, key: bytes) -> dict[str, Any]:
    """The columns of a file that has arrived, or of one that has not."""
    if file is None:
        return dict.fromkeys(_OF_THE_FILE)
    return {
        "blob_key": file.blob_key,
        "file_key_sealed": seal_file_key(key, file),
        "content_hmac": file.content_hmac,
        "content_type": file.content_type,
        "size_bytes": file.size_bytes,
        "updated_at": now(),
    }


def _record_attached(context: Context, submission_id: int, instance_id: str, version_id: int) -> None:
    record(
        "submission.attachment.update",
        context.actor,
        project_id=context.project_id,
        form_id=context.form_id,
        submission_id=submission_id,
        instanceId=instance_id,
        submissionDefId=version_id,
    )


def attach_files(version_id: int, files: tuple[StoredFile, ...], context: Context) -> Attached:
    """Put arrived files in their rows, in the running transaction. None is lost: what has no row is kept aside."""
    if not files:
        return Attached(())
    # Read anew: it may have been edited since somebody looked at it.
    version = db.session.get_one(models.SubmissionVersion, version_id, populate_existing=True)
    # Locked first: two senders of the same file must not both find its slot empty.
    submission = queries.submission_for_update(version.submission_id)
    rows = {row.name: row for row in queries.attachments(version.id)}
    later = {} if version.is_current else _empty_slots_now(submission.id)
    key = data_key(submission.data_key_id)
    about = Context(context.actor, context.project_id, context.form_id, context.instance_id, version.id)
    superfluous: list[str] = []
    emptied: set[str] = set()
    conflict: str | None = None
    for file in files:
        row = rows.get(file.name)
        if row is not None and (_waits(row, file) or _replaces(version, row, file)):
            # The answers may have been edited before the photo came; the photo belongs to the edit too.
            emptied |= _put((row, later.get(file.name)), file, key)
            _record_attached(context, version.submission_id, version.instance_id, version.id)
        elif row is not None and (row.content_hmac == file.content_hmac or file.size_bytes == 0):
            superfluous.append(file.blob_key)
        else:
            conflict = conflict if row is None else row.name
            reason = quarantine.UNNAMED_FILE if row is None else quarantine.FILE_CONFLICT
            if not keep_aside(reason, file, about):
                superfluous.append(file.blob_key)
    return Attached((*superfluous, *_in_no_row(emptied)), conflict)


def _waits(row: models.SubmissionAttachment, file: StoredFile) -> bool:
    """Is the place free? Phones send a photo that they cannot read as nothing, and once more when they can.

    In ODK Central whatever came last has the place; here only what has something in it takes it from what has not.
    """
    return row.blob_key is None or (row.size_bytes == 0 and file.size_bytes > 0)


def _empty_slots_now(submission_id: int) -> dict[str, models.SubmissionAttachment]:
    """The slots of the current version that still wait for their file, or for one with something in it."""
    current = queries.current_version(submission_id)
    return {row.name: row for row in queries.attachments(current.id) if row.blob_key is None or row.size_bytes == 0}


def _replaces(version: models.SubmissionVersion, row: models.SubmissionAttachment, file: StoredFile) -> bool:
    """A file that an edit took over from the version before may be sent anew; that version keeps its own."""
    if version.deprecated_id is None or row.content_hmac == file.content_hmac or file.size_bytes == 0:
        return False
    before = queries.version_by_instance(version.form_id, version.is_draft, version.deprecated_id)
    old = queries.attachment(before.id, row.name) if before is not None else None
    return old is not None and old.blob_key == row.blob_key


def _put(slots: tuple[models.SubmissionAttachment | None, ...], file: StoredFile, key: bytes) -> set[str]:
    """Fill them; the keys in the storage of the empty files that lay there."""
    emptied: set[str] = set()
    for slot in slots:
        if slot is not None:
            if slot.blob_key is not None and slot.size_bytes == 0:
                emptied.add(slot.blob_key)
            _fill(slot, file, key)
    return emptied


def _in_no_row(emptied: set[str]) -> set[str]:
    """Those that no version names any more."""
    if emptied:
        db.session.flush()
    return emptied - blob_queries.named(emptied)


def _fill(row: models.SubmissionAttachment, file: StoredFile, key: bytes) -> None:
    for column, value in _filled(file, key).items():
        setattr(row, column, value)
