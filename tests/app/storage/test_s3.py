"""What is special to a bucket: checksums, retries with an end, errors that tell no secret, nothing left behind."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.config import ROOT, ConfigError, Settings
from app.storage import BlobMissing, StorageFull, StorageUnavailable, make_store
from app.storage.directory import DirectoryStore
from app.storage.s3 import ATTEMPTS, Credentials, Place, S3Store
from tests.app.storage.scripted import Answer, ScriptedS3, error
from tests.support.s3 import Bucket

SIX_MIB = os.urandom(6 * 1024 * 1024)
BEGUN = Answer(200, b"<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>")
PART = Answer(200, b"", {"ETag": '"part"'})
GONE = Answer(204)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ScriptedS3]]:
    """Makes a server that gives these answers, one a request, and after them 500s."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    servers: list[ScriptedS3] = []

    def start(*answers: Answer) -> ScriptedS3:
        servers.append(ScriptedS3(list(answers)))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def store_at(endpoint: str) -> S3Store:
    return S3Store(Place("bucket", "files", endpoint, "eu-central-1"), Credentials("canary-id", "canary-secret"))


def put(store: S3Store, content: bytes) -> str:
    with store.put() as blob:
        blob.write(content)
    return blob.key


def test_a_put_carries_the_checksum_of_its_content_and_signs_it(scripted: Callable[..., ScriptedS3]) -> None:
    server = scripted(Answer(200))
    key = put(store_at(server.endpoint), b"sealed")
    (request,) = server.requests
    digest = hashlib.sha256(b"sealed")
    assert (request.method, request.path, request.body) == ("PUT", f"/bucket/files/{key}", b"sealed")
    assert request.headers["x-amz-checksum-sha256"] == base64.b64encode(digest.digest()).decode()
    assert request.headers["x-amz-content-sha256"] == digest.hexdigest()


def test_a_large_file_goes_in_parts_with_a_checksum_each(scripted: Callable[..., ScriptedS3]) -> None:
    done = Answer(200, b"<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>")
    server = scripted(BEGUN, PART, PART, done)
    put(store_at(server.endpoint), SIX_MIB)
    assert [(each.method, each.query.split("=")[0]) for each in server.requests] == [
        ("POST", "uploads"),
        ("PUT", "uploadId"),
        ("PUT", "uploadId"),
        ("POST", "uploadId"),
    ]
    first, second = server.requests[1:3]
    assert first.body + second.body == SIX_MIB
    for part in (first, second):
        checksum = base64.b64encode(hashlib.sha256(part.body).digest())
        assert part.headers["x-amz-checksum-sha256"].encode() == checksum
        assert checksum in server.requests[3].body


def test_a_store_that_is_busy_is_asked_again(scripted: Callable[..., ScriptedS3]) -> None:
    server = scripted(error(503, "SlowDown"), error(500, "InternalError"), Answer(200))
    put(store_at(server.endpoint), b"x")
    assert len(server.requests) == ATTEMPTS


@pytest.mark.parametrize(
    ("answer", "expected", "text"),
    [
        (error(503, "SlowDown"), StorageUnavailable, "SlowDown"),
        (error(403, "AccessDenied"), StorageUnavailable, "AccessDenied"),
        (error(403, "InvalidAccessKeyId"), StorageUnavailable, "InvalidAccessKeyId"),
        (error(404, "NoSuchBucket"), StorageUnavailable, "NoSuchBucket"),
        (error(400, "BadDigest"), StorageUnavailable, "BadDigest"),
        (error(403, "canary/code"), StorageUnavailable, "unknown"),
        (error(403, "QuotaExceeded"), StorageFull, ""),
        (error(507, "XMinioStorageFull"), StorageFull, ""),
        (error(507, "Whatever"), StorageFull, ""),
    ],
)
def test_a_refused_put_is_told_by_the_errors_name_alone_and_whatever_may_be_there_is_deleted(
    scripted: Callable[..., ScriptedS3], answer: Answer, expected: type[Exception], text: str
) -> None:
    tries = ATTEMPTS if answer.status in (500, 503) else 1
    server = scripted(*[answer] * tries, GONE)
    with pytest.raises(expected) as raised:
        put(store_at(server.endpoint), b"x")
    assert str(raised.value) == text
    assert [each.method for each in server.requests] == ["PUT"] * tries + ["DELETE"]


@pytest.mark.parametrize("answers", [(BEGUN, error(403, "AccessDenied")), (BEGUN, PART, error(403, "AccessDenied"))])
def test_an_upload_whose_part_is_refused_is_aborted(
    scripted: Callable[..., ScriptedS3], answers: tuple[Answer, ...]
) -> None:
    server = scripted(*answers, GONE)
    with pytest.raises(StorageUnavailable, match="AccessDenied"):
        put(store_at(server.endpoint), SIX_MIB)
    assert (server.requests[-1].method, server.requests[-1].query) == ("DELETE", "uploadId=u1")


