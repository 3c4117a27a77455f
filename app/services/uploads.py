"""How does a file that is arriving become a sealed file in the storage, and how is it read back?"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import structlog

from app import problems
from app.runtime import runtime
from app.sealing.envelope import new_key, open_sealed, seal
from app.sealing.stream import SealingWriter, open_stream
from app.services.keys import CONTENT_HASH, server_key
from app.storage import StorageUnavailable

log = structlog.get_logger("sportel.uploads")


@dataclass(frozen=True, repr=False)
class StoredFile:
    """A file that is durable in the storage, sealed under its own key, and not yet in any row.

    `content_hmac` tells equal content from other content without telling what it is.
    """

    name: str
    content_type: str
    blob_key: str
    file_key: bytes
    content_hmac: bytes
    size_bytes: int


def store_file(name: str, content_type: str, chunks: Iterable[bytes], *, max_bytes: int) -> StoredFile:
    """Seal the chunks into the storage as they come. Raises Problem 413.1 over the limit; nothing is left then."""
    file_key = new_key()
    digest = hmac.new(server_key(CONTENT_HASH), digestmod="sha256")
    size = 0
    with runtime().store.put() as blob:
        writer = SealingWriter(blob, file_key, blob.key)
        for chunk in chunks:
            size += len(chunk)
            if size > max_bytes:
                raise problems.too_large("A file", max_bytes)
            digest.update(chunk)
            writer.write(chunk)
        writer.finish()
    return StoredFile(name, content_type, blob.key, file_key, digest.digest(), size)


def seal_file_key(data_key: bytes, file: StoredFile) -> bytes:
    """The file's key as its row keeps it: erasing the record's data key erases the file."""
    return seal(data_key, file.file_key, f"file-key|{file.blob_key}")


def open_file_key(data_key: bytes, blob_key: str, file_key_sealed: bytes) -> bytes:
    """The file's key again. Raises SealBroken."""
    return open_sealed(data_key, file_key_sealed, f"file-key|{blob_key}")


def read_file(data_key: bytes, blob_key: str, file_key_sealed: bytes) -> Iterator[bytes]:
    """The file's content in chunks. Raises SealBroken or BlobMissing."""
    file_key = open_file_key(data_key, blob_key, file_key_sealed)

    def chunks() -> Iterator[bytes]:
        with runtime().store.open(blob_key) as source:
            yield b""
            yield from open_stream(source, file_key, blob_key)

    found = chunks()
    # Opened before the answer begins: half an answer cannot be taken back. Who never reads on closes it all the same.
    next(found)
    return found


def discard_files(files: Iterable[StoredFile]) -> None:
    """Take away files that no row will name. What a crash leaves, the sweep finds."""
    discard_blobs(file.blob_key for file in files)


def discard_blobs(keys: Iterable[str]) -> None:
    """The same, by their keys in the storage."""
    for key in keys:
        try:
            runtime().store.delete(key)
        except (OSError, StorageUnavailable) as error:
            # What was decided before stands: a file too many is the sweep's work.
            log.warning("storage.not-deleted", error=type(error).__name__)
