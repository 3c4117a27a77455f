"""How does an S3 bucket keep files so that an acknowledged one is there, whole?

A small file is one PUT, a large one an upload in parts; both carry a SHA-256 that the store compares, and both are
there only after its 200. What fails is given up and deleted, so that nothing half remains.
Source: docs.aws.amazon.com/AmazonS3/latest/API.

This module loads botocore (about 30 MB): import it only when S3 is configured.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.storage import BlobMissing, StorageFull, StorageUnavailable

_KEY = re.compile(r"[0-9a-f]{40}")
# The smallest part that S3 takes. Each file that is arriving has one such part in memory.
PART_BYTES = 5 * 1024 * 1024
# Three tries of at most 13 s each: a phone that waits 60 s hears of a storage that is away.
CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 3, 10, 3
# What stores say when there is no room: a quota, or a disk (AWS itself never says so).
_FULL = frozenset({"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage"})
_MISSING = frozenset({"NoSuchKey", "404", "NotFound"})


@dataclass(frozen=True)
class Place:
    """Which bucket, and where is it? `prefix` is without slashes at its ends; `endpoint` None is Amazon's."""

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class Credentials:
    """Given ones; without them botocore looks where it always does (variables, ~/.aws, the machine's role)."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@contextmanager
def _told() -> Iterator[None]:
    """Turn botocore's errors into ours. Only the error's name is told: its text may hold an address or an account."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if code in _MISSING:
            raise BlobMissing("a file is missing from the storage bucket") from None
        if code in _FULL or status == 507:
            raise StorageFull from None
        raise StorageUnavailable(code if code.isalnum() else "unknown") from None
    except BotoCoreError as error:
        raise StorageUnavailable(type(error).__name__) from None


def _sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


class S3Store:
    """Objects under one prefix of a bucket that is there already."""

    def __init__(self, place: Place, credentials: Credentials | None = None) -> None:
        self._place, self._credentials = place, credentials
        self._lock = threading.Lock()
        # Made before the workers are, so that they share its memory; used by one process only (see _call).
        self._client = self._new_client()
        self._user: int | None = None

    def put(self) -> AbstractContextManager[_Upload]:
        return self.put_as(secrets.token_hex(20))

    @contextmanager
    def put_as(self, key: str) -> Iterator[_Upload]:
        """A writer like that of `put`, for a file that has its key already."""
        upload = _Upload(self, key)
        try:
            yield upload
            upload.finish()
        except BaseException:
            upload.give_up()
            raise

    def open(self, key: str) -> BinaryIO:
        body = self.call("get_object", key=key)["Body"]
        return cast("BinaryIO", io.BufferedReader(_Download(body)))

    def delete(self, key: str) -> None:
        self._object_name(key)  # a key of another shape is an error, as everywhere
        with suppress(BlobMissing):
            self.call("delete_object", key=key)

    def list(self) -> Iterator[tuple[str, datetime]]:
        token: dict[str, str] = {}
        while True:
            page = self.call("list_objects_v2", Prefix=self._folder, **token)
            for found in page.get("Contents", ()):
                key = found["Key"].removeprefix(self._folder)
                if _KEY.fullmatch(key):
                    yield key, found["LastModified"].astimezone(UTC)
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def fault(self) -> str | None:
        """Begin an upload and give it up: shows that the bucket is there and may be written, and leaves nothing."""
        try:
            begun = self.call("create_multipart_upload", key="0" * 40)
            self.call("abort_multipart_upload", key="0" * 40, UploadId=begun["UploadId"])
        except StorageFull:
            return "the bucket has no room"
        except StorageUnavailable as error:
            return f"the bucket cannot be written ({error})"
        return None

    def abandon_unfinished(self, before: datetime) -> int:
        """Take away the parts of uploads that were begun before this moment and never ended; how many uploads.

        A crash leaves them: they are in no list and cost room.
        """
        abandoned = 0
        marker: dict[str, str] = {}
        while True:
            page = self.call("list_multipart_uploads", Prefix=self._folder, **marker)
            for upload in page.get("Uploads", ()):
                key = upload["Key"].removeprefix(self._folder)
                if _KEY.fullmatch(key) and upload["Initiated"] < before:
                    self.call("abort_multipart_upload", key=key, UploadId=upload["UploadId"])
                    abandoned += 1
            if not page.get("IsTruncated"):
                return abandoned
            marker = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}

    def call(self, operation: str, *, key: str | None = None, **arguments: Any) -> Any:
        """One request to the store. Raises BlobMissing, StorageFull, StorageUnavailable."""
        if key is not None:
            arguments["Key"] = self._object_name(key)
        with self._lock:
            # A connection must not be used by two processes: after a fork the child makes its own.
            if self._user not in (None, os.getpid()):
                self._client = self._new_client()
            self._user = os.getpid()
            client = self._client
        with _told():
            return getattr(client, operation)(Bucket=self._place.bucket, **arguments)

    @property
    def _folder(self) -> str:
        return f"{self._place.prefix}/" if self._place.prefix else ""

    def _object_name(self, key: str) -> str:
        if not _KEY.fullmatch(key):
            raise BlobMissing("a storage key has the wrong shape")
        return self._folder + key

    def _new_client(self) -> Any:
        given = self._credentials
        known = (
            {}
            if given is None
            else {
                "aws_access_key_id": given.access_key_id,
                "aws_secret_access_key": given.secret_access_key,
                "aws_session_token": given.session_token,
            }
        )
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=64,
            # We give each body's SHA-256 ourselves; with it the body is part of what is signed.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"payload_signing_enabled": True, "addressing_style": "path" if self._place.endpoint else "auto"},
        )
        with _told():
            return botocore.session.get_session().create_client(
                "s3",
                region_name=self._place.region,
                endpoint_url=self._place.endpoint,
                config=config,
                **known,
            )


