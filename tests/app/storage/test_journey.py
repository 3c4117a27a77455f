"""The whole way of a photo when the files lie in a bucket."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.app.conftest import close
from tests.app.looking import named_blobs
from tests.app.shown_forms import VISIT
from tests.app.web.openrosa.bodies import body, file_part, post, post_chunked, xml_part
from tests.support.backend import AppUser, Backend, instance, make_backend
from tests.support.s3 import Bucket

PHOTO = os.urandom(6 * 1024 * 1024)


@pytest.fixture
def in_bucket(
    bucket: Bucket, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Backend]:
    """A backend whose files lie in the bucket."""
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, bucket.environment[variable])
    shutil.copytree(sqlite_template, tmp_path / "data")
    backend = make_backend(
        tmp_path / "data",
        None,
        storage_url=f"s3://{bucket.name}/files",
        storage_endpoint=bucket.endpoint,
        storage_region="eu-central-1",
    )
    yield backend
    close(backend)


@pytest.fixture
def phone(in_bucket: Backend) -> AppUser:
    in_bucket.admin.publish(VISIT)
    return in_bucket.phone()


def test_a_photo_is_given_back_byte_for_byte_and_lies_sealed(
    in_bucket: Backend, bucket: Bucket, phone: AppUser
) -> None:
    xml = instance("visit", "<pic>a.jpg</pic>", instance_id="uuid:one")
    assert post(phone, body(xml_part(xml), file_part("a.jpg", PHOTO))).status_code == 201
    at = "/projects/1/forms/visit/submissions/uuid:one/attachments/a.jpg"
    answer = in_bucket.admin.get(at)
    assert (answer.status_code, answer.data == PHOTO) == (200, True)
    ((name, content),) = bucket.objects().items()
    assert {name} == {f"files/{key}" for key in named_blobs(in_bucket)}
    assert len(content) > len(PHOTO)
    assert PHOTO[:32] not in content
    assert not any(path.is_file() for path in (in_bucket.folder / "blobs").rglob("*"))


def test_a_resend_adds_no_object(bucket: Bucket, phone: AppUser) -> None:
    whole = body(xml_part(instance("visit", "<pic>a.jpg</pic>")), file_part("a.jpg", PHOTO))
    assert [post(phone, whole).status_code for _ in range(2)] == [201, 201]
    assert len(bucket.lying()) == 1


@pytest.mark.parametrize("kept", [1000, 5 * 1024 * 1024, 6 * 1024 * 1024])
@pytest.mark.parametrize("send", [post, post_chunked])
def test_an_upload_that_is_cut_leaves_no_object(
    bucket: Bucket, phone: AppUser, kept: int, send: Callable[..., object]
) -> None:
    whole = body(xml_part(instance("visit", "<pic>a.jpg</pic>")), file_part("a.jpg", PHOTO))
    assert send(phone, whole[:kept]).status_code == 400  # type: ignore[attr-defined]
    assert bucket.lying() == set()


def test_a_bucket_that_goes_away_asks_the_phone_to_try_again(
    in_bucket: Backend, bucket: Bucket, phone: AppUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    xml = instance("visit", "<pic>a.jpg</pic>")
    bucket.client.delete_bucket(Bucket=bucket.name)
    answer = phone.send(xml, {"a.jpg": b"x"})
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    ready = in_bucket.client.get("/ready")
    assert (ready.status_code, ready.json["storage"]) == (503, "the bucket cannot be written (NoSuchBucket)")
    assert bucket.name not in ready.text + answer.text
    bucket.client.create_bucket(Bucket=bucket.name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    assert phone.send(xml, {"a.jpg": b"x"}).status_code == 201


def test_what_was_taken_stays_taken_when_a_duplicate_cannot_be_deleted(
    in_bucket: Backend, phone: AppUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.storage import StorageUnavailable
    from app.storage.s3 import S3Store

    def away(*_: object) -> None:
        raise StorageUnavailable("SlowDown")

    xml = instance("visit", "<pic>a.jpg</pic>")
    assert phone.send(xml, {"a.jpg": b"x"}).status_code == 201
    monkeypatch.setattr(S3Store, "delete", away)
    assert phone.send(xml, {"a.jpg": b"x"}).status_code == 201
