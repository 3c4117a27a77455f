"""A stored file is durable and whole, or it is not there."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.storage import BlobMissing, StorageFull, StorageUnavailable
from app.storage.directory import DirectoryStore


def put(store: DirectoryStore, content: bytes) -> str:
    with store.put() as blob:
        blob.write(content)
    return blob.key


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_is_put_is_opened_again(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "blobs")
    key = put(store, b"content")
    with store.open(key) as file:
        assert file.read() == b"content"
    assert (tmp_path / "blobs" / key[:2] / key).stat().st_mode & 0o777 == 0o600


def test_equal_content_gets_different_keys(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    assert put(store, b"same") != put(store, b"same")


def test_the_list_has_every_key_with_its_moment_and_nothing_unfinished(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    keys = {put(store, b"1"), put(store, b"2")}
    (tmp_path / "tmp" / ("f" * 40)).write_bytes(b"unfinished")
    (tmp_path / "ab").mkdir(exist_ok=True)
    (tmp_path / "ab" / "not-a-key").write_bytes(b"")
    listed = dict(store.list())
    assert set(listed) == keys
    assert all(abs(moment - datetime.now(UTC)) < timedelta(hours=1) for moment in listed.values())


def test_a_deleted_file_is_gone_and_deleting_it_again_is_no_error(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    key = put(store, b"x")
    store.delete(key)
    store.delete(key)
    with pytest.raises(BlobMissing):
        store.open(key)


@pytest.mark.parametrize(
    "key", ["", "../../etc/passwd", "ab", "A" * 40, "g" * 40, "0" * 39, "0" * 41, "0" * 39 + "\n", "/" * 40]
)
def test_a_key_of_another_shape_never_becomes_a_path(tmp_path: Path, key: str) -> None:
    store = DirectoryStore(tmp_path)
    with pytest.raises(BlobMissing):
        store.open(key)
    with pytest.raises(BlobMissing):
        store.delete(key)


def test_a_file_is_synced_then_renamed_then_its_folder_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DirectoryStore(tmp_path)
    steps: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def place(descriptor: int) -> str:
        return str(Path(os.readlink(f"/proc/self/fd/{descriptor}")).relative_to(tmp_path))

    def seen_fsync(descriptor: int) -> None:
        steps.append(f"fsync {place(descriptor)}")
        fsync(descriptor)

    def seen_rename(path: Path, target: Path) -> Any:
        steps.append(f"rename {path.relative_to(tmp_path)} {target.relative_to(tmp_path)}")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(Path, "rename", seen_rename)
    with store.put() as blob:
        blob.write(b"x")
        assert [path.relative_to(tmp_path).parts[0] for path in files(tmp_path)] == ["tmp"]
    key = blob.key
    assert (
        steps
        == [
            "fsync .",  # tmp/ is new
            "fsync .",  # so is the folder of the key
            f"fsync tmp/{key}",
            f"rename tmp/{key} {key[:2]}/{key}",
            f"fsync {key[:2]}",
        ]
    )


def test_nothing_is_left_when_the_block_ends_with_an_error(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    with pytest.raises(RuntimeError), store.put() as blob:  # noqa: PT012  (the error is raised inside of the block)
        blob.write(b"x" * 100_000)
        raise RuntimeError("the phone went away")
    assert files(tmp_path) == []


FAILING = ["open", "file fsync", "rename", "folder fsync"]


def break_at(step: str, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one step of keeping a file fail as the operating system would."""

    def fail(*_: Any) -> Any:
        raise OSError(number, os.strerror(number))

    fsync, opened = os.fsync, os.open

    def fsync_fails(descriptor: int) -> None:
        is_folder = Path(os.readlink(f"/proc/self/fd/{descriptor}")).is_dir()
        if is_folder == (step == "folder fsync"):
            fail()
        fsync(descriptor)

    def open_fails(path: Any, flags: int, *rest: Any) -> int:
        if flags & os.O_CREAT:
            fail()
        return opened(path, flags, *rest)

    if step == "open":
        monkeypatch.setattr(os, "open", open_fails)
    elif step == "rename":
        monkeypatch.setattr(Path, "rename", fail)
    else:
        monkeypatch.setattr(os, "fsync", fsync_fails)


@pytest.mark.parametrize("step", FAILING)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_as_such_at_every_step_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int
) -> None:
    store = DirectoryStore(tmp_path)
    kept = put(store, b"before")
    monkeypatch.setattr("app.storage.directory.secrets.token_hex", lambda _: kept[:2] + "0" * 38)
    break_at(step, number, monkeypatch)
    with pytest.raises(StorageFull), store.put() as blob:
        blob.write(b"x")
    assert [path.name for path in files(tmp_path)] == [kept]


@pytest.mark.parametrize("step", FAILING)
def test_a_failing_disk_is_an_error_at_every_step_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    store = DirectoryStore(tmp_path)
    kept = put(store, b"before")
    monkeypatch.setattr("app.storage.directory.secrets.token_hex", lambda _: kept[:2] + "0" * 38)
    break_at(step, errno.EIO, monkeypatch)
    with pytest.raises(StorageUnavailable, match="EIO"), store.put() as blob:
        blob.write(b"x")
    assert [path.name for path in files(tmp_path)] == [kept]
