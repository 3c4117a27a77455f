"""How does a folder keep files so that an acknowledged one survives a power cut?

Write under `tmp/`, fsync, rename into `xx/<key>`, fsync the folder: a file is there whole or not at all.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from app.crash_points import crash_point
from app.storage import BlobMissing, StorageFull, StorageUnavailable
from app.storage.free_space import is_almost_full

_KEY = re.compile(r"[0-9a-f]{40}")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Writer:
    def __init__(self, key: str, file: BinaryIO) -> None:
        self.key, self._file = key, file

    def write(self, data: bytes, /) -> int:
        return self._file.write(data)


class DirectoryStore:
    """Files under one folder, which is made on the first write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def put(self) -> Iterator[_Writer]:
        key = secrets.token_hex(20)
        final = self._path(key)
        temporary = self.folder / "tmp" / key
        try:
            for folder in (temporary.parent, final.parent):
                if not folder.is_dir():
                    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                    _sync_folder(folder.parent)
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                crash_point("blob.begun")
                yield _Writer(key, file)
                file.flush()
                crash_point("blob.written")
                os.fsync(file.fileno())
            crash_point("blob.synced")
            temporary.rename(final)
            crash_point("blob.renamed")
            _sync_folder(final.parent)
            crash_point("blob.kept")
        except BaseException as error:
            # Also after the rename: a file whose name may not survive a power cut was never kept.
            for path in (temporary, final):
                with suppress(OSError):
                    path.unlink()
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull from None
            if isinstance(error, OSError):
                raise StorageUnavailable(errno.errorcode.get(error.errno or 0, "unknown")) from None
            raise

    def open(self, key: str) -> BinaryIO:
        try:
            return self._path(key).open("rb")
        except FileNotFoundError:
            raise BlobMissing(f"the file {key} is missing from the storage folder") from None

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def list(self) -> Iterator[tuple[str, datetime]]:
        for path in sorted(self.folder.glob("[0-9a-f][0-9a-f]/*")):
            if _KEY.fullmatch(path.name):
                yield path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def fault(self) -> str | None:
        """Free space is looked at too: a disk that is almost full has no room for a file of the largest size."""
        # The first file makes the folder; what counts until then is where it would be made.
        place = next(folder for folder in (self.folder, *self.folder.parents) if folder.exists())
        if not (place.is_dir() and os.access(place, os.W_OK)):
            return "the folder cannot be written"
        return "less than 5 % of the disk is free" if is_almost_full(place) else None

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise BlobMissing("a storage key has the wrong shape")
        return self.folder / key[:2] / key
