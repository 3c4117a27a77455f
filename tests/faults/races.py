"""How do several phones send at exactly the same moment? All but the last byte first, then that byte, all together."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.faults.collect import CONTENT_TYPE, Address


def at_once(address: Address, path: str, bodies: Sequence[bytes], pool: ThreadPoolExecutor) -> list[int]:
    """The status that each was answered, in their order. The pool must have a thread free for each."""
    start = Barrier(len(bodies), timeout=60)
    return list(pool.map(lambda body: _send(address, path, body, start), bodies))


def _send(address: Address, path: str, body: bytes, start: Barrier) -> int:
    connection = http.client.HTTPConnection(*address, timeout=60)
    try:
        connection.putrequest("POST", path)
        connection.putheader("Content-Type", CONTENT_TYPE)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:-1])
        start.wait()
        connection.send(body[-1:])
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
