"""Where do sealed files lie? Behind four verbs: put, open, delete, list.

Keys are random: a name or a hash would tell that two victims' files are the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from app.config import ConfigError, Settings


class BlobMissing(Exception):
    """A row names a file that the storage does not have."""


class StorageFull(Exception):
    """No room is left; nothing was kept."""


class StorageUnavailable(Exception):
    """It cannot be used now (read-only, a failing disk, a bucket out of reach); nothing was kept."""


class BlobWriter(Protocol):
    """A file that is being written; its key is fixed from the beginning."""

    key: str

    def write(self, data: bytes, /) -> object: ...


class BlobStore(Protocol):
    """The four verbs, and how it is."""

    def put(self) -> AbstractContextManager[BlobWriter]:
        """A writer; when the block ends well the file is durable, otherwise it never was.

        Raises StorageFull or StorageUnavailable.
        """

    def open(self, key: str) -> BinaryIO:
        """The file's bytes. Raises BlobMissing or StorageUnavailable."""

    def delete(self, key: str) -> None:
        """Take the file away; one that is not there is no error. Raises OSError or StorageUnavailable."""

    def list(self) -> Iterator[tuple[str, datetime]]:
        """Every key with the moment it became durable, by the storage's clock."""

    def fault(self) -> str | None:
        """Why nothing can be put now, in a few safe words; None if all is well."""


def make_store(settings: Settings, environment: Mapping[str, str] = os.environ) -> BlobStore:
    """The storage that the settings name. Raises ConfigError; touches no network for S3 with given credentials."""
    if settings.storage_url is None:
        from app.storage.directory import DirectoryStore

        return DirectoryStore(settings.blob_folder)
    # Loaded here only: who keeps files in a folder does not pay for it.
    from app.storage.s3 import Credentials, Place, S3Store

    bucket, _, prefix = settings.storage_url.removeprefix("s3://").partition("/")
    place = Place(bucket, prefix.strip("/"), settings.storage_endpoint, settings.storage_region)
    key_id = _secret("AWS_ACCESS_KEY_ID", environment)
    secret = _secret("AWS_SECRET_ACCESS_KEY", environment)
    if bool(key_id) != bool(secret):
        raise ConfigError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together: give both, or neither")
    token = _secret("AWS_SESSION_TOKEN", environment)
    try:
        return S3Store(place, Credentials(key_id, secret, token) if key_id and secret else None)
    except StorageUnavailable as error:
        raise ConfigError(
            f"SPORTEL_STORAGE_URL cannot be used ({error}); check the credentials and SPORTEL_STORAGE_REGION"
        ) from None


def _secret(variable: str, environment: Mapping[str, str]) -> str | None:
    """The variable's value, or the content of the file that `<variable>_FILE` names."""
    path = environment.get(f"{variable}_FILE")
    if not path:
        return environment.get(variable) or None
    try:
        content = Path(path).read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{variable}_FILE names a file that cannot be read ({type(error).__name__})") from None
    if not content:
        raise ConfigError(f"{variable}_FILE names an empty file")
    return content
