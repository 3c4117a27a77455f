"""A network that loses answers, is slow, or is full of connections that lead nowhere; and requests with two ends."""

from __future__ import annotations

import resource
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import uuid4

import pytest

from tests.deploy.proxy import NAME, Proxy
from tests.faults import raw
from tests.faults.checker import check, query
from tests.faults.collect import CONTENT_TYPE, Filled, Ledger, post, write_body, write_xml
from tests.faults.conftest import NewService, services
from tests.faults.figures import Figures
from tests.faults.places import Templates
from tests.faults.proxy import Fate, FaultProxy
from tests.faults.service import Service

ROWS = "SELECT count(*) FROM submission_versions WHERE instance_id = '{}'"


def a_filled_form(photo_bytes: int) -> tuple[Filled, bytes]:
    """With one photo: the form and the request's body."""
    name = f"uuid:{uuid4()}"
    photos = {"photo.jpg": bytes(range(256)) * (photo_bytes // 256 + 1)}
    filled = Filled(name, write_xml(name, 1, "story", photos), photos)
    return filled, write_body(filled, ["photo.jpg"], incomplete=False)


def promised(*forms: Filled) -> Ledger:
    """As if a phone had heard 201 to these."""
    ledger = Ledger()
    for each in forms:
        ledger.begin(each)
        ledger.acknowledged(each, list(each.photos))
    return ledger


def test_a_phone_that_missed_the_answer_sends_again_and_there_is_one_row(new_service: NewService) -> None:
    filled, body = a_filled_form(30_000)
    with new_service() as service, FaultProxy(service.port, lambda: Fate(drops_answer=True)) as network:
        path = f"{service.phone.at}/submission"
        for _ in range(3):
            assert post(("127.0.0.1", network.port), path, body) == ("cut off", None)
            assert raw.status(network.last_dropped) == 201
        assert network.dropped == 3
        assert post(("127.0.0.1", service.port), path, body) == ("201", None)
        assert query(service, ROWS.format(filled.instance_id)) == [(1,)]
        # What was sent again was taken away again, not left to the sweep.
        assert check(service, promised(filled), sweeps=False).faults == {}


def upload_slowly(service: Service, body: bytes, bytes_per_second: int) -> int:
    with socket.create_connection(("127.0.0.1", service.port), timeout=120) as phone:
        phone.sendall(raw.head(f"{service.phone.at}/submission", len(body), "Connection: close"))
        raw.send_slowly(phone, body, bytes_per_second)
        return raw.status(raw.read_all(phone))


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_slow_upload_is_taken_however_long_it_lasts(new_service: NewService, full: bool, figure: Figures) -> None:
    # In full longer than Collect's minute and longer than gunicorn's patience with a worker that hangs, 120 s.
    speeds = {2_000: 280_000, 70_000: 10_000_000} if full else {2_000: 6_000}
    uploads = {speed: a_filled_form(size) for speed, size in speeds.items()}
    with new_service() as service, ThreadPoolExecutor() as phones:
        begun = time.monotonic()
        sent = [phones.submit(upload_slowly, service, body, speed) for speed, (_, body) in uploads.items()]
        assert [each.result() for each in sent] == [201] * len(uploads)
        figure("uploads at 2 kB/s and 70 kB/s that were taken", len(sent))
        figure("the longest upload, s", round(time.monotonic() - begun))
        assert check(service, promised(*(filled for filled, _ in uploads.values())), inside=False).faults == {}


@dataclass
class Site:
    """A service with the shipped nginx in front."""

    service: Service
    proxy: Proxy

    @property
    def path(self) -> str:
        return f"{self.service.phone.at}/submission"

    def connect_from(self, address: str) -> ssl.SSLSocket:
        """From another of this machine's own addresses: nginx limits what comes from one."""
        plain = socket.create_connection(("127.0.0.1", self.proxy.port), timeout=60, source_address=(address, 0))
        return self.proxy.trust.wrap_socket(plain, server_hostname=NAME)

    def to_gunicorn(self) -> socket.socket:
        """Past nginx."""
        return socket.create_connection(("127.0.0.1", self.service.port), timeout=60)

    def slowest_answer(self) -> float:
        """Seconds of the slowest of /live, /ready and the question before sending; each must be well."""
        slowest = 0.0
        for method, path, expected in (("GET", "/live", 200), ("GET", "/ready", 200), ("HEAD", self.path, 204)):
            begun = time.monotonic()
            assert self.proxy.ask(method, path).status == expected
            slowest = max(slowest, time.monotonic() - begun)
        return slowest

    def send(self) -> float:
        """Seconds that a submission takes; it must be taken."""
        _, body = a_filled_form(30_000)
        begun = time.monotonic()
        assert self.proxy.ask("POST", self.path, body, Content_Type=CONTENT_TYPE).status == 201
        return time.monotonic() - begun


@pytest.fixture(scope="module")
def site(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """On SQLite: what is in the network does not depend on the database. Holds as many files as the machine allows."""
    folder = tmp_path_factory.mktemp("site")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with (
        services("sqlite", templates, folder, pytest.fail) as new_service,
        new_service(SPORTEL_TRUSTED_PROXIES="1") as service,
        Proxy(folder / "nginx", service.port) as proxy,
    ):
        yield Site(service, proxy)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_half_open_connections_keep_nobody_from_sending(site: Site, full: bool, figure: Figures) -> None:
    count = 2_000 if full else 100
    whole = raw.head(site.path, 100_000, host=NAME) + b"x" * 50_000
    with ExitStack() as half_open:
        for number in range(count):
            # A hundred from each address: half of them stop in the head, half in the body.
            connection = half_open.enter_context(site.connect_from(f"127.0.1.{number // 100 + 1}"))
            connection.sendall(whole[:40] if number % 2 else whole)
        figure("half-open connections", count)
        slowest = site.slowest_answer()
        figure("slowest answer of /live, /ready and HEAD meanwhile, s", slowest)
        figure("a submission meanwhile, s", site.send())
        if full:
            assert slowest < 1


def test_idle_connections_keep_nobody_from_sending(site: Site, full: bool, figure: Figures) -> None:
    count = 5_000 if full else 100
    question = f"GET /live HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode()
    with ExitStack() as idle:
        for number in range(count):
            connection = idle.enter_context(site.connect_from(f"127.0.2.{number // 100 + 1}"))
            connection.sendall(question)
            assert raw.status(connection.recv(65536)) == 200
        figure("idle connections, kept open", count)
        took = site.send()
        figure("a submission meanwhile, s", took)
        if full:
            assert took < 5


# Where a request ends must be in no doubt: else what one side takes for a body is the other one's next request.
HIDDEN = b"GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
TWO_ENDS = {
    "Content-Length and chunked": b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 6\r\nContent-Length: 0\r\n\r\n",
    "a length with a sign": b"Content-Length: +0\r\n\r\n",
    "a length in hexadecimal": b"Content-Length: 0x0\r\n\r\n",
    "a negative length": b"Content-Length: -1\r\n\r\n",
    "chunked with a vertical tab": b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked in another coding": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a chunk's size with a sign": b"Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n",
    "a chunk's size in another notation": b"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
    "a chunk without its line end": b"Transfer-Encoding: chunked\r\n\r\n1\r\nAB0\r\n\r\n",
    "a header's line folded": b"Content-Length: 0\r\n folded: 1\r\n\r\n",
    "a space before the colon": b"Content-Length : 0\r\n\r\n",
    "a bare line feed in the head": b"X: y\nContent-Length: 6\r\nContent-Length: 0\r\n\r\n",
    "a bare carriage return in the head": b"X: y\rContent-Length: 6\r\nContent-Length: 0\r\n\r\n",
    "a NUL in the head": b"X: \x00\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("through", ["gunicorn", "nginx"])
@pytest.mark.parametrize("ending", TWO_ENDS)
def test_a_request_with_two_ends_is_refused_and_its_connection_closed(site: Site, ending: str, through: str) -> None:
    request = b"POST /v1/sessions HTTP/1.1\r\nHost: forms.example.org\r\n" + TWO_ENDS[ending] + HIDDEN
    connect = site.proxy.connect if through == "nginx" else site.to_gunicorn
    with connect() as connection:
        connection.sendall(request)
        answer = raw.read_all(connection)
    assert raw.status(answer) in (400, 501)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b'"live"' not in answer