class _Upload:
    """A file that is being written: collected into parts, each sent as soon as it is full."""

    def __init__(self, store: S3Store, key: str) -> None:
        self.key, self._store = key, store
        self._buffer = bytearray()
        self._upload_id: str | None = None
        self._parts: list[dict[str, Any]] = []
        self._may_be_there = False

    def write(self, data: bytes, /) -> int:
        self._buffer += data
        while len(self._buffer) >= PART_BYTES:
            part = bytes(memoryview(self._buffer)[:PART_BYTES])
            del self._buffer[:PART_BYTES]
            self._send_part(part)
        return len(data)

    def finish(self) -> None:
        """Make it an object. Raises StorageFull, StorageUnavailable."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        if self._upload_id is None:
            self._may_be_there = True
            self._store.call("put_object", key=self.key, Body=rest, ChecksumSHA256=_sha256(rest))
            return
        if rest:
            self._send_part(rest)
        self._may_be_there = True
        self._store.call(
            "complete_multipart_upload",
            key=self.key,
            UploadId=self._upload_id,
            MultipartUpload={"Parts": self._parts},
        )

    def give_up(self) -> None:
        """Leave nothing. What cannot be taken away now is in no row, and the sweep finds it."""
        with suppress(StorageFull, StorageUnavailable, BlobMissing):
            if self._upload_id is not None:
                self._store.call("abort_multipart_upload", key=self.key, UploadId=self._upload_id)
        with suppress(StorageFull, StorageUnavailable):
            # An answer that was lost on its way may have been a yes.
            if self._may_be_there:
                self._store.delete(self.key)

    def _send_part(self, part: bytes) -> None:
        if self._upload_id is None:
            begun = self._store.call("create_multipart_upload", key=self.key, ChecksumAlgorithm="SHA256")
            self._upload_id = begun["UploadId"]
        number, checksum = len(self._parts) + 1, _sha256(part)
        sent = self._store.call(
            "upload_part",
            key=self.key,
            UploadId=self._upload_id,
            PartNumber=number,
            Body=part,
            ChecksumSHA256=checksum,
        )
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"], "ChecksumSHA256": checksum})


class _Download(io.RawIOBase):
    """An object's bytes as they come."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        try:
            with _told():
                data = self._body.read(len(buffer))
        except OSError as error:
            raise StorageUnavailable(type(error).__name__) from None
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()
