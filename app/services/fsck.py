"""Is everything that was acknowledged still there, and does it still open and say the same?

Every sealed XML, record, case and file is read again: it must open with its key, in its place, and have the keyed
hash of the day it came. Nothing is changed. What is erased while this runs is looked at again before it is told.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select

from app.db import db, models
from app.db.queries import blobs as queries
from app.problems import Problem
from app.runtime import runtime
from app.sealing.envelope import SealBroken, keyed_hash, open_sealed
from app.services.comments import open_body
from app.services.keys import CONTENT_HASH, SERVER_KEYS, server_key
from app.services.managed_encryption import open_private
from app.services.operation import OperationRefused, Progress, silent, told_in_one_line
from app.services.records import open_instance_name, open_xml, place
from app.services.uploads import read_file
from app.storage import BlobMissing

BATCH = 200

Submission, Version, Attachment = models.Submission, models.SubmissionVersion, models.SubmissionAttachment
Kept, Key = models.Quarantine, models.DataKey

MISSING_KEY = "missing-key"
BROKEN_SEAL = "broken-seal"
OTHER_CONTENT = "other-content"
ROT = "rot"
DANGLING = "dangling"


@dataclass(frozen=True)
class Fault:
    """What is wrong (see FAULTS), and where: a table and the row's number."""

    kind: str
    place: str
    detail: str


FAULTS = {
    MISSING_KEY: "its data key does not open: the key file lacks the wrapping key, or the row was changed",
    BROKEN_SEAL: "the sealed value does not open: its bytes, its key or its place were changed",
    OTHER_CONTENT: "it opens, and is not what was acknowledged",
    ROT: "the sealed file does not open: its bytes have changed in the storage",
    DANGLING: "the storage does not have the file",
}


@dataclass(frozen=True)
class Checked:
    """How many of each were read, what is wrong, and how many files nothing names (the sweep's work, no fault)."""

    counts: dict[str, int]
    faults: tuple[Fault, ...]
    erased: int
    orphans: int

    @property
    def sound(self) -> bool:
        """Is everything there?"""
        return not self.faults


class _Wrong(Exception):
    """One row's fault, by its kind."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def fsck(progress: Progress = silent) -> Checked:
    """Read everything. Raises OperationRefused if the server's own keys do not open: then nothing would."""
    with told_in_one_line():
        for purpose in SERVER_KEYS:
            try:
                server_key(purpose)
            except Problem as problem:
                raise OperationRefused(problem.message) from None
        content_key = server_key(CONTENT_HASH)
        counts: dict[str, int] = {}
        faults: list[Fault] = []
        for what, statement, check in _kinds(content_key):
            counts[what] = 0
            for row in _walk(statement):
                counts[what] += 1
                kind = _fault(check, row)
                if kind is not None and _is_still_so(statement, row, check):
                    faults.append(Fault(kind, f"{what} {row.id}", FAULTS[kind]))
                progress(f"fsck: {what}", counts[what], None)
        erased = db.session.scalar(select(func.count()).select_from(Key).where(Key.wrapped.is_(None))) or 0
        orphans = _orphans()
        db.session.rollback()
    return Checked(counts, tuple(faults), erased, orphans)


Check = Callable[[Row[Any]], None]


def _kinds(content_key: bytes) -> Iterable[tuple[str, Any, Check]]:
    key = (Key.wrapped, Key.wrapping_key_id, Key.purpose, Key.destroyed_at)
    versions = (
        select(
            Version.id,
            Version.form_id,
            Version.is_draft,
            Version.instance_id,
            Version.xml_sealed,
            Version.xml_hmac,
            Version.clear,
            Version.sealed,
            *key,
        )
        .join(Submission, Submission.id == Version.submission_id)
        .outerjoin(Key, Key.id == Submission.data_key_id)
        .order_by(Version.id)
    )
    files = (
        select(
            Attachment.id,
            Attachment.blob_key,
            Attachment.file_key_sealed,
            Attachment.content_hmac,
            Attachment.size_bytes,
            *key,
        )
        .join(Version, Version.id == Attachment.submission_version_id)
        .join(Submission, Submission.id == Version.submission_id)
        .outerjoin(Key, Key.id == Submission.data_key_id)
        .where(Attachment.blob_key.is_not(None))
        .order_by(Attachment.id)
    )
    kept = (
        select(Kept.id, Kept.blob_key, Kept.file_key_sealed, Kept.content_hmac, Kept.size_bytes, *key)
        .outerjoin(Key, Key.id == Kept.data_key_id)
        .order_by(Kept.id)
    )
    cases = (
        select(
            models.EntityVersion.id, models.EntityVersion.version, models.EntityVersion.sealed, models.Entity.uuid, *key
        )
        .join(models.Entity, models.Entity.id == models.EntityVersion.entity_id)
        .outerjoin(Key, Key.id == models.Entity.data_key_id)
        .order_by(models.EntityVersion.id)
    )
    written = (
        select(
            models.Comment.id,
            models.Comment.submission_id,
            models.Comment.actor_id,
            models.Comment.created_at,
            models.Comment.body_sealed,
            *key,
        )
        .join(Submission, Submission.id == models.Comment.submission_id)
        .outerjoin(Key, Key.id == Submission.data_key_id)
        .order_by(models.Comment.id)
    )
    encryption = (
        select(models.EncryptionKey.id, models.EncryptionKey.project_id, models.EncryptionKey.private_sealed, *key)
        .outerjoin(Key, Key.id == models.EncryptionKey.data_key_id)
        .where(models.EncryptionKey.private_sealed.is_not(None))
        .order_by(models.EncryptionKey.id)
    )
    return (
        ("submission_versions", versions, lambda row: _check_version(row, content_key)),
        ("submission_attachments", files, lambda row: _check_file(row, content_key)),
        ("quarantine", kept, lambda row: _check_file(row, content_key)),
        ("entity_versions", cases, _check_case),
        ("comments", written, _check_comment),
        ("encryption_keys", encryption, _check_encryption_key),
    )


