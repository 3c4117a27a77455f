"""The drills' own service does what they count on."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import ExitStack

import pytest
import requests

from tests.faults.collect import CONTENT_TYPE
from tests.faults.conftest import NewService


def test_a_killed_worker_is_replaced_and_a_killed_service_starts_again(new_service: NewService) -> None:
    with new_service() as service:
        before = set(service.workers())
        assert len(before) == 2
        killed = service.kill_worker()
        end = time.monotonic() + 30
        while len(set(service.workers()) - {killed}) < 2:
            assert time.monotonic() < end
            time.sleep(0.02)
        service.restart()
        assert not set(service.workers()) & before
        assert requests.head(service.submission_url, timeout=30).status_code == 204
        assert service.json("fsck")["faults"] == []


@pytest.mark.parametrize("database", ["sqlite"])
def test_new_workers_that_die_are_replaced_while_old_ones_finish_slow_uploads(new_service: NewService) -> None:
    with new_service() as service, ExitStack() as uploads:
        old = set(service.workers())
        head = f"POST {service.phone.at}/submission HTTP/1.1\r\nHost: x\r\nContent-Type: {CONTENT_TYPE}\r\n"
        for _ in range(6):
            upload = uploads.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            upload.sendall(f"{head}Content-Length: 100000\r\n\r\n--".encode())
        time.sleep(1)  # until each has its thread
        service.reload()
        end = time.monotonic() + 30
        while len(new := set(service.workers()) - old) < 2:
            assert time.monotonic() < end
            time.sleep(0.02)
        for each in new:
            os.kill(each, signal.SIGKILL)
        while len(set(service.workers()) - old - new) < 2:
            assert time.monotonic() < end, "nobody serves"
            time.sleep(0.02)
        assert requests.head(service.submission_url, timeout=30).status_code == 204
        assert old & set(service.workers()), "the uploads had ended, so nothing was shown"
