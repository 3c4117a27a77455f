"""How is a file sealed while it arrives, without ever lying in clear?

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): chunks of 64 KiB under AES-256-GCM, the nonce is
a random prefix, the chunk's number and a mark on the last chunk. So a chunk that is cut off, moved or repeated does
not open. Layout: 7 bytes of prefix, then chunks of 64 KiB + 16 bytes, the last one shorter.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.sealing.envelope import SealBroken

CHUNK_BYTES = 64 * 1024
_PREFIX_BYTES = 7
_TAG_BYTES = 16


class Sink(Protocol):
    """Where sealed bytes go."""

    def write(self, data: bytes, /) -> object: ...


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


class SealingWriter:
    """Seals what is written to it into `sink`; `finish` must be called, or the result does not open."""

    def __init__(self, sink: Sink, key: bytes, place: str) -> None:
        self._sink, self._cipher, self._place = sink, AESGCM(key), place.encode()
        self._prefix = secrets.token_bytes(_PREFIX_BYTES)
        self._number = 0
        self._buffer = bytearray()
        sink.write(self._prefix)

    def write(self, data: bytes) -> None:
        """Take more plaintext."""
        self._buffer += data
        # A full chunk waits until there is more: only then is it known not to be the last.
        while len(self._buffer) > CHUNK_BYTES:
            self._emit(bytes(self._buffer[:CHUNK_BYTES]), last=False)
            del self._buffer[:CHUNK_BYTES]

    def finish(self) -> None:
        """Seal the rest as the last chunk."""
        self._emit(bytes(self._buffer), last=True)
        self._buffer.clear()

    def _emit(self, plain: bytes, *, last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, last)
        self._sink.write(self._cipher.encrypt(nonce, plain, self._place))
        self._number += 1


def open_stream(source: BinaryIO, key: bytes, place: str) -> Iterator[bytes]:
    """The plaintext in chunks. Raises SealBroken at the first chunk that was changed, moved or is missing."""
    cipher, associated = AESGCM(key), place.encode()
    prefix = source.read(_PREFIX_BYTES)
    number = 0
    chunk = source.read(CHUNK_BYTES + _TAG_BYTES)
    while True:
        following = source.read(CHUNK_BYTES + _TAG_BYTES)
        try:
            yield cipher.decrypt(_nonce(prefix, number, not following), chunk, associated)
        except (InvalidTag, ValueError):
            raise SealBroken(f"chunk {number} of a sealed file does not open") from None
        if not following:
            return
        chunk = following
        number += 1
