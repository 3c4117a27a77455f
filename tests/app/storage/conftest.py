"""Fixtures: the same storage twice, as a folder and as a bucket of an S3 server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.storage import BlobStore
from app.storage.directory import DirectoryStore
from tests.support.s3 import Bucket, S3Server


@dataclass
class Shelf:
    """A storage, and what really lies in it: finished or not."""

    store: BlobStore
    lying: Callable[[], set[str]]
    place_strange: Callable[[str], None]

    def put(self, content: bytes) -> str:
        with self.store.put() as blob:
            blob.write(content)
        return blob.key

    def read(self, key: str) -> bytes:
        with self.store.open(key) as file:
            return file.read()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture
def bucket(s3_server: S3Server) -> Bucket:
    """An empty bucket of the test's own."""
    return s3_server.new_bucket()


@pytest.fixture(params=["folder", "bucket", "bucket without prefix"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    if request.param == "folder":
        folder = tmp_path / "blobs"

        def place(name: str) -> None:
            (folder / "ab").mkdir(parents=True, exist_ok=True)
            (folder / "ab" / name).write_bytes(b"")

        return Shelf(DirectoryStore(folder), lambda: {path.name for path in folder.rglob("*") if path.is_file()}, place)
    made: Bucket = request.getfixturevalue("bucket")
    prefix = "" if "without" in request.param else "some/where"
    return Shelf(made.store(prefix), made.lying, lambda name: made.place(f"{prefix}/{name}".lstrip("/")))
