"""Requests byte by byte, for phones that are slow, that stop in the middle, or that are none."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

from tests.faults.collect import BOUNDARY


def head(path: str, length: int, *more: str, host: str = "phone") -> bytes:
    """The head of a POST with a body of that length; `more` are further header lines."""
    lines = (
        f"POST {path} HTTP/1.1",
        f"Host: {host}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        f"Content-Length: {length}",
        *more,
    )
    return "\r\n".join((*lines, "", "")).encode()


def send_slowly(connection: socket.socket, content: bytes, bytes_per_second: int) -> None:
    """In pieces of a tenth of a second."""
    size = max(1, bytes_per_second // 10)
    begun = time.monotonic()
    for start in range(0, len(content), size):
        connection.sendall(content[start : start + size])
        ahead = (start + size) / bytes_per_second - (time.monotonic() - begun)
        if ahead > 0:
            time.sleep(ahead)


def read_all(connection: socket.socket) -> bytes:
    """What comes until the other side closes or falls silent."""
    answer = b""
    with suppress(OSError):
        while piece := connection.recv(65536):
            answer += piece
    return answer


def status(answer: bytes) -> int:
    """The first status in it; 0 without one."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else 0
