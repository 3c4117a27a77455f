"""Row 66: the sweep runs again and again while slow uploads arrive; it never takes a file that gets a row."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from app.config import ROOT
from tests.faults.checker import check
from tests.faults.collect import CONTENT_TYPE, Filled, Ledger, write_body, write_xml
from tests.faults.conftest import NewService
from tests.faults.figures import Figures
from tests.faults.service import Service

# The sweep's grace, instead of a day, and how long an upload takes: less, as in service.
GRACE_SECONDS = 6
UPLOAD_SECONDS = 2.0
SWEEPER = """
import sys
from datetime import timedelta
from app.services.sweep import sweep
from wsgi import app
with app.app_context():
    while True:
        swept = sweep(at_once=True, older_than=timedelta(seconds=float(sys.argv[1])))
        print(sum(each.deleted for each in swept if each.kind in ("blob", "unfinished")), flush=True)
"""


class Sweeper:
    """A process that sweeps without a pause; `rounds` and `deleted` tell what it did."""

    def __init__(self, service: Service) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SWEEPER, str(GRACE_SECONDS)],
            cwd=ROOT,
            env={**service.environment, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.rounds = self.deleted = 0
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.rounds += 1
            self.deleted += int(line)
        self._process.stdout.close()

    def stop(self) -> None:
        assert self._process.poll() is None, "the sweep has failed"
        self._process.kill()
        self._process.wait()
        self._reader.join()


def some_form(number: int) -> Filled:
    name = f"uuid:{uuid4()}"
    photos = {f"{each}.jpg": os.urandom(150_000) for each in range(3)}
    return Filled(name, write_xml(name, number, "slow", photos), photos)


@contextmanager
def sending(service: Service, filled: Filled) -> Iterator[tuple[socket.socket, bytes]]:
    """All but the last 2,000 bytes are sent at once, so that two files wait for their rows; the rest is given."""
    body = write_body(filled, list(filled.photos), incomplete=False)
    head = f"POST {service.phone.at}/submission HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    head += f"Content-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as connection:
        connection.sendall(head.encode() + body[:-2000])
        yield connection, body[-2000:]


def stored(service: Service) -> int:
    return sum(1 for _ in (service.folder / "blobs").glob("??/*"))


def leave_orphans(service: Service) -> None:
    """Everything is killed while two files wait for their rows."""
    with sending(service, some_form(0)):
        end = time.monotonic() + 60
        while stored(service) < 2:
            assert time.monotonic() < end
            time.sleep(0.02)
        service.restart()


@pytest.mark.cut_on("postgresql")
def test_the_sweep_never_takes_a_file_that_gets_a_row(new_service: NewService, full: bool, figure: Figures) -> None:
    ledger, answers = Ledger(), []

    def upload(number: int) -> None:
        filled = some_form(number)
        ledger.begin(filled)
        with sending(service, filled) as (connection, rest):
            for start in range(0, len(rest), 100):
                time.sleep(UPLOAD_SECONDS / 20)
                connection.sendall(rest[start : start + 100])
            answers.append(connection.recv(100).split(b" ")[1])
        ledger.acknowledged(filled, list(filled.photos))

    with new_service() as service:
        leave_orphans(service)
        sweeper = Sweeper(service)
        end = time.monotonic() + (120 if full else 2 * GRACE_SECONDS)
        number = 0
        # On a slow machine the first sweep ends later; without one this drill would show nothing.
        while time.monotonic() < end or (sweeper.deleted < 2 and time.monotonic() < end + 120):
            uploads = [threading.Thread(target=upload, args=(number + each,)) for each in range(4)]
            number += len(uploads)
            for each in uploads:
                each.start()
            for each in uploads:
                each.join()
        sweeper.stop()
        verdict = check(service, ledger)
    assert set(answers) == {b"201"}
    assert sweeper.deleted >= 2
    assert verdict.faults == {}
    figure("slow uploads", len(answers))
    figure("sweeps meanwhile", sweeper.rounds)
    figure("orphans taken away", sweeper.deleted)
    figure("files taken that a row names", len(verdict.dangling))
