"""What does a hostile file cost the service, what does the service touch for it, and what does it keep?"""

from __future__ import annotations

import http.client
import os
import re
import sys
import sysconfig
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from app.config import ROOT
from app.db import db, models
from app.services.read_submissions import content_of, stored_xml
from tests.app.looking import kept_aside
from tests.app.web.openrosa.bodies import BOUNDARY, body, file_part, xml_part
from tests.faults.corpus_file import HostileFile, submission
from tests.faults.service import Service
from tests.support.backend import make_backend

TICKS = os.sysconf("SC_CLK_TCK")
TRACE_OPTIONS = ("-f", "--seccomp-bpf", "-qq", "-s", "300", "-e", "trace=open,openat,openat2,creat,connect,execve")


@dataclass(frozen=True)
class Answer:
    """A status with its body."""

    status: int
    body: bytes


class Doors:
    """Where each kind of file is sent: the phone's address and the administrator's."""

    def __init__(self, service: Service, authorization: str) -> None:
        self._service = service
        self._project = f"/v1/projects/{service.phone.project}"
        self._authorization = authorization

    def send(self, file: HostileFile) -> Answer:
        """Send it as its door wants it."""
        return self._post(*self._request(file))

    def get(self, path: str) -> Answer:
        """Read something as the administrator."""
        return self._exchange("GET", path, None, {"Authorization": self._authorization})

    def _post(self, path: str, content: bytes, media_type: str, fallback: str | None = None) -> Answer:
        headers = {"Content-Type": media_type}
        if not path.startswith(self._service.phone.at):
            headers["Authorization"] = self._authorization
        if fallback is not None:
            headers["X-XlsForm-FormId-Fallback"] = fallback
        return self._exchange("POST", path, content, headers)

    def _request(self, file: HostileFile) -> tuple[str, bytes, str, str | None]:
        content = file.content()
        sending, forms = f"{self._service.phone.at}/submission", f"{self._project}/forms"
        adding = f"{forms}?publish=true&ignoreWarnings=true"
        multipart = f"multipart/form-data; boundary={BOUNDARY}"
        name = file.name.partition("/")[2]
        table = {
            "xml": (sending, body(xml_part(content)), multipart),
            "body": (sending, content, multipart),
            "photo": (sending, body(xml_part(photographed(name)), file_part("a.jpg", content)), multipart),
            "workbook": (adding, content, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            "markdown": (adding, content, "text/markdown"),
            "xform": (adding, content, "text/xml"),
            "form-file": (f"{forms}/listed/draft/attachments/list.csv", content, "text/csv"),
            "json": ("/v1/sessions", content, "application/json"),
        }
        return (*table[file.door], name if file.door == "workbook" else None)

    def _exchange(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self._service.port, timeout=60)
        try:
            with suppress(BrokenPipeError, ConnectionResetError):
                # A body that is too large is refused before all of it has been sent.
                connection.request(method, path, content, headers)
            response = connection.getresponse()
            return Answer(response.status, response.read())
        finally:
            connection.close()


def photographed(name: str) -> str:
    """The submission that brings a hostile photo."""
    return submission(f"photo-{name}", more="<pic>a.jpg</pic>")


class Meter:
    """Processor time and memory of the service's processes, also of those that come and go."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._peak_kib = 0
        self._stopped = threading.Event()

    @contextmanager
    def running(self) -> Iterator[Meter]:
        """Look at the memory fifty times a second meanwhile: a compiler's child lives for a moment only."""
        watcher = threading.Thread(target=self._watch, daemon=True)
        watcher.start()
        try:
            yield self
        finally:
            self._stopped.set()
            watcher.join()

    def reset(self) -> None:
        """Forget the highest memory so far, also in the kernel's books."""
        for process in self._processes():
            with suppress(OSError):
                Path(f"/proc/{process}/clear_refs").write_text("5")
        self._peak_kib = 0

    def cpu_seconds(self) -> float:
        """Used up so far by all of them and by their children that have ended."""
        return sum(sum(map(int, _stat(process)[11:15])) for process in self._processes()) / TICKS

    def peak_mib(self) -> float:
        """The most that any one process has held since the reset."""
        self._look()
        return self._peak_kib / 1024

    def _watch(self) -> None:
        while not self._stopped.wait(0.02):
            self._look()

    def _look(self) -> None:
        for process in self._processes():
            with suppress(OSError):
                found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
                self._peak_kib = max(self._peak_kib, int(found.group(1)) if found else 0)

    def _processes(self) -> list[int]:
        found = [self._root]
        for process in found:
            with suppress(OSError):
                for task in Path(f"/proc/{process}/task").iterdir():
                    found += [int(child) for child in (task / "children").read_text().split()]
        return found


def _stat(process: int) -> list[str]:
    """The fields behind the program's name; zeros for a process that has just gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return ["0"] * 20


def settle(meter: Meter) -> None:
    """Wait until nothing runs any more, so that one file's work is not counted as the next one's."""
    before = -1.0
    while (now := meter.cpu_seconds()) != before:
        before = now
        time.sleep(0.05)


# Where a running Python program of ours may look: itself, its libraries, its data, the kernel's windows.
_OWN = (str(ROOT), sys.prefix, sysconfig.get_path("stdlib"), "/usr/lib/python3", "/usr/local/lib/python3")
_KERNEL = ("/proc/", "/sys/", "/dev/shm/", "/dev/null", "/dev/urandom")
_LIBRARY = re.compile(r"/(usr/)?(lib|lib64|local/lib)/.*\.so[.0-9]*|/etc/ld\.so\.cache")
# pyxform writes the form that it has compiled to a file of its own and reads it again; it is no answer of anybody.
_TEMPORARY = re.compile(re.escape(tempfile.gettempdir()) + r"/(tmp)?[a-z0-9_]{8}")
_OPENED = re.compile(r'(?:open|openat|openat2|creat)\((?:AT_FDCWD, |\d+, )?"((?:[^"\\]|\\.)*)"(.*)')
_CONNECTED = re.compile(r"connect\(\d+, \{(.*?)\}")
_EXECUTED = re.compile(r'execve\("((?:[^"\\]|\\.)*)"')


def strangers(trace: str, folder: Path, allowed_ports: tuple[int, ...] = ()) -> list[str]:
    """What strace saw that none of the service's business is: a file opened, a connection, a program run."""
    return [what for line in trace.splitlines() if (what := _stranger(line, folder, allowed_ports))]


def _stranger(line: str, folder: Path, allowed_ports: tuple[int, ...]) -> str | None:
    if opened := _OPENED.search(line):
        path = opened.group(1)
        own = (*_OWN, *_KERNEL, str(folder))
        is_own = (
            path.startswith(own) or not path.startswith("/") or _LIBRARY.fullmatch(path) or _TEMPORARY.fullmatch(path)
        )
        return None if is_own and ".." not in path else f"opened {path}"
    if connected := _CONNECTED.search(line):
        address = connected.group(1)
        is_own = any(f"htons({port})" in address and '"127.0.0.1"' in address for port in allowed_ports)
        return None if is_own else f"connected to {address}"
    if executed := _EXECUTED.search(line):
        return None if executed.group(1).startswith(sys.prefix) else f"ran {executed.group(1)}"
    return None


@dataclass(frozen=True)
class Kept:
    """What lies in the database and the storage, opened: XML and files of submissions, and what was put aside."""

    submissions: Counter[bytes]
    files: Counter[bytes]
    aside: Counter[bytes]


def kept(folder: Path, database_url: str | None) -> Kept:
    """Read past the service's doors."""
    url = database_url and database_url.replace("postgresql://", "postgresql+psycopg://")
    backend = make_backend(folder, url)
    with backend.app.app_context():
        try:
            return Kept(*_submissions(), Counter(content for _, _, content in kept_aside(backend)))
        finally:
            db.session.remove()
            db.engine.dispose()


def _submissions() -> tuple[Counter[bytes], Counter[bytes]]:
    submissions: Counter[bytes] = Counter()
    files: Counter[bytes] = Counter()
    for version in db.session.scalars(select(models.SubmissionVersion)):
        row = db.session.get_one(models.Submission, version.submission_id)
        submissions[stored_xml(row, version)] += 1
        arrived = select(models.SubmissionAttachment).where(
            models.SubmissionAttachment.submission_version_id == version.id,
            models.SubmissionAttachment.blob_key.is_not(None),
        )
        for file in db.session.scalars(arrived):
            files[b"".join(content_of(row, file))] += 1
    return submissions, files
