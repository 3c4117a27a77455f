"""The operator's commands where the files lie in a bucket instead of a folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from app.services.sweep import sweep
from tests.app.conftest import close
from tests.app.looking import named_blobs
from tests.app.operations.places import blob_bytes, contents, fill, key_file, run
from tests.support.backend import Backend, make_backend
from tests.support.s3 import Bucket, S3Server


@pytest.fixture(scope="module")
def s3_server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture
def bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    made = s3_server.new_bucket()
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, made.environment[variable])
    return made


def over_bucket(folder: Path, bucket: Bucket) -> Backend:
    return make_backend(
        folder,
        None,
        storage_url=f"s3://{bucket.name}/files",
        storage_endpoint=bucket.endpoint,
        storage_region="eu-central-1",
    )


def lying(bucket: Bucket) -> dict[str, bytes]:
    return {name.removeprefix("files/"): content for name, content in bucket.objects().items()}


def test_a_folders_backup_is_restored_into_a_bucket_and_back(lite: Backend, bucket: Bucket, tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "age.key").write_text(f"{identity}\n")
    (tmp_path / "age.key").chmod(0o400)
    options = ("--identity", str(tmp_path / "age.key"), "--json")
    fill(lite)

    for folder in ("there", "back"):
        (tmp_path / folder / "keys").mkdir(parents=True)
        (tmp_path / folder / "db").mkdir()
        shutil.copy2(key_file(lite), tmp_path / folder / "keys")
    assert run(lite, "backup", str(tmp_path / "1.age"), "--recipient", str(identity.to_public())).exit_code == 0
    there = over_bucket(tmp_path / "there", bucket)
    assert run(there, "restore", str(tmp_path / "1.age"), *options).exit_code == 0
    assert lying(bucket) == blob_bytes(lite)
    assert run(there, "fsck").exit_code == 0

    assert run(there, "backup", str(tmp_path / "2.age"), "--recipient", str(identity.to_public())).exit_code == 0
    back = make_backend(tmp_path / "back", None)
    assert run(back, "restore", str(tmp_path / "2.age"), *options).exit_code == 0
    assert (contents(back), blob_bytes(back)) == (contents(lite), blob_bytes(lite))

    # A bucket that has a file already is nobody's empty place.
    (tmp_path / "third" / "keys").mkdir(parents=True)
    (tmp_path / "third" / "db").mkdir()
    shutil.copy2(key_file(lite), tmp_path / "third" / "keys")
    third = over_bucket(tmp_path / "third", bucket)
    refused = json.loads(run(third, "restore", str(tmp_path / "1.age"), *options).stdout)["refused"]
    assert refused.startswith("the storage is not empty")
    for place in (there, back, third):
        close(place)


def test_a_bucket_is_swept_by_its_own_clock_and_its_unfinished_uploads_go(
    lite: Backend, bucket: Bucket, tmp_path: Path
) -> None:
    shutil.copytree(lite.folder, tmp_path / "in-bucket")
    place = over_bucket(tmp_path / "in-bucket", bucket)
    fill(place)
    bucket.place("files/" + "a" * 40, b"orphan")
    bucket.client.create_multipart_upload(Bucket=bucket.name, Key="files/" + "b" * 40)
    before = named_blobs(place)
    with place.app.app_context():
        swept = {each.kind: (each.marked, each.deleted) for each in sweep()}
    assert swept["blob"] == (0, 0)
    # The server of these tests says that every upload was begun in 2010.
    assert swept["unfinished in the bucket"] == (0, 1)
    told = run(place, "sweep", "--now", "--older-than", "0", "--json")
    deleted = {each["kind"]: each["deleted"] for each in json.loads(told.stdout)["swept"]}
    assert deleted["blob"] == 1
    assert bucket.lying() == before
    close(place)
