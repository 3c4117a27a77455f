"""Where does something go that a valid sender sent and that cannot be a submission? Aside, sealed, with the reason."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete

from app.clock import now
from app.db import db, models
from app.db.insert import insert_if_new
from app.db.queries import quarantine as queries
from app.permissions import Actor
from app.services.audit import record
from app.services.keys import add_data_key
from app.services.uploads import StoredFile, seal_file_key

XML_CONFLICT = "xml-conflict"
STALE_EDIT = "stale-edit"
FILE_CONFLICT = "file-conflict"
UNNAMED_FILE = "unnamed-file"
UNKNOWN_VERSION = "unknown-version"
FORM_CLOSED = "form-closed"
UNKNOWN_ORIGINAL = "unknown-original"
SUBMISSION_DELETED = "submission-deleted"
UNKNOWN_FORM = "unknown-form"
FOREIGN_OFFICE = "foreign-office"


@dataclass(frozen=True)
class Context:
    """Where it came from."""

    actor: Actor
    project_id: int
    form_id: int | None = None
    instance_id: str | None = None
    submission_version_id: int | None = None


def keep_aside(reason: str, file: StoredFile, context: Context, *, by: Actor | None = None) -> bool:
    """Keep the file in the running transaction; False if this very file of this submission is kept already.

    `by`: whose act it is, if it is not the sender's.
    """
    if queries.is_kept(context.project_id, reason, context.form_id, context.instance_id, file.name, file.content_hmac):
        return False
    data_key_id, data_key = add_data_key("quarantine")
    added = insert_if_new(
        models.Quarantine,
        reason=reason,
        project_id=context.project_id,
        form_id=context.form_id,
        submission_version_id=context.submission_version_id,
        instance_id=context.instance_id,
        name=file.name,
        content_hmac=file.content_hmac,
        blob_key=file.blob_key,
        file_key_sealed=seal_file_key(data_key, file),
        data_key_id=data_key_id,
        content_type=file.content_type,
        size_bytes=file.size_bytes,
        actor_id=context.actor.id or None,
        office_id=context.actor.office_id,
        received_at=now(),
    )
    if added is None:
        db.session.delete(db.session.get_one(models.DataKey, data_key_id))
        return False
    record(
        "quarantine.add",
        by or context.actor,
        project_id=context.project_id,
        form_id=context.form_id,
        reason=reason,
        instanceId=context.instance_id,
    )
    return True


def take_out(ids: Collection[int]) -> list[str]:
    """Delete entries with their data keys in the running transaction; those that are gone already are no error.

    Gives the storage keys of their files, for `discard_blobs` after the commit.
    """
    rows = queries.locked(ids)
    blobs, keys = [row.blob_key for row in rows], [row.data_key_id for row in rows]
    for table, which in ((models.Quarantine, [row.id for row in rows]), (models.DataKey, keys)):
        db.session.execute(delete(table).where(table.id.in_(which)), execution_options={"synchronize_session": False})
    for row in rows:
        db.session.expunge(row)
    return blobs
