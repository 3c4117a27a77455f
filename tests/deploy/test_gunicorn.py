"""The served application: what its workers share, and what a reload does to an upload that is on its way."""

from __future__ import annotations

import os
import re
import runpy
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from app.config import ROOT
from tests.app.web.openrosa.bodies import file_part
from tests.app.web.test_metrics import parse
from tests.deploy.conftest import Site
from tests.deploy.test_nginx import TEXT, head_of, seconds, status, submission, wait_for

ROUTE = "/v1/projects/<int:project_id>/formList"


def workers(site: Site) -> set[int]:
    """The processes that the master has made of itself; its other child compiles forms."""
    master = Path(f"/proc/{site.served.pid}")
    children = (master / "task" / master.name / "children").read_text().split()
    same = (master / "cmdline").read_bytes()
    return {int(each) for each in children if _cmdline(each) == same}


def _cmdline(process: str) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""  # it has ended meanwhile


def lists_counted(site: Site) -> float:
    """How often all workers together have answered a form list well."""
    found = parse(requests.get(f"{site.served.url}/metrics", timeout=30).text)
    return sum(
        count
        for (name, labels), count in found.items()
        if name == "sportel_http_requests_total" and ("route", ROUTE) in labels and ("status", "200") in labels
    )


def ask_for_lists(site: Site, times: int) -> None:
    for _ in range(times):
        requests.get(f"{site.served.url}{site.at}/formList", timeout=30).raise_for_status()


def metrics_folder(site: Site) -> Path:
    (found,) = Path("/dev/shm").glob(f"sportel-metrics-{site.served.pid}-*")
    return found


@pytest.fixture(scope="module")
def configuration() -> dict[str, object]:
    """gunicorn.conf.py's own values."""
    kept = os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
    try:
        values = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
        values["on_exit"](None)
    finally:
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
        if kept is not None:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = kept
    return values


def test_time_outs_fit_a_phone_the_proxy_and_the_service_manager(configuration: dict[str, int]) -> None:
    assert configuration["timeout"] > 60
    assert configuration["graceful_timeout"] == 90
    service = (ROOT / "deploy" / "sportel.service").read_text(encoding="utf-8")
    (stop,) = re.findall(r"^TimeoutStopSec=(\d+)$", service, re.MULTILINE)
    assert int(stop) > configuration["graceful_timeout"]
    upstream = TEXT.partition("upstream sportel {")[2].partition("}")[0]
    (kept_by_proxy,) = re.findall(r"keepalive_timeout (\d+)s;", upstream)
    assert int(kept_by_proxy) < configuration["keepalive"]
    assert min(seconds("proxy_read_timeout")) >= configuration["timeout"]


def test_workers_are_renewed_and_not_all_at_once(configuration: dict[str, int]) -> None:
    assert 0 < configuration["max_requests_jitter"] < configuration["max_requests"]
    assert configuration["control_socket_disable"]
    assert configuration["accesslog"] is None


def test_all_workers_count_together(site: Site) -> None:
    before = lists_counted(site)
    ask_for_lists(site, 20)
    assert lists_counted(site) - before == 20
    assert metrics_folder(site).stat().st_mode & 0o777 == 0o700


def send_half(site: Site, photo: bytes) -> tuple[socket.socket, str, bytes]:
    """An upload of which a worker has the XML and half of the photo: the connection, the ID, and the rest."""
    name, content = submission(file_part("a.jpg", photo))
    phone = socket.create_connection(("127.0.0.1", site.served.port), timeout=60)
    unfinished = site.served.folder / "blobs" / "tmp"
    before = set(unfinished.glob("*"))
    half = len(content) // 2
    phone.sendall(head_of(site, content) + content[:half])
    wait_for(lambda: set(unfinished.glob("*")) - before)
    return phone, name, content[half:]


def finish_slowly(phone: socket.socket, rest: bytes, pieces: int = 10) -> int:
    size = len(rest) // pieces + 1
    for start in range(0, len(rest), size):
        phone.sendall(rest[start : start + size])
        time.sleep(0.05)
    return status(phone.recv(65536))


def test_a_reload_lets_an_upload_end_and_new_workers_serve(site: Site) -> None:
    old, counted, folder = workers(site), lists_counted(site), metrics_folder(site)
    slots = {path.name for path in folder.iterdir()}
    photo = os.urandom(400_000)
    phone, name, rest = send_half(site, photo)
    with phone:
        os.kill(site.served.pid, signal.SIGHUP)
        wait_for(lambda: len(workers(site) - old) == len(old))
        # The new ones serve while the old one still waits for the phone.
        ask_for_lists(site, 5)
        assert workers(site) & old
        assert finish_slowly(phone, rest) == 201
    assert site.project.file("visit", name, "a.jpg") == photo
    wait_for(lambda: not workers(site) & old)
    assert requests.get(f"{site.served.url}/ready", timeout=30).status_code == 200
    assert metrics_folder(site) == folder
    assert lists_counted(site) - counted == 5
    # The next generation takes the first one's places again: counters' files do not become more and more.
    os.kill(site.served.pid, signal.SIGHUP)
    wait_for(generation_after(site, workers(site)))
    assert len({path.name for path in folder.iterdir()} | slots) <= 2 * len(slots)
    assert lists_counted(site) - counted == 5


def generation_after(site: Site, old: set[int]) -> Callable[[], bool]:
    return lambda: len(workers(site) - old) == len(old) and not workers(site) & old


def test_what_gunicorn_says_of_garbage_holds_none_of_it(site: Site) -> None:
    for garbage in (
        b"<who>canary answer</who> x\r\n\r\n",
        b"GET /v1/key/canary-token/x HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nAuthorization: Bearer canary\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\ncanary answer\r\n\r\n",
        b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}canary answer rest\r\n\r\n",
        b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\ncanary answer\r\n",
        b"GET /" + b"canary" * 2000 + b" HTTP/1.1\r\n\r\n",
    ):
        before = len(site.served.log.read_bytes())
        with socket.create_connection(("127.0.0.1", site.served.port), timeout=30) as connection:
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
        wait_for(lambda before=before: len(site.served.log.read_bytes()) > before)
    written = site.served.log.read_text()
    assert '"logger":"gunicorn.error"' in written
    assert "canary" not in written
