"""A bad network between a phone and the server: one that drops answers, cuts requests off, or is slow."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Self

PIECE_BYTES = 65536


@dataclass(frozen=True)
class Fate:
    """What happens to one connection; by default nothing.

    `drops_answer`: the server's whole answer arrives here and goes no further. `cut_after`: bytes of the request that
    get through. `bytes_per_second`: of the request.
    """

    drops_answer: bool = False
    cut_after: int | None = None
    bytes_per_second: int | None = None


class FaultProxy:
    """Listens on `port` and passes on to the server's port; a context manager. `fate()` is asked for each connection.

    `dropped` counts answers that did not get through, `last_dropped` is the last one.
    """

    def __init__(self, upstream_port: int, fate: Callable[[], Fate]) -> None:
        self._upstream, self._fate = upstream_port, fate
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.dropped, self.cut = 0, 0
        self.last_dropped = b""
        self._lock = Lock()

    def __enter__(self) -> Self:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # Wakes the thread that waits in accept(), which a close alone does not.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                phone, _ = self._listener.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(phone,), daemon=True).start()

    def _serve(self, phone: socket.socket) -> None:
        fate = self._fate()
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._upstream), timeout=120) as server:
            phone.settimeout(120)
            Thread(target=self._upload, args=(phone, server, fate), daemon=True).start()
            answer = b""
            while piece := server.recv(PIECE_BYTES):
                if fate.drops_answer:
                    answer += piece
                    if _is_whole(answer):
                        break
                else:
                    phone.sendall(piece)
            if answer:
                with self._lock:
                    self.dropped += 1
                    self.last_dropped = answer
        # Closed alone it would stay open for as long as the other thread waits for the phone's next bytes.
        with suppress(OSError):
            phone.shutdown(socket.SHUT_RDWR)
        phone.close()

    def _upload(self, phone: socket.socket, server: socket.socket, fate: Fate) -> None:
        passed = 0
        size = PIECE_BYTES if fate.bytes_per_second is None else max(1, fate.bytes_per_second // 10)
        with suppress(OSError):
            while piece := phone.recv(size):
                if fate.cut_after is not None and passed + len(piece) >= fate.cut_after:
                    server.sendall(piece[: fate.cut_after - passed])
                    with self._lock:
                        self.cut += 1
                    server.shutdown(socket.SHUT_RDWR)
                    return
                server.sendall(piece)
                passed += len(piece)
                if fate.bytes_per_second is not None:
                    time.sleep(len(piece) / fate.bytes_per_second)
            server.shutdown(socket.SHUT_WR)


def _is_whole(answer: bytes) -> bool:
    """Has the body come that the head announced?"""
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.partition(b":")[2])
    return False


def bad_network(seed: int) -> Callable[[], Fate]:
    """Every second connection meets something."""
    dice, lock = random.Random(seed), Lock()

    def fate() -> Fate:
        with lock:
            kind = dice.random()
            if kind < 0.3:
                return Fate(drops_answer=True)
            if kind < 0.5:
                return Fate(cut_after=dice.randrange(1, 20_000))
            return Fate()

    return fate
