"""Where do sealed files lie? Behind four verbs: put, open, delete, list.

Keys are random: a name or a hash would tell that two victims' files are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import BinaryIO, Protocol


class BlobMissing(Exception):
    """A row names a file that the storage does not have."""


class StorageFull(Exception):
    """No room is left; nothing was kept."""


class StorageUnavailable(Exception):
    """It cannot be written now (read-only, a failing disk); nothing was kept."""


class BlobWriter(Protocol):
    """A file that is being written; its key is fixed from the beginning."""

    key: str

    def write(self, data: bytes, /) -> object: ...


class BlobStore(Protocol):
    """The four verbs."""

    def put(self) -> AbstractContextManager[BlobWriter]:
        """A writer; when the block ends well the file is durable, otherwise it never was.

        Raises StorageFull or StorageUnavailable.
        """

    def open(self, key: str) -> BinaryIO:
        """The file's bytes. Raises BlobMissing."""

    def delete(self, key: str) -> None:
        """Take the file away; one that is not there is no error."""

    def list(self) -> Iterator[tuple[str, datetime]]:
        """Every key with the moment it became durable, by the storage's clock."""
