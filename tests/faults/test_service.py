"""The drills' own service does what they count on."""

from __future__ import annotations

import time

import requests

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
