"""The shipped nginx configuration in front of the real server: what a phone, a slow one and a hostile one meet."""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from app.config import MIB, Settings
from tests.app.web.openrosa.bodies import BOUNDARY, body, file_part, xml_part
from tests.deploy.conftest import Site
from tests.deploy.proxy import CONFIGURATION, NAME, Proxy, converse, nginx
from tests.support.backend import instance
from tests.support.postgres import free_port

MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
TEXT = CONFIGURATION.read_text(encoding="utf-8")


def seconds(directive: str) -> list[int]:
    """Every value of a time-out."""
    return [int(value) for value in re.findall(rf"^\s*{directive} (\d+)s", TEXT, re.MULTILINE)]


def submission(*files: bytes) -> tuple[str, bytes]:
    """An instance ID and a whole body."""
    name = f"uuid:{uuid4()}"
    return name, body(xml_part(instance("visit", "<pic>a.jpg</pic>", instance_id=name)), *files)


def head_of(site: Site, content: bytes) -> bytes:
    """The header lines of a POST of this body."""
    lines = (
        f"POST {site.at}/submission HTTP/1.1",
        f"Host: {NAME}",
        "Connection: close",
        f"Content-Type: {MULTIPART}",
        f"Content-Length: {len(content)}",
    )
    return "\r\n".join((*lines, "", "")).encode()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def wait_for(reached: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_nginx_accepts_the_configuration_without_a_warning(site: Site) -> None:
    done = subprocess.run([nginx(), "-t", "-c", site.proxy.configuration], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr


def test_a_submission_over_https_is_taken_and_given_back(site: Site) -> None:
    photo = bytes(range(256)) * 1000
    name, content = submission(file_part("a.jpg", photo))
    answer = site.proxy.ask("POST", f"{site.at}/submission", content, Content_Type=MULTIPART)
    assert answer.status == 201
    assert site.project.file("visit", name, "a.jpg") == photo


def test_sportel_learns_the_address_that_the_phone_called(site: Site) -> None:
    answer = site.proxy.ask("GET", f"{site.at}/formList", X_Forwarded_Host="evil.example", X_Forwarded_Proto="http")
    assert answer.status == 200
    addresses = re.findall(r"<downloadUrl>(.+?)</downloadUrl>", answer.content.decode())  # type: ignore[attr-defined]
    assert addresses
    assert {each.split("/v1/")[0] for each in addresses} == {f"https://{NAME}:{site.proxy.port}"}


def test_every_answer_asks_for_https_once_and_tells_no_version(site: Site) -> None:
    for path in ("/live", "/v1/nothing", f"{site.at}/formList"):
        headers = site.proxy.ask("GET", path).headers
        assert headers.get_all("Strict-Transport-Security") == ["max-age=31536000; includeSubDomains"]
        assert headers.get_all("Server") == ["nginx"]


def test_a_request_has_one_id_in_the_answer_and_in_both_logs(site: Site) -> None:
    answer = site.proxy.ask("GET", f"{site.at}/formList", X_Request_Id="f" * 32)
    reference = answer.headers["X-Request-Id"]
    assert re.fullmatch(r"[0-9a-f]{32}", reference)
    assert reference != "f" * 32
    wait_for(lambda: reference in site.proxy.written())
    (line,) = [json.loads(each) for each in site.proxy.written().splitlines() if reference in each]
    assert line["address"] == f"/v1/key/…/projects/{site.project.number}/formList"
    assert (line["status"], line["upstream_status"]) == ("200", "200")
    assert reference in site.served.log.read_text()


def test_two_kilobytes_a_second_are_enough(site: Site) -> None:
    _, content = submission(file_part("a.jpg", b"x" * 2000))
    with site.proxy.connect() as phone:
        phone.sendall(head_of(site, content))
        for start in range(0, len(content), 200):
            phone.sendall(content[start : start + 200])
            time.sleep(0.1)
        assert status(phone.recv(65536)) == 201


@pytest.mark.parametrize(
    "directive", ["client_body_timeout", "send_timeout", "proxy_read_timeout", "proxy_send_timeout"]
)
def test_no_time_out_is_shorter_than_a_phones_own(directive: str) -> None:
    assert seconds(directive)
    assert min(seconds(directive)) > 60


def test_the_limit_of_a_body_is_sportels_with_a_margin() -> None:
    (limit,) = re.findall(r"client_max_body_size (\d+)m;", TEXT)
    assert Settings().max_request_bytes < int(limit) * MIB <= Settings().max_request_bytes + 5 * MIB


def test_bodies_are_collected_in_memory_and_answers_nowhere() -> None:
    (folder,) = re.findall(r"client_body_temp_path (\S+);", TEXT)
    kinds = {line.split()[1]: line.split()[2] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()}
    assert kinds[str(Path(folder).parent)] == "tmpfs"
    assert "proxy_max_temp_file_size 0;" in TEXT


def test_half_open_connections_do_not_keep_a_health_check_from_its_answer(site: Site) -> None:
    _, content = submission(file_part("a.jpg", b"x" * 100_000))
    with ExitStack() as half_open:
        for number in range(200):
            phone = half_open.enter_context(site.proxy.connect())
            phone.sendall(head_of(site, content) + content[:70_000] if number % 2 else b"GET /live HTTP/1.1\r\nHost: x")
        for path in ("/live", "/ready"):
            assert site.proxy.ask("GET", path).status == 200
        answer = site.proxy.ask("POST", f"{site.at}/submission", content, Content_Type=MULTIPART)
        assert answer.status == 201


def test_a_body_over_the_limit_is_refused_before_it_is_sent_in_words_that_a_phone_shows(site: Site) -> None:
    head = head_of(site, b"").replace(b"Content-Length: 0", b"Content-Length: %d" % (102 * MIB))
    # nginx waits a while for the rest before it closes.
    answer = converse(site.proxy.connect(), head, to_the_end=False)
    assert status(answer) == 413
    assert b'<message nature="error">The request is too large' in answer


SMUGGLED = [
    ["Content-Length: 4", "Transfer-Encoding: chunked"],
    ["Transfer-Encoding: chunked", "Content-Length: 4"],
    ["Content-Length: 4", "Content-Length: 5"],
    ["Content-Length: 4", "Content-Length: 4"],
    ["Content-Length: +4"],
    ["Content-Length: 4, 5"],
    ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
    ["Transfer-Encoding : chunked"],
    ["Content-Length: 4", " folded: x"],
]


@pytest.mark.parametrize("headers", SMUGGLED, ids=" + ".join)
@pytest.mark.parametrize("through", ["nginx", "gunicorn"])
def test_a_request_whose_end_is_in_doubt_is_refused(site: Site, headers: list[str], through: str) -> None:
    smuggled = b"0\r\n\r\nGET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    head = "\r\n".join(("POST /v1/sessions HTTP/1.1", f"Host: {NAME}", *headers, "", "")).encode()
    if through == "nginx":
        connection: socket.socket = site.proxy.connect()
    else:
        connection = socket.create_connection(("127.0.0.1", site.served.port), timeout=30)
    answer = converse(connection, head + smuggled)
    assert status(answer) in (400, 501)
    assert b'"live"' not in answer


def test_plain_http_is_refused_and_not_redirected_except_for_a_persons_first_visit(site: Site) -> None:
    def plain(path: str) -> bytes:
        connection = socket.create_connection(("127.0.0.1", site.proxy.plain_port), timeout=30)
        return converse(connection, f"GET {path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())

    assert b"\r\nLocation: https://forms.example.org/\r\n" in plain("/")
    assert status(plain(f"{site.at}/formList")) == 403


def test_another_name_gets_no_certificate(site: Site) -> None:
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        site.proxy.connect("other.example.org")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_tls_1_1_is_refused(site: Site) -> None:
    old = ssl.create_default_context(cafile=str(site.proxy.folder / "fullchain.pem"))
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        site.proxy.connect(trust=old)


def test_the_metrics_are_not_there_for_who_comes_through_the_proxy(site: Site) -> None:
    assert site.proxy.ask("GET", "/metrics").status == 404


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """nginx with nothing behind it."""
    with Proxy(tmp_path_factory.mktemp("alone") / "nginx", free_port()) as proxy:
        yield proxy


def test_a_server_that_is_away_asks_the_phone_to_try_again(alone: Proxy) -> None:
    answer = alone.ask("POST", f"/v1/key/{'t' * 64}/projects/1/submission", b"x", Content_Type=MULTIPART)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.headers["Strict-Transport-Security"]
    assert b"safe to send again" in answer.content  # type: ignore[attr-defined]


def test_nginx_writes_no_token_and_no_file_name_anywhere(site: Site, alone: Proxy) -> None:
    token = "canary-token-" + "t" * 51
    paths = [
        f"/v1/key/{token}/projects/1/formList",
        f"//v1//key/{token}/projects/1/formList",
        f"/%761/k%65y/{token}/projects/1/formList",
        f"/v1/../v1/key/{token}/projects/1",
        f"/v1/key/{token}",
        f"/v1/key/{token}?a={token}",
        f"/v1/test/{token}/projects/1/forms/visit/draft.xml",
        f"/v1/projects/1/formList?st={token}",
        f"/elsewhere/{token}/x",
        f"/v1/key/{token}/projects/1/forms/visit/attachments/canary-name.jpg",
        "/v1/projects/1/forms/visit/submissions/uuid:1/attachments/canary-name.jpg",
    ]
    for proxy in (site.proxy, alone):
        for path in paths:
            proxy.ask("GET", path, Referer=f"https://x/{token}", User_Agent=token)
            proxy.ask("POST", path, b"canary-answer" * 10_000, Content_Type="text/xml")
        too_large = f"POST {paths[0]} HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 200000000\r\n\r\n".encode()
        converse(proxy.connect(), too_large, to_the_end=False)
        converse(proxy.connect(), f"GARBAGE {paths[0]} HTTP/9\r\n\r\n".encode())
        wait_for(lambda proxy=proxy: proxy.written().count('"request"') >= 2 * len(paths))
        assert "canary" not in proxy.written()
    assert "canary" not in site.served.log.read_text()


def test_a_body_that_is_arriving_lies_in_no_file_that_could_be_opened(site: Site) -> None:
    _, content = submission(file_part("a.jpg", b"canary" * 50_000))
    with site.proxy.connect() as phone:
        phone.sendall(head_of(site, content) + content[:-10])
        # nginx has opened a file for it and has taken its name away again.
        wait_for(lambda: any(str(site.proxy.bodies) in each for each in open_files(site.proxy)))
        assert "canary" not in site.proxy.written()
        phone.sendall(content[-10:])
        assert status(phone.recv(65536)) == 201


def open_files(proxy: Proxy) -> list[str]:
    """What nginx's processes have open; a file without a name is marked `(deleted)`."""
    master = int((proxy.folder / "nginx.pid").read_text())
    workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    found = []
    for worker in workers:
        for descriptor in Path(f"/proc/{worker}/fd").iterdir():
            try:
                found.append(str(descriptor.readlink()))
            except OSError:
                continue
    return [each for each in found if each.endswith("(deleted)")]
