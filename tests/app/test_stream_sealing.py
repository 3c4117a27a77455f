"""A sealed file opens whole and in order, or not at all."""

from __future__ import annotations

import io

import pytest

from app.sealing.envelope import SealBroken
from app.sealing.stream import CHUNK_BYTES, SealingWriter, open_stream

KEY = b"k" * 32
PLACE = "a" * 40
PREFIX, SEALED_CHUNK = 7, CHUNK_BYTES + 16


def sealed(plain: bytes, *, pieces: int = 10_000) -> bytes:
    sink = io.BytesIO()
    writer = SealingWriter(sink, KEY, PLACE)
    for start in range(0, len(plain), pieces):
        writer.write(plain[start : start + pieces])
    writer.finish()
    return sink.getvalue()


def opened(content: bytes, key: bytes = KEY, place: str = PLACE) -> bytes:
    return b"".join(open_stream(io.BytesIO(content), key, place))


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 5]
)
@pytest.mark.parametrize("pieces", [977, CHUNK_BYTES, 10**9])
def test_a_file_of_any_size_comes_back(size: int, pieces: int) -> None:
    plain = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    content = sealed(plain, pieces=pieces)
    assert opened(content) == plain
    assert len(content) == PREFIX + size + 16 * max(1, -(-size // CHUNK_BYTES))


def test_exactly_one_chunk_is_sealed_as_one_last_chunk() -> None:
    assert len(sealed(b"x" * CHUNK_BYTES)) == PREFIX + SEALED_CHUNK


def test_nothing_of_the_file_can_be_seen() -> None:
    assert b"canary" not in sealed(b"canary" * 30_000)


@pytest.mark.parametrize(("key", "place"), [(b"j" * 32, PLACE), (KEY, "b" * 40)], ids=["wrong key", "wrong place"])
def test_a_wrong_key_or_place_does_not_open(key: bytes, place: str) -> None:
    with pytest.raises(SealBroken):
        opened(sealed(b"Drita"), key, place)


def parts_of(content: bytes) -> tuple[bytes, list[bytes]]:
    body = content[PREFIX:]
    return content[:PREFIX], [body[at : at + SEALED_CHUNK] for at in range(0, len(body), SEALED_CHUNK)]


THREE = sealed(b"a" * CHUNK_BYTES + b"b" * CHUNK_BYTES + b"c" * 100)
HEAD, (FIRST, SECOND, LAST) = parts_of(THREE)


@pytest.mark.parametrize(
    "chunks",
    [
        [FIRST, SECOND],
        [FIRST],
        [],
        [FIRST, LAST],
        [SECOND, LAST],
        [SECOND, FIRST, LAST],
        [FIRST, FIRST, SECOND, LAST],
        [FIRST, SECOND, SECOND, LAST],
        [FIRST, SECOND, LAST, LAST],
        [FIRST, SECOND, LAST[:-1]],
        [FIRST, SECOND[:-1], LAST],
        [FIRST, SECOND, LAST + b"\0"],
    ],
    ids=[
        "last chunk cut off",
        "two chunks cut off",
        "nothing but the prefix",
        "middle chunk missing",
        "first chunk missing",
        "reordered",
        "first repeated",
        "middle repeated",
        "last repeated",
        "last byte cut",
        "a byte missing inside",
        "a byte more",
    ],
)
def test_a_file_whose_chunks_are_not_all_there_in_order_does_not_open(chunks: list[bytes]) -> None:
    with pytest.raises(SealBroken):
        opened(HEAD + b"".join(chunks))


def test_a_chunk_of_another_file_does_not_open() -> None:
    other = sealed(b"a" * CHUNK_BYTES + b"b" * CHUNK_BYTES + b"c" * 100)
    with pytest.raises(SealBroken):
        opened(HEAD + parts_of(other)[1][0] + SECOND + LAST)


@pytest.mark.parametrize("length", [0, 3, PREFIX, PREFIX + 10])
def test_a_stump_of_a_file_does_not_open(length: int) -> None:
    with pytest.raises(SealBroken):
        opened(THREE[:length])


def test_a_file_that_was_never_finished_does_not_open() -> None:
    sink = io.BytesIO()
    writer = SealingWriter(sink, KEY, PLACE)
    writer.write(b"x" * (2 * CHUNK_BYTES))
    with pytest.raises(SealBroken):
        opened(sink.getvalue())


def test_the_error_names_the_chunk() -> None:
    with pytest.raises(SealBroken, match="chunk 1 of a sealed file"):
        opened(HEAD + FIRST + LAST)
