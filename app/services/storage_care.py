"""What does the operator need of a storage beyond its four verbs?

Unfinished uploads, the storage's own clock, and writing a file back under the name that it had.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, cast

from app.storage import BlobStore, BlobWriter
from app.storage.directory import DirectoryStore


class _Bucket(Protocol):
    """What a storage of objects can do besides."""

    def abandon_unfinished(self, before: datetime) -> int: ...

    def put_as(self, key: str) -> AbstractContextManager[BlobWriter]: ...


def store_clock(store: BlobStore) -> datetime:
    """What time is it by the clock that dates the storage's files? Found by writing one and looking at it."""
    with store.put() as probe:
        probe.write(b"")
    try:
        if isinstance(store, DirectoryStore):
            return datetime.fromtimestamp(_path(store, probe.key).stat().st_mtime, UTC)
        return next(moment for key, moment in store.list() if key == probe.key)
    finally:
        store.delete(probe.key)


def unfinished(store: BlobStore) -> Iterator[tuple[str, datetime]]:
    """Uploads that never became files, with the moment of the last write. A bucket's are in no list."""
    if not isinstance(store, DirectoryStore):
        return
    for path in sorted((store.folder / "tmp").glob("*")):
        with suppress(FileNotFoundError):  # it has become a file meanwhile
            yield path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC)


def delete_unfinished(store: BlobStore, name: str) -> None:
    """Take one of them away."""
    if isinstance(store, DirectoryStore):
        (store.folder / "tmp" / Path(name).name).unlink(missing_ok=True)


def abandon_unfinished(store: BlobStore, before: datetime) -> int:
    """Give up a bucket's uploads that were begun before this moment; how many. A folder's are listed instead."""
    return 0 if isinstance(store, DirectoryStore) else cast("_Bucket", store).abandon_unfinished(before)


def put_back(store: BlobStore, key: str, chunks: Iterable[bytes]) -> None:
    """Write a file under the name that it had: a sealed file opens under no other. Durable when this returns.

    Raises OSError, StorageFull or StorageUnavailable; nothing is left then.
    """
    if isinstance(store, DirectoryStore):
        _put_back_in_folder(store, key, chunks)
    else:
        with cast("_Bucket", store).put_as(key) as blob:
            for chunk in chunks:
                blob.write(chunk)


def _put_back_in_folder(store: DirectoryStore, key: str, chunks: Iterable[bytes]) -> None:
    final = _path(store, key)
    temporary = store.folder / "tmp" / key
    for folder in (temporary.parent, final.parent):
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _sync(folder.parent)
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(final)
        _sync(final.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _path(store: DirectoryStore, key: str) -> Path:
    return store.folder / key[:2] / key


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
