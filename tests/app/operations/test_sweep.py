"""The sweep takes away what a crash left behind, and never what is about to get a row."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.clock import now
from app.db import db, models
from app.db.queries import blobs as blob_queries
from app.runtime import Runtime, runtime
from app.services.keys import add_data_key
from app.services.sweep import sweep
from app.services.transaction import transaction
from tests.app.looking import blobs, count, named_blobs
from tests.app.operations.places import fill, run
from tests.support.backend import Backend

NOTHING = timedelta(0)
YESTERDAY = 25 * 3600


def orphan(backend: Backend, *, age_seconds: float = YESTERDAY) -> str:
    """A file in the storage that no row names; its key."""
    with backend.app.app_context(), runtime().store.put() as blob:
        blob.write(b"sealed")
    older(backend.folder / "blobs" / blob.key[:2] / blob.key, age_seconds)
    return blob.key


def test_however_many_files_are_asked_for_those_that_a_row_names_are_found(backend: Backend) -> None:
    fill(backend)
    kept = named_blobs(backend)
    with backend.app.app_context():
        assert blob_queries.named({f"{number:040x}" for number in range(40_000)} | kept) == kept
    assert kept


def older(path: Path, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def swept(backend: Backend, **options: Any) -> dict[str, tuple[int, int]]:
    """Sweep; marked and deleted by kind."""
    with backend.app.app_context():
        return {each.kind: (each.marked, each.deleted) for each in sweep(**options)}


def test_the_first_sweep_marks_an_orphan_and_the_second_deletes_it(backend: Backend) -> None:
    fill(backend)
    key = orphan(backend)
    assert swept(backend)["blob"] == (1, 0)
    assert key in blobs(backend)
    assert swept(backend)["blob"] == (0, 1)
    assert blobs(backend) == named_blobs(backend)
    assert count(backend, models.SweepMark) == 0


def test_a_young_file_is_left_alone_by_the_storages_clock(backend: Backend) -> None:
    key = orphan(backend, age_seconds=23 * 3600)
    assert swept(backend)["blob"] == (0, 0)
    assert swept(backend, at_once=True)["blob"] == (0, 0)
    assert blobs(backend) == {key}
    assert swept(backend, older_than=timedelta(hours=22), at_once=True)["blob"] == (0, 1)


def test_every_named_file_stays_whatever_its_age(backend: Backend) -> None:
    fill(backend)
    for path in (backend.folder / "blobs").glob("??/*"):
        older(path, YESTERDAY)
    before = blobs(backend)
    for _ in range(3):
        assert swept(backend)["blob"] == (0, 0)
    assert blobs(backend) == before == named_blobs(backend)


def give_a_row(key: str) -> None:
    """What intake does after the file is durable."""
    with transaction():
        slot = db.session.scalars(
            select(models.SubmissionAttachment).where(models.SubmissionAttachment.blob_key.is_(None))
        ).first()
        assert slot is not None
        slot.blob_key = key


def test_a_marked_file_that_gets_a_row_before_the_second_sweep_stays(backend: Backend) -> None:
    phone = fill(backend)
    phone.send('<data id="visit" version="1"><pic>late.jpg</pic><meta><instanceID>uuid:late</instanceID></meta></data>')
    key = orphan(backend)
    assert swept(backend)["blob"] == (1, 0)
    with backend.app.app_context():
        give_a_row(key)
    assert swept(backend)["blob"] == (0, 0)
    assert key in blobs(backend)
    assert count(backend, models.SweepMark) == 0


class Interleaved:
    """A storage in which, the moment after it was listed, an upload that was in flight gets its row."""

    def __init__(self, store: Any, key: str) -> None:
        self._store, self._key = store, key

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def list(self) -> Iterator[tuple[str, datetime]]:
        found = list(self._store.list())
        give_a_row(self._key)
        return iter(found)


def test_a_file_that_gets_its_row_between_the_listing_and_the_query_stays(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = fill(backend)
    phone.send('<data id="visit" version="1"><pic>late.jpg</pic><meta><instanceID>uuid:late</instanceID></meta></data>')
    key = orphan(backend)
    real = backend.app.extensions["sportel"]
    clock = "app.services.sweep.store_clock"
    monkeypatch.setattr(clock, lambda store: datetime.now(UTC))
    monkeypatch.setattr("app.services.sweep.unfinished", lambda store: iter(()))
    monkeypatch.setattr("app.services.sweep.abandon_unfinished", lambda store, before: 0)
    monkeypatch.setitem(
        backend.app.extensions, "sportel", Runtime(real.settings, real.keyring, Interleaved(real.store, key))
    )
    # Even with no grace at all: the database is asked after the storage.
    assert swept(backend, older_than=NOTHING, at_once=True)["blob"] == (0, 0)
    assert key in blobs(backend)


def test_unfinished_uploads_go_after_the_second_sweep_too(backend: Backend) -> None:
    folder = backend.folder / "blobs" / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cut-off").write_bytes(b"half")
    older(folder / "cut-off", YESTERDAY)
    (folder / "arriving").write_bytes(b"half")
    assert swept(backend)["unfinished"] == (1, 0)
    assert swept(backend)["unfinished"] == (0, 1)
    assert [path.name for path in folder.iterdir()] == ["arriving"]


def test_data_keys_that_nothing_refers_to_are_swept_and_the_servers_own_are_not(backend: Backend) -> None:
    fill(backend)
    with backend.app.app_context():
        with transaction():
            key_id, _ = add_data_key("submission")
        before = count(backend, models.DataKey)
        with transaction():
            for row in db.session.scalars(select(models.DataKey)):
                row.created_at = now() - timedelta(hours=25)
    assert swept(backend)["data-key"] == (1, 0)
    assert swept(backend)["data-key"] == (0, 1)
    assert count(backend, models.DataKey) == before - 1
    assert count(backend, models.DataKey, models.DataKey.id == key_id) == 0
    assert run(backend, "fsck").exit_code == 0


def test_every_column_that_names_files_or_keys_is_asked(backend: Backend) -> None:
    assert {f"{column.table.name}.{column.name}" for column in blob_queries.blob_columns()} >= {
        "submission_attachments.blob_key",
        "quarantine.blob_key",
    }
    assert {f"{column.table.name}.{column.name}" for column in blob_queries.data_key_columns()} >= {
        "submissions.data_key_id",
        "entities.data_key_id",
        "quarantine.data_key_id",
    }
    suspicious = {
        f"{table.name}.{column.name}"
        for table in db.metadata.sorted_tables
        for column in table.columns
        if "blob" in column.name and column.name != "blob_key"
    }
    assert suspicious == set()


def test_many_orphans_go_in_batches(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.sweep.BATCH", 3)
    fill(backend)
    for _ in range(8):
        orphan(backend)
    assert swept(backend)["blob"] == (8, 0)
    assert swept(backend)["blob"] == (0, 8)
    assert blobs(backend) == named_blobs(backend)


def test_a_sweep_that_was_killed_between_file_and_mark_is_finished_by_the_next(backend: Backend) -> None:
    key = orphan(backend)
    swept(backend)
    (backend.folder / "blobs" / key[:2] / key).unlink()
    assert swept(backend)["blob"] == (0, 0)
    assert count(backend, models.SweepMark) == 0


def test_the_command_tells_what_it_did(backend: Backend) -> None:
    orphan(backend)
    told = run(backend, "sweep", "--now", "--json")
    assert told.exit_code == 0
    by_kind = {each["kind"]: each for each in json.loads(told.stdout)["swept"]}
    assert by_kind["blob"] == {"kind": "blob", "seen": 1, "marked": 0, "deleted": 1}
    assert "blob: 0 seen, 0 marked, 0 deleted" in run(backend, "sweep").stdout
