"""What was erased, so that it never comes back: not from a phone, and not from an old backup?

The ledger is kept twice: as rows, which intake asks, and as lines of a file beside the key file, which no restored
database takes back. It holds no instance ID, only a hash of it under a key of the server's own. An ID under which
something can still be read gets no line, unless it goes too: a restore would erase that as well.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from app import problems
from app.clock import now
from app.config import Settings
from app.db import db, models
from app.db.insert import insert_if_new
from app.db.queries.forms import forms_called
from app.db.queries.intake import has_erased
from app.runtime import runtime
from app.sealing.envelope import keyed_hash
from app.services.keys import CONTENT_HASH, server_key

REASON_CHARACTERS = 255
# Phones that send meanwhile wait as long.
_MOST_MS = 1000
# PostgreSQL's error code lock_not_available.
_NOT_AVAILABLE = "55P03"

# Made once: each submission is looked for. What it writes is hashed, and must stay as it is.
_NAMED = json.JSONEncoder(ensure_ascii=False)


@dataclass(frozen=True)
class LedgerLine:
    """One instance ID that was erased. `key` names the server's key under which the hash was made."""

    key: str
    item_hash: bytes
    erased_at: datetime
    actor_id: int | None
    reason: str


def ledger_path(settings: Settings) -> Path:
    """Beside the key file, away from the database and its backups."""
    return settings.key_path.parent / "erasures.ledger"


def item_hash(project_id: int, xml_form_id: str, instance_id: str) -> bytes:
    """The keyed hash of one instance ID. By the form's ID, so that a form that is made anew does not forget."""
    named = _NAMED.encode([project_id, xml_form_id, instance_id])
    return keyed_hash(server_key(CONTENT_HASH), b"erased|" + named.encode())


def ledger_key() -> str:
    """The name of the key of this installation's hashes; another installation's lines are not ours."""
    return keyed_hash(server_key(CONTENT_HASH), b"erasure-ledger").hex()[:16]


def is_erased(form_id: int, instance_id: str) -> bool:
    """Was this erased? Then it must not be stored again. One look in an index; the form is known from before."""
    form = db.session.get(models.Form, form_id)
    return form is not None and any_is_erased(form.project_id, form.xml_form_id, [instance_id])


def any_is_erased(project_id: int, xml_form_id: str, instance_ids: Sequence[str]) -> bool:
    """Was one of these, one or two, erased? One look in an index."""
    return has_erased([item_hash(project_id, xml_form_id, each) for each in instance_ids])


def keep_intake_out() -> None:
    """Wait for who has looked into the ledger and is on the way in, and let nobody look until the transaction ends.

    Who comes in looks first, in the transaction that writes. So what somebody was about to send is there to be seen
    after this, or they see what is written after it. To be asked before anything else is locked. On SQLite, where one
    writes at a time, nothing is to be done.

    Raises Problem 503.1 if somebody reads the ledger for longer, as a backup does: no phone waits for that.
    """
    if db.engine.dialect.name != "postgresql":
        return
    try:
        db.session.execute(text(f"SET LOCAL lock_timeout = '{_MOST_MS}ms'"))
        db.session.execute(text("LOCK TABLE erasures IN ACCESS EXCLUSIVE MODE"))
        db.session.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _NOT_AVAILABLE:
            raise
        raise problems.unavailable("the ledger of what was erased is being read; it is tried again later") from None


def held_still(form: models.Form, instance_ids: Collection[str]) -> set[str]:
    """Under which of these is there something that can be read or restored, in any form that has or had this ID?"""
    version, submission, key = models.SubmissionVersion, models.Submission, models.DataKey
    statement = (
        select(version.instance_id)
        .join(submission, submission.id == version.submission_id)
        .join(key, key.id == submission.data_key_id)
        .where(
            version.form_id.in_([each.id for each in forms_called(form.project_id, form.xml_form_id)]),
            version.instance_id.in_(instance_ids),
            version.is_draft.is_(False),
            key.wrapped.is_not(None),
        )
    )
    return set(db.session.scalars(statement))


def remember_erased(
    form: models.Form, instance_ids: Iterable[str], reason: str, *, actor_id: int | None = None
) -> None:
    """Write the form's instance IDs into both, as the last thing before the running transaction is committed.

    Raises Problem 503.1 if the file cannot be written.
    """
    key, moment = ledger_key(), now()
    lines = [
        LedgerLine(key, item_hash(form.project_id, form.xml_form_id, each), moment, actor_id, reason)
        for each in sorted(instance_ids)
    ]
    if not lines:
        return
    add_rows(lines)
    db.session.flush()
    path = ledger_path(runtime().settings)
    try:
        # Before the commit: what the file says and the database does not will be erased at the next restore, which
        # is what was asked for; the other way round an old backup would bring the person back.
        append_lines(path, lines)
    except OSError as error:
        raise problems.unavailable(
            f"nothing was erased, since {path} cannot be written ({error.strerror}); run the command with"
            " SPORTEL_KEY_FILE naming the key file in a folder that can be written"
        ) from None


def add_rows(lines: Iterable[LedgerLine]) -> None:
    """The lines as rows, in the running transaction; those that are there stay as they are."""
    for line in lines:
        insert_if_new(
            models.Erasure,
            item_hash=line.item_hash,
            erased_at=line.erased_at,
            actor_id=line.actor_id,
            reason=line.reason,
        )


def append_lines(path: Path, added: Iterable[LedgerLine]) -> None:
    """Write lines that are durable when this returns. Lines that are there are not written again."""
    new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        content = file.read()
        known = {(line.key, line.item_hash) for line in _parsed(content)}
        if content and not content.endswith("\n"):
            file.write("\n")  # a line that a crash cut off stays alone
        for line in added:
            if (line.key, line.item_hash) not in known:
                file.write(_written(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
    if new:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_lines(path: Path) -> list[LedgerLine]:
    """The lines of the file; none if it is not there. A line that a crash cut off is left out."""
    try:
        return list(_parsed(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return []


def write_missing_lines(settings: Settings) -> None:
    """Bring the file up to the rows: another server, or one that was killed, may have left lines out."""
    append_lines(ledger_path(settings), list(_rows()))
    db.session.rollback()


def _rows() -> Iterator[LedgerLine]:
    key = ledger_key()
    for row in db.session.scalars(select(models.Erasure).order_by(models.Erasure.id)):
        yield LedgerLine(key, row.item_hash, row.erased_at, row.actor_id, row.reason)


def _written(line: LedgerLine) -> str:
    at = line.erased_at.astimezone(UTC).isoformat()
    document = {"key": line.key, "item": line.item_hash.hex(), "at": at, "actor": line.actor_id, "reason": line.reason}
    return json.dumps(document, ensure_ascii=False)


def _parsed(content: str) -> Iterator[LedgerLine]:
    for line in content.splitlines():
        try:
            read = json.loads(line)
            yield LedgerLine(
                read["key"],
                bytes.fromhex(read["item"]),
                datetime.fromisoformat(read["at"]),
                read["actor"],
                read["reason"],
            )
        except (ValueError, KeyError, TypeError):
            continue
