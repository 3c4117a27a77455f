"""How is the wrapping key changed while the service runs, so that a kill at any point loses nothing?

The key file gets a new key first, whole or not at all; the old one stays in it. Then every data key is wrapped
again, a batch a transaction. Whatever batch it is stopped at, every row opens with a key of the file, and the next
run goes on from there. Only when nothing is wrapped by an old key any more may that be dropped.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, update

from app.crash_points import crash_point
from app.db import db, models
from app.runtime import runtime
from app.sealing.envelope import Keyring, SealBroken
from app.sealing.key_source import LATEST_SECONDS, read_keys
from app.sealing.keyfile import KeyFileError, add_key, drop_keys
from app.services.operation import OperationRefused, Progress, silent
from app.services.transaction import transaction

BATCH = 200
# A transaction that began with the old key must have ended: gunicorn ends a request after 120 s.
RETIRE_AFTER_SECONDS = max(600, 2 * LATEST_SECONDS)

Key = models.DataKey


@dataclass(frozen=True)
class Rotation:
    """`new_key_id` is None where an earlier rotation was finished, or where the keys come from a command."""

    active_id: str
    new_key_id: str | None
    rewrapped: int


def rotate_key(progress: Progress = silent) -> Rotation:
    """Add a new active key, unless an earlier rotation is unfinished, and wrap every data key with the active one.

    With SPORTEL_KEY_COMMAND the new key is added where the command gets it from; here the wrapping is done.
    Raises OperationRefused.
    """
    settings = runtime().settings
    ring = _keys()
    new_key_id = None
    if not settings.key_command and not _old_wrapped(ring.active_id):
        try:
            new_key_id = add_key(settings.key_path)
        except KeyFileError as error:
            raise OperationRefused(str(error)) from None
        ring = _keys()
        crash_point("rotation.keyed")
    total = _old_wrapped(ring.active_id)
    done = 0
    # A server that has not looked at the file yet may still wrap with the old key; so until none is left.
    while _old_wrapped(ring.active_id):
        last = 0
        while batch := _wrap_batch(ring, last):
            last, count = batch
            done += count
            progress("rotate-key: data keys", done, max(total, done))
    return Rotation(ring.active_id, new_key_id, done)


def retire_old_keys(*, wait_seconds: float = RETIRE_AFTER_SECONDS) -> tuple[str, ...]:
    """Drop the keys that wrap nothing any more from the key file; their ids. What they wrapped in backups is lost.

    Raises OperationRefused while something is wrapped by one, or too soon after the key file was changed.
    """
    settings = runtime().settings
    ring = _keys()
    if settings.key_command:
        raise OperationRefused(
            "the keys come from SPORTEL_KEY_COMMAND; drop the old lines there: "
            + (", ".join(key_id for key_id in ring.keys if key_id != ring.active_id) or "there are none")
        )
    left = _old_wrapped(ring.active_id)
    if left:
        raise OperationRefused(f"{left} data keys are still wrapped by an old key; run: flask sportel rotate-key")
    age = time.time() - settings.key_path.stat().st_mtime
    if age < wait_seconds:
        raise OperationRefused(
            f"the key file was changed {int(age)} s ago, and a request may still wrap with the old key;"
            f" try again in {int(wait_seconds - age) + 1} s"
        )
    old = tuple(key_id for key_id in ring.keys if key_id != ring.active_id)
    if old:
        try:
            drop_keys(settings.key_path, old)
        except KeyFileError as error:
            raise OperationRefused(str(error)) from None
    return old


def _keys() -> Keyring:
    settings = runtime().settings
    try:
        return read_keys(settings.key_path, settings.key_command)
    except KeyFileError as error:
        raise OperationRefused(str(error)) from None


def _old_wrapped(active_id: str) -> int:
    statement = select(func.count()).select_from(Key).where(Key.wrapping_key_id != active_id, Key.wrapped.is_not(None))
    count = db.session.scalar(statement) or 0
    db.session.rollback()
    return count


def _wrap_batch(ring: Keyring, after_id: int) -> tuple[int, int] | None:
    """Wrap a batch of keys again: the last id and how many; None if there was none."""
    with transaction():
        # Locked: an erasure that destroys a key meanwhile must not find it wrapped again.
        rows = db.session.execute(
            select(Key.id, Key.wrapped, Key.wrapping_key_id, Key.purpose)
            .where(Key.id > after_id, Key.wrapping_key_id != ring.active_id, Key.wrapped.is_not(None))
            .order_by(Key.id)
            .limit(BATCH)
            .with_for_update()
        ).all()
        if not rows:
            return None
        changes = []
        for row in rows:
            try:
                key = ring.unwrap(row.wrapped, row.wrapping_key_id, row.purpose)
            except SealBroken as error:
                raise OperationRefused(f"data key {row.id} does not open ({error}); run: flask sportel fsck") from None
            wrapped, key_id = ring.wrap(key, row.purpose)
            changes.append({"row": row.id, "wrapped": wrapped, "wrapping_key_id": key_id})
        table = Key.__table__
        db.session.connection().execute(
            update(table)  # type: ignore[arg-type]  # a table, typed as any selectable
            .where(table.c.id == bindparam("row"))
            .values(wrapped=bindparam("wrapped"), wrapping_key_id=bindparam("wrapping_key_id")),
            changes,
        )
        crash_point("rotation.wrapped")
    crash_point("rotation.committed")
    return rows[-1].id, len(rows)
