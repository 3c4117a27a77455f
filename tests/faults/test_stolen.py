"""Row 58: who steals a disk, a dump, a backup, logs or what a crash left behind finds no answer of a person."""

from __future__ import annotations

import base64
import re
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from app.config import ROOT
from tests.app.operations.places import Keys
from tests.deploy.proxy import Proxy
from tests.faults.checker import query
from tests.faults.collect import CONTENT_TYPE, FORM_ID, Filled, write_body
from tests.faults.conftest import NewService
from tests.faults.figures import Figures
from tests.faults.places import Cluster
from tests.faults.service import Service
from tests.support.backend import instance
from tests.support.postgres import binaries

PLANTED = ("who", "story", "photo", "changed", "kept-aside", "unread", "cut-off", "instance-name", "unknown", "erased")


STEM = "Kanarina-"


def canary(name: str) -> str:
    """A word that occurs nowhere else, long enough that base64 of any part of it is found."""
    return f"{STEM}{name}-Drita-e-Tiranes-4711"


def shapes(word: str) -> Iterator[bytes]:
    """The word as it might lie somewhere: in three alphabets, in hexadecimal, in base64 at each of three places."""
    plain = word.encode()
    yield from (plain, word.encode("utf-16-le"), word.encode("utf-16-be"), plain.hex().encode(), plain[::-1])
    # Without its end, which depends on what comes after the word.
    yield from (base64.b64encode(plain[start:])[: (len(plain) - start) * 4 // 3] for start in range(3))


def filled(instance_id: str, who: str, photos: dict[str, bytes], meta: str = "", version: str = "1") -> Filled:
    answers = f"<who>{canary(who)}</who><number>1</number><story>{canary('story') * 40}</story>"
    answers += "".join(f"<photo{number}>{name}</photo{number}>" for number, name in enumerate(photos, start=1))
    answers += f"<not_in_the_form>{canary('unknown')}</not_in_the_form>"
    meta += f"<orx:instanceName>{canary('instance-name')}</orx:instanceName>"
    xml = instance(FORM_ID, answers, instance_id=instance_id, meta=meta, version=version)
    return Filled(instance_id, xml.encode(), photos)


def plant(service: Service, proxy: Proxy) -> None:
    """Every way in which something of a person is taken, kept aside, refused, cut off or erased."""
    path = f"{service.phone.at}/submission?deviceID=drill"

    def send(form: Filled) -> int:
        answer = proxy.ask(
            "POST", path, write_body(form, list(form.photos), incomplete=False), Content_Type=CONTENT_TYPE
        )
        return answer.status

    name, gone, photo = f"uuid:{uuid4()}", f"uuid:{uuid4()}", canary("photo").encode() * 3000
    assert send(filled(name, "who", {"a.jpg": photo})) == 201
    assert send(filled(name, "changed", {"a.jpg": photo})) == 409
    assert send(filled(f"uuid:{uuid4()}", "kept-aside", {"a.jpg": photo}, version="9")) == 404
    assert send(filled(gone, "erased", {"a.jpg": canary("erased").encode() * 3000})) == 201
    assert send(Filled("", f"<data><who>{canary('unread')}".encode())) == 400
    service.run("erase", gone, "--project", str(service.phone.project), "--form", FORM_ID, "--reason", "asked", "--yes")
    # A body of which the end never comes, at the service itself; and then the power goes.
    half = write_body(
        filled(f"uuid:{uuid4()}", "cut-off", {"a.jpg": canary("cut-off").encode() * 30_000}),
        ["a.jpg"],
        incomplete=False,
    )
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {len(half)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        connection.sendall(head.encode() + half[:-1000])
        # Answered while the other one waits: what was sent has been read.
        assert requests.get(f"{service.url}/ready", timeout=30).status_code == 200
        admin = service.administrator()
        at = f"/projects/{service.phone.project}/forms/{FORM_ID}"
        assert canary("who").encode() in admin.content(f"{at}/submissions/{name}.xml")
        asked = admin.request("GET", f"{at}.svc/Submissions?$filter=who eq '{canary('unread')}'")
        assert asked.status_code == 501  # of a filter that is refused the log must not tell either
        admin.close()
        service.kill()


def contents(*places: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of the places but the key's folder, which is no thief's. A database's files come and go."""
    for place in places:
        for path in place.rglob("*") if place.is_dir() else [place]:
            with suppress(FileNotFoundError):
                if path.is_file() and "keys" not in path.parts:
                    yield str(path), path.read_bytes()


def found(contents: Iterable[tuple[str, bytes]]) -> list[str]:
    """Where which planted word lies open."""
    stems = list(shapes(STEM))
    wanted = [(name, shape) for name in PLANTED for shape in shapes(canary(name))]
    suspect = ((where, content) for where, content in contents if any(stem in content for stem in stems))
    return [f"{where}: {name}" for where, content in suspect for name, shape in wanted if shape in content]


class Counted:
    """Counts what is searched."""

    def __init__(self) -> None:
        self.files = self.size_bytes = 0

    def through(self, contents: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        for where, content in contents:
            self.files += 1
            self.size_bytes += len(content)
            yield where, content


@pytest.mark.cut_on("sqlite")
def test_no_answer_lies_open_in_anything_that_can_be_stolen(
    new_service: NewService, database: str, tmp_path: Path, figure: Figures, request: pytest.FixtureRequest
) -> None:
    spool, keys = tmp_path / "tmp", Keys(tmp_path)
    spool.mkdir()
    service = new_service(TMPDIR=str(spool), SPORTEL_LOG_FORMAT="json", SPORTEL_TRUSTED_PROXIES="1")
    with service, Proxy(tmp_path / "nginx", service.port) as proxy:
        master = service.pid
        plant(service, proxy)
        stolen = tmp_path / "stolen.age"
        service.run("backup", str(stolen), "--recipient", keys.public)
        counters = Path("/dev/shm").glob(f"sportel-metrics-{master}-*")
        places = [service.folder, service.log, tmp_path / "nginx", proxy.bodies, spool, stolen, *counters]
        dump = b""
        if database == "postgresql":
            cluster: Cluster = request.getfixturevalue("cluster")
            places.append(cluster.folder)
            asked = [str(binaries() / "pg_dump"), "--dbname", str(service.database_url)]
            dump = subprocess.run(asked, capture_output=True, check=True).stdout
        counted = Counted()
        assert found(counted.through([*contents(*places), ("a dump", dump)])) == []
        figure("files searched", counted.files)
        figure("megabytes searched", counted.size_bytes / 1e6)
        # What was taken was there to be found: the one that was erased leaves its row.
        assert query(service, "SELECT count(*) FROM submissions")[0][0] == 2


def test_a_word_that_lies_open_would_be_found() -> None:
    for shape in shapes(canary("who")):
        assert found([("here", b"x" + shape + b"y")]) == ["here: who"]


def test_a_crash_of_the_served_process_writes_no_memory_to_the_disk() -> None:
    unit = (ROOT / "deploy" / "sportel.service").read_text(encoding="utf-8")
    assert re.search(r"^LimitCORE=0$", unit, re.MULTILINE)
