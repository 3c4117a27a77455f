"""How is everything copied at one moment while submissions go on arriving, into one file that only its owner opens?

The rows come from one snapshot; the files are those that the snapshot's rows name, and a file is durable before its
row, so it is there. They stay sealed. The key file is never part of it: who finds the backup and its key still needs
the key file, and who has the key file needs the backup.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, select

from app.clock import now, to_iso
from app.crash_points import crash_point
from app.db import db, models
from app.db.head import expected_revision, present_revision
from app.db.queries import blobs as queries
from app.runtime import runtime
from app.sealing.key_source import read_keys
from app.services.age_files import Lock, encrypting
from app.services.backup_archive import ArchiveWriter, Header, Manifest
from app.services.canonical_dump import lines, shapes, snapshot
from app.services.erasure_ledger import write_missing_lines
from app.services.operation import OperationRefused, Progress, silent, told_in_one_line
from app.storage import BlobMissing


@dataclass(frozen=True)
class BackedUp:
    """What was made. `absent` are files that rows name and that the storage does not have: run fsck."""

    file: Path
    size_bytes: int
    rows: int
    blobs: int
    absent: tuple[str, ...]
    wrapping_keys: tuple[str, ...]


def back_up(file: Path, lock: Lock, progress: Progress = silent) -> BackedUp:
    """Make the backup `file`, which must not be there yet; it appears when it is whole. Raises OperationRefused."""
    if present_revision() != expected_revision():
        raise OperationRefused("the database is not at this Sportel's revision; run: flask sportel setup")
    with told_in_one_line():
        ring = read_keys(runtime().settings.key_path, runtime().settings.key_command)
        write_missing_lines(runtime().settings)
        with _appearing_whole(file) as target, encrypting(target, lock) as sink, snapshot() as connection:
            used = select(models.DataKey.wrapping_key_id).where(models.DataKey.wrapped.is_not(None)).distinct()
            header = Header(
                revision=expected_revision(),
                database=db.engine.dialect.name,
                made_at=to_iso(now()) or "",
                shapes=tuple(shapes()),
                wrapping_keys=tuple(sorted(connection.scalars(used))),
                signed_with=ring.active_id,
            )
            made = _write(ArchiveWriter(sink, header, ring), header, connection, progress)
        rows = sum(each.rows for each in made.tables.values())
        return BackedUp(file, file.stat().st_size, rows, made.blobs, made.absent, header.wrapping_keys)


def _write(archive: ArchiveWriter, header: Header, connection: Connection, progress: Progress) -> Manifest:
    done = 0
    for shape in header.shapes:
        rows = 0
        for rows in archive.add_table(shape.name, lines(connection, shape)):
            progress("backup: rows", done + rows, None)
        done += rows
    crash_point("backup.rows")
    total = connection.scalar(queries.count_named()) or 0
    absent: list[str] = []
    named = connection.execution_options(yield_per=500).scalars(queries.all_named())
    for number, key in enumerate(named, start=1):
        try:
            with runtime().store.open(key) as source:
                archive.add_blob(key, source)
        except BlobMissing:
            absent.append(key)
        progress("backup: files", number, total)
    # What was erased since the snapshot is rightly away; what a row still names is missing.
    still = queries.named(absent)
    db.session.rollback()
    return archive.end(key for key in absent if key in still)


@contextmanager
def _appearing_whole(file: Path) -> Iterator[BinaryIO]:
    """A file that is there only when the block has ended well, and is durable then."""
    if file.exists():
        raise OperationRefused(f"{file} is already there; name another file, a backup is never overwritten")
    part = file.with_name(f".{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        crash_point("backup.synced")
        part.rename(file)
        crash_point("backup.renamed")
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
