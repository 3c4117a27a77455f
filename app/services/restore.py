"""How does a backup become a running place again, on the same or the other database, or leave nothing behind?

It is read twice. The first time nothing is written: every piece is decrypted, every digest and the signature are
checked. The second time the rows are loaded in one transaction and compared with the backup by their canonical dump,
the erasure ledger is applied, and the files that rows still name are written. What fails takes everything back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from flask import current_app
from sqlalchemy import func, insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from app.crash_points import crash_point
from app.db import db, models
from app.db.head import MIGRATIONS, expected_revision
from app.db.queries import blobs as queries
from app.runtime import runtime
from app.sealing.envelope import Keyring
from app.sealing.key_source import read_keys
from app.services.age_files import decrypting
from app.services.backup_archive import Consumer, Header, Manifest, read_archive
from app.services.canonical_dump import TableShape, digest, values_of
from app.services.erase_submission import erase_again
from app.services.erasure_ledger import add_rows, ledger_key, ledger_path, read_lines, write_missing_lines
from app.services.keys import make_missing_server_keys
from app.services.operation import OperationRefused, Progress, silent, told_in_one_line
from app.services.storage_care import put_back
from app.services.transaction import transaction
from app.storage import StorageUnavailable

_ROWS_AT_ONCE = 500

Unlock = Callable[[bytes | None], list[Any]]


@dataclass(frozen=True)
class Restored:
    """What is there again. `erased_again`: submissions and files that the ledger kept from coming back."""

    made_at: str
    from_database: str
    rows: int
    blobs: int
    absent: tuple[str, ...]
    erased_again: int


def restore(file: Path, unlock: Unlock, progress: Progress = silent) -> Restored:
    """Restore into the configured database and storage, both empty. Raises OperationRefused; nothing is left then."""
    settings = runtime().settings
    with told_in_one_line():
        ring = read_keys(settings.key_path, settings.key_command)
        refuse_if_not_empty()
        with file.open("rb") as source:
            header, manifest = _read(source, unlock, ring, _Checking(progress))
            loading = _Loading(manifest, progress)
            try:
                with loading:
                    _read(source, unlock, ring, loading)
                    loading.tables_done()
                write_missing_lines(settings)
            except BaseException:
                _take_back(loading)
                raise
    rows = sum(each.rows for each in manifest.tables.values())
    return Restored(header.made_at, header.database, rows, len(loading.written), manifest.absent, loading.erased)


def _read(source: BinaryIO, unlock: Unlock, ring: Keyring, consumer: Consumer) -> tuple[Header, Manifest]:
    source.seek(0)
    with decrypting(source, unlock) as plain:
        return read_archive(plain, ring, consumer)


def refuse_if_not_empty() -> None:
    """Raises OperationRefused if the database has a row, or the storage a file."""
    there = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
    ours = [table for table in db.metadata.sorted_tables if table.name in there]
    filled = [table.name for table in ours if db.session.scalar(select(text("1")).select_from(table).limit(1))]
    db.session.rollback()
    if filled:
        raise OperationRefused(
            f"the database is not empty (there are rows in {filled[0]}); restore into a new one:"
            " set SPORTEL_DATABASE_URL or SPORTEL_DATA"
        )
    if next(iter(runtime().store.list()), None) is not None:
        raise OperationRefused(
            "the storage is not empty; restore into a new folder or prefix: set SPORTEL_DATA or SPORTEL_STORAGE_URL"
        )


class _Checking(Consumer):
    """The first reading: what comes is only counted."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._rows, self._blobs = progress, 0, 0

    def header(self, header: Header) -> None:
        known = {path.name.split("_", 1)[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")}
        if header.revision not in known:
            raise OperationRefused(
                f"the backup is of a newer Sportel (tables at revision {header.revision}); install that one first"
            )

    def rows(self, shape: TableShape, lines: list[str]) -> None:
        self._rows += len(lines)
        self._progress("restore: checking rows", self._rows, None)

    def blob(self, key: str, pieces: Iterator[bytes]) -> None:
        self._blobs += 1
        self._progress("restore: checking files", self._blobs, None)


class _Loading(Consumer):
    """The second reading: rows into the tables, then files into the storage."""

    def __init__(self, manifest: Manifest, progress: Progress) -> None:
        self._manifest, self._progress = manifest, progress
        self._open = ExitStack()
        self._header: Header | None = None
        self._own: list[tuple[TableShape, dict[str, Any]]] = []
        self._rows, self._blobs = 0, 0
        self.written: list[str] = []
        self.erased = 0

    def __enter__(self) -> _Loading:
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)

    def header(self, header: Header) -> None:
        from app.db.migrate import downgrade, upgrade  # takes as long to load as the rest of the start

        db.session.rollback()
        downgrade("base")  # tables without rows may be of another revision
        upgrade(header.revision)
        self._header = header
        self._open.enter_context(transaction())

    def rows(self, shape: TableShape, lines: list[str]) -> None:
        clause = shape.clause()
        for start in range(0, len(lines), _ROWS_AT_ONCE):
            batch = [values_of(shape, line) for line in lines[start : start + _ROWS_AT_ONCE]]
            for values in batch:
                self._leave_for_later(shape, values)
            db.session.connection().execute(insert(clause), batch)
        self._rows += len(lines)
        self._progress("restore: rows", self._rows, sum(each.rows for each in self._manifest.tables.values()))

    def _leave_for_later(self, shape: TableShape, values: dict[str, Any]) -> None:
        """A row may refer to one of its own table that comes after it."""
        own = {name: values[name] for name in shape.own_references if values[name] is not None}
        if own:
            self._own.append((shape, {**own, **{name: values[name] for name in shape.key}}))
            values.update(dict.fromkeys(own))

    def tables_done(self) -> None:
        """Compare what was loaded, make it durable, and keep out what was erased. Once."""
        header, self._header = self._header, None
        if header is None:
            return
        self._refer_to_own_table()
        for shape in header.shapes:
            _continue_numbers(shape)
            self._progress(f"restore: comparing {shape.name}", 0, None)
            if digest(db.session.connection(), shape) != self._manifest.tables[shape.name]:
                raise OperationRefused(f"the table {shape.name} did not come out as it was; nothing was restored")
        crash_point("restore.compared")
        self._open.close()  # commits
        crash_point("restore.committed")
        if header.revision != expected_revision():
            from app.db.migrate import upgrade

            upgrade()
        self.erased = _apply_ledger()

    def _refer_to_own_table(self) -> None:
        for shape, values in self._own:
            clause = shape.clause()
            changed = {name: value for name, value in values.items() if name not in shape.key}
            here = [clause.c[name] == values[name] for name in shape.key]
            db.session.connection().execute(update(clause).where(*here).values(changed))

    def blob(self, key: str, pieces: Iterator[bytes]) -> None:
        self.tables_done()
        if queries.named([key]):
            self.written.append(key)
            put_back(runtime().store, key, pieces)
            crash_point("restore.put-back")
        self._blobs += 1
        self._progress("restore: files", self._blobs, self._manifest.blobs)


def _continue_numbers(shape: TableShape) -> None:
    """PostgreSQL gives numbers from a sequence, which does not know of the rows that were loaded."""
    if db.engine.dialect.name != "postgresql" or dict(shape.columns).get(shape.key[0]) != "int":
        return
    (name, *_) = shape.key
    sequence = db.session.scalar(select(func.pg_get_serial_sequence(shape.name, name)))
    if sequence is not None:
        last = db.session.scalar(select(func.max(shape.clause().c[name])))
        db.session.execute(select(func.setval(sequence, last or 1, last is not None)))


def _apply_ledger() -> int:
    """The ledger's file is newer than the backup: what it names must not come back."""
    current_app.extensions.pop("sportel-server-keys", None)  # of whatever was there before
    make_missing_server_keys()  # the backup may be of a version that had fewer
    key = ledger_key()
    found = read_lines(ledger_path(runtime().settings))
    with transaction():
        add_rows(line for line in found if line.key == key)
        hashes = set(db.session.scalars(select(models.Erasure.item_hash)))
    return erase_again(hashes)


def _take_back(loading: _Loading) -> None:
    """Leave the place as empty as it was."""
    from app.db.migrate import downgrade

    db.session.rollback()
    for key in loading.written:
        with suppress(OSError, StorageUnavailable):
            runtime().store.delete(key)
    with suppress(DBAPIError):
        downgrade("base")
