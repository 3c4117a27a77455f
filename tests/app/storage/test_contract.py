"""What a storage promises, the same of a folder and of a bucket: a file is there whole, or it is not there."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from app.storage import BlobMissing
from tests.app.storage.conftest import Shelf

MIB = 1024 * 1024


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 11 * MIB])
def test_what_is_put_is_opened_again_byte_for_byte(shelf: Shelf, size: int) -> None:
    content = os.urandom(size)
    assert shelf.read(shelf.put(content)) == content


def test_a_file_may_be_written_in_pieces_of_any_size(shelf: Shelf) -> None:
    pieces = [os.urandom(size) for size in (0, 1, 7 * MIB, 3, 6 * MIB, 65_537)]
    with shelf.store.put() as blob:
        for piece in pieces:
            blob.write(piece)
    assert shelf.read(blob.key) == b"".join(pieces)


def test_a_read_gives_as_much_as_is_asked_for_until_the_end(shelf: Shelf) -> None:
    content = os.urandom(200_000)
    with shelf.store.open(shelf.put(content)) as file:
        sizes = [len(file.read(65_552)) for _ in range(5)]
    assert sizes == [65_552, 65_552, 65_552, 200_000 - 3 * 65_552, 0]


def test_equal_content_gets_different_keys(shelf: Shelf) -> None:
    assert shelf.put(b"same") != shelf.put(b"same")


def test_the_key_is_known_while_the_file_is_written_and_the_file_is_not_there_yet(shelf: Shelf) -> None:
    with shelf.store.put() as blob:
        blob.write(os.urandom(6 * MIB))
        assert list(shelf.store.list()) == []
        with pytest.raises(BlobMissing):
            shelf.store.open(blob.key)
    assert [key for key, _ in shelf.store.list()] == [blob.key]


def test_the_list_has_every_key_with_its_moment_and_nothing_of_others(shelf: Shelf) -> None:
    keys = {shelf.put(b"1"), shelf.put(b"2"), shelf.put(os.urandom(6 * MIB))}
    for name in ("not-a-key", "A" * 40, "0" * 39, "0" * 41):
        shelf.place_strange(name)
    listed = dict(shelf.store.list())
    assert set(listed) == keys
    assert all(abs(moment - datetime.now(UTC)) < timedelta(hours=1) for moment in listed.values())


def test_an_empty_storage_lists_nothing_and_has_no_fault(shelf: Shelf) -> None:
    assert list(shelf.store.list()) == []
    shelf.put(b"x")
    assert shelf.store.fault() is None
    assert len(shelf.lying()) == 1


def test_a_deleted_file_is_gone_and_deleting_it_again_is_no_error(shelf: Shelf) -> None:
    key, other = shelf.put(b"x"), shelf.put(b"y")
    shelf.store.delete(key)
    shelf.store.delete(key)
    with pytest.raises(BlobMissing):
        shelf.store.open(key)
    assert shelf.lying() == {other}


def test_an_unknown_key_is_missing(shelf: Shelf) -> None:
    shelf.put(b"x")
    with pytest.raises(BlobMissing):
        shelf.store.open("0" * 40)


@pytest.mark.parametrize("size", [0, 100, 6 * MIB])
@pytest.mark.parametrize("error", [RuntimeError("the phone went away"), KeyboardInterrupt()], ids=repr)
def test_nothing_is_left_when_the_block_ends_with_an_error(shelf: Shelf, size: int, error: BaseException) -> None:
    with pytest.raises(type(error)), shelf.store.put() as blob:  # noqa: PT012  (the error is raised inside of the block)
        blob.write(os.urandom(size))
        raise error
    assert shelf.lying() == set()


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "ab", "A" * 40, "g" * 40, "0" * 39, "0" * 41, "0" * 39 + "\n"])
def test_a_key_of_another_shape_is_never_looked_for(shelf: Shelf, key: str) -> None:
    with pytest.raises(BlobMissing):
        shelf.store.open(key)
    with pytest.raises(BlobMissing):
        shelf.store.delete(key)
