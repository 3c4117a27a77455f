"""Row 4: the database server is not there when the service starts. It stays up, says so, and comes back by itself."""

from __future__ import annotations

import time

import pytest
import requests

from tests.faults.collect import Filled, post, write_body, write_xml
from tests.faults.conftest import NewService
from tests.faults.places import Cluster
from tests.faults.service import Service


def status(service: Service, path: str) -> int | None:
    try:
        return requests.get(f"{service.url}{path}", timeout=30).status_code
    except requests.RequestException:
        return None


def wait_for(service: Service, path: str, expected: int) -> None:
    end = time.monotonic() + 60
    while status(service, path) != expected:
        assert time.monotonic() < end, f"{path} did not become {expected}"
        assert service.is_running()
        time.sleep(0.05)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_without_its_database_the_service_stays_up_and_comes_back_by_itself(
    new_service: NewService, cluster: Cluster
) -> None:
    filled = Filled("uuid:boot", write_xml("uuid:boot", 1, "a story", {}))
    body = write_body(filled, [], incomplete=False)
    service = new_service()
    cluster.stop()
    try:
        service.launch()
        wait_for(service, "/live", 200)
        assert status(service, "/ready") == 503
        address, path = ("127.0.0.1", service.port), f"{service.phone.at}/submission"
        assert post(address, path, body) == ("503", "5")
        master = service.pid
    finally:
        cluster.start()
    wait_for(service, "/ready", 200)
    assert post(address, path, body) == ("201", None)
    assert service.pid == master and service.is_running()