def _walk(statement: Any) -> Iterator[Row[Any]]:
    """Page by page, each in a transaction of its own: a check of hours must hold nothing up."""
    number = _number(statement)
    last = 0
    while True:
        page = db.session.execute(statement.where(number > last).limit(BATCH)).all()
        db.session.rollback()
        yield from page
        if len(page) < BATCH:
            return
        last = page[-1].id


def _number(statement: Any) -> Any:
    return next(iter(statement.selected_columns))


def _fault(check: Check, row: Row[Any]) -> str | None:
    try:
        check(row)
    except _Wrong as wrong:
        return wrong.kind
    return None


def _is_still_so(statement: Any, row: Row[Any], check: Check) -> bool:
    """Looked at again: an erasure or an edit may have come between the row and its file."""
    now_says = db.session.execute(statement.where(_number(statement) == row.id)).first()
    db.session.rollback()
    return now_says is not None and _fault(check, now_says) is not None


def _key(row: Row[Any]) -> bytes:
    try:
        if row.wrapped is None:
            raise SealBroken
        return runtime().keyring.unwrap(row.wrapped, row.wrapping_key_id, row.purpose)
    except SealBroken:
        raise _Wrong(MISSING_KEY) from None


def _check_version(row: Row[Any], content_key: bytes) -> None:
    if row.destroyed_at is not None:
        if row.xml_sealed or row.sealed or row.clear:
            raise _Wrong(OTHER_CONTENT)  # an erasure leaves nothing
        return
    key, where = _key(row), place(row.form_id, row.is_draft, row.instance_id)
    try:
        xml = open_xml(key, where, row.xml_sealed)
        open_instance_name(key, where, row.sealed)
    except (SealBroken, ValueError):
        raise _Wrong(BROKEN_SEAL) from None
    if not hmac.compare_digest(keyed_hash(content_key, xml), row.xml_hmac):
        raise _Wrong(OTHER_CONTENT)


def _check_file(row: Row[Any], content_key: bytes) -> None:
    key = _key(row)
    digest = hmac.new(content_key, digestmod="sha256")
    size = 0
    try:
        chunks = read_file(key, row.blob_key, row.file_key_sealed)
    except SealBroken:
        raise _Wrong(BROKEN_SEAL) from None
    except BlobMissing:
        raise _Wrong(DANGLING) from None
    try:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
    except SealBroken:
        raise _Wrong(ROT) from None
    except BlobMissing:
        raise _Wrong(DANGLING) from None
    if not hmac.compare_digest(digest.digest(), row.content_hmac) or size != row.size_bytes:
        raise _Wrong(OTHER_CONTENT)


def _check_case(row: Row[Any]) -> None:
    try:
        open_sealed(_key(row), row.sealed, f"entity|{row.uuid}|{row.version}")
    except SealBroken:
        raise _Wrong(BROKEN_SEAL) from None


def _check_comment(row: Row[Any]) -> None:
    try:
        open_body(_key(row), row)
    except SealBroken:
        raise _Wrong(BROKEN_SEAL) from None


def _check_encryption_key(row: Row[Any]) -> None:
    try:
        open_private(_key(row), row)
    except SealBroken:
        raise _Wrong(BROKEN_SEAL) from None


def _orphans() -> int:
    """Files that no row names now. One may be an upload that is arriving."""
    count, batch = 0, []
    for key, _ in runtime().store.list():
        batch.append(key)
        if len(batch) == BATCH:
            count += len(batch) - len(queries.named(batch))
            batch = []
    return count + len(batch) - len(queries.named(batch))