def test_an_ending_that_says_200_and_means_no_is_a_no(scripted: Callable[..., ScriptedS3]) -> None:
    # Source: CompleteMultipartUpload, "a request could initially return 200 OK" and an error follow in the body.
    no = Answer(200, b"<Error><Code>InternalError</Code></Error>")
    server = scripted(BEGUN, PART, PART, *[no] * ATTEMPTS, GONE, GONE)
    with pytest.raises(StorageUnavailable, match="InternalError"):
        put(store_at(server.endpoint), SIX_MIB)
    assert [each.method for each in server.requests[-2:]] == ["DELETE", "DELETE"]


def test_an_answer_that_is_lost_is_no_yes_and_the_object_is_deleted(scripted: Callable[..., ScriptedS3]) -> None:
    server = scripted(*[Answer(0)] * ATTEMPTS, GONE)
    with pytest.raises(StorageUnavailable):
        put(store_at(server.endpoint), b"x")
    assert [each.method for each in server.requests] == ["PUT"] * ATTEMPTS + ["DELETE"]


def test_a_server_that_is_not_there_is_told_without_its_address_or_a_credential(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        port = taken.getsockname()[1]
        store = store_at(f"http://127.0.0.1:{port}")
        told = []
        for action in (lambda: put(store, b"x"), lambda: store.open("0" * 40), lambda: store.delete("0" * 40)):
            with pytest.raises(StorageUnavailable) as raised:
                action()
            told.append(str(raised.value))
            assert raised.value.__cause__ is None
        assert store.fault() == "the bucket cannot be written (EndpointConnectionError)"
    assert told == ["EndpointConnectionError"] * 3
    assert "canary" not in caplog.text + repr(vars(store))


def test_a_download_that_breaks_off_is_an_error_and_no_end(scripted: Callable[..., ScriptedS3]) -> None:
    server = scripted(Answer(200, b"half", {"Content-Length": "100"}))
    with store_at(server.endpoint).open("0" * 40) as file, pytest.raises(StorageUnavailable):
        file.read()


def test_a_process_never_uses_the_connection_of_its_parent(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    store = bucket.store()
    unused = store._client
    put(store, b"1")
    assert store._client is unused
    monkeypatch.setattr("app.storage.s3.os.getpid", lambda: -1)
    put(store, b"2")
    assert store._client is not unused
    assert len(list(store.list())) == 2


def test_uploads_that_a_crash_left_are_taken_away_when_they_are_old(bucket: Bucket) -> None:
    store = bucket.store()
    kept = put(store, SIX_MIB)
    begun = store.put()
    begun.__enter__().write(SIX_MIB)
    # The test's server says of every upload that it began in 2010.
    assert store.abandon_unfinished(datetime(2009, 1, 1, tzinfo=UTC)) == 0
    assert store.abandon_unfinished(datetime.now(UTC)) == 1
    assert bucket.lying() == {kept}
    with pytest.raises((StorageUnavailable, BlobMissing)):
        begun.__exit__(None, None, None)


def test_a_bucket_that_is_not_there_is_a_fault(bucket: Bucket) -> None:
    store = S3Store(Place("no-such-bucket", "", bucket.endpoint, "eu-central-1"), Credentials("a", "b"))
    assert store.fault() == "the bucket cannot be written (NoSuchBucket)"


S3_SETTINGS = Settings(storage_url="s3://bucket/a/b/", storage_endpoint="http://127.0.0.1:1", storage_region="x")


def test_without_a_bucket_files_lie_in_the_folder() -> None:
    assert isinstance(make_store(Settings(), {}), DirectoryStore)


def test_credentials_come_from_files_or_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "id").write_text("id-1\n")
    (tmp_path / "secret").write_text("secret-1\n")
    seen = []
    monkeypatch.setattr("app.storage.s3.S3Store", lambda place, credentials: seen.append((place, credentials)))
    files = {"AWS_ACCESS_KEY_ID_FILE": f"{tmp_path}/id", "AWS_SECRET_ACCESS_KEY_FILE": f"{tmp_path}/secret"}
    make_store(S3_SETTINGS, files)
    make_store(S3_SETTINGS, {"AWS_ACCESS_KEY_ID": "i", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"})
    make_store(S3_SETTINGS, {})
    place = Place("bucket", "a/b", "http://127.0.0.1:1", "x")
    given = [Credentials("id-1", "secret-1"), Credentials("i", "s", "t"), None]
    assert seen == [(place, each) for each in given]
    assert "secret-1" not in repr(given[0])


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"AWS_ACCESS_KEY_ID": "canary"}, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together"),
        ({"AWS_SECRET_ACCESS_KEY": "canary"}, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together"),
        ({"AWS_SECRET_ACCESS_KEY_FILE": "/nowhere/canary"}, "AWS_SECRET_ACCESS_KEY_FILE names a file that cannot be"),
        ({"AWS_ACCESS_KEY_ID_FILE": "/dev/null"}, "AWS_ACCESS_KEY_ID_FILE names an empty file"),
    ],
)
def test_credentials_that_cannot_be_used_stop_the_start_with_one_line(environment: dict[str, str], line: str) -> None:
    with pytest.raises(ConfigError) as stopped:
        make_store(S3_SETTINGS, environment)
    assert str(stopped.value).startswith(line)
    assert "canary" not in str(stopped.value)


def test_who_keeps_files_in_a_folder_does_not_load_what_s3_needs(tmp_path: Path) -> None:
    program = "import sys, app, app.storage.directory; print('botocore' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
