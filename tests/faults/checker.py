"""Was every promise kept? Everything that was acknowledged is read back over the API and compared, byte for byte.

Independent of the service's own opinion where that is possible: the ledger is the phones', the rows are counted with
SQL, and only for what lies sealed does the service's own check look again.
"""

from __future__ import annotations

import hashlib
import http.client
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import local
from typing import Any, Self
from urllib.parse import quote

import psycopg

from tests.faults.collect import FORM_ID, Ledger, Promise
from tests.faults.service import Service
from tests.journeys.phone.served import EMAIL, PASSWORD, Central

READERS = 3
TWICE = """
SELECT v.instance_id, count(*) FROM submission_versions v JOIN forms f ON f.id = v.form_id
WHERE f.xml_form_id = 'drill' GROUP BY v.instance_id HAVING count(*) > 1
"""
AUDITED = """
SELECT s.instance_id, count(a.id) FROM submissions s JOIN forms f ON f.id = s.form_id
LEFT JOIN audits a ON a.submission_id = s.id AND a.action = 'submission.create'
WHERE f.xml_form_id = 'drill' GROUP BY s.id, s.instance_id
"""
STORED = """
SELECT v.instance_id FROM submission_versions v JOIN forms f ON f.id = v.form_id WHERE f.xml_form_id = 'drill'
"""
CASES = """
SELECT e.uuid, count(v.id) FROM entities e JOIN datasets d ON d.id = e.dataset_id
LEFT JOIN entity_versions v ON v.entity_id = e.id WHERE d.name = 'drill_cases' GROUP BY e.uuid
"""
# What submissions have started and nobody has done yet; done ones have no row.
TO_DO = "SELECT v.instance_id, o.state FROM outbox o JOIN submission_versions v ON v.id = o.submission_version_id"
# A killed worker's lease lasts for half a minute; then another one does what it left.
WORK_SECONDS = 900


@dataclass
class Verdict:
    """What was found; every list must be empty. The entries are instance IDs or rows.

    `retried`: pieces of work that were parked, and were done when the operator's command asked for it.
    """

    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    never_sent: list[str] = field(default_factory=list)
    parked: list[str] = field(default_factory=list)
    dangling: list[str] = field(default_factory=list)
    other_faults: list[str] = field(default_factory=list)
    orphans_before_sweep: int = 0
    orphans: int = 0
    retried: int = 0
    read_bytes: int = 0

    @property
    def faults(self) -> dict[str, list[str]]:
        """Each kind with what is wrong; empty if every promise was kept."""
        kinds = {
            "lost": self.lost,
            "wrong": self.wrong,
            "twice": self.twice,
            "never sent": self.never_sent,
            "parked": self.parked,
            "dangling": self.dangling,
            "other faults": self.other_faults,
            "orphans": [str(self.orphans)] if self.orphans else [],
        }
        return {kind: found for kind, found in kinds.items() if found}


def check(
    service: Service, ledger: Ledger, *, inside: bool = True, sweeps: bool = True, awaits_work: bool = False
) -> Verdict:
    """Look at everything. The service runs and nobody sends.

    `inside`: the service's own check reads everything too. `sweeps`: what a crash left behind is swept first, and what
    is there is read before and after. `awaits_work`: what submissions have started is waited for;
    otherwise it may still be noted as to be done.
    """
    verdict = Verdict()
    _read_back(service, ledger, verdict)
    _count(service, ledger, verdict)
    _look_at_cases(service, ledger, verdict, awaits_work=awaits_work)
    if inside:
        _look_inside(service, verdict, sweeps=sweeps)
    return verdict


def _read_back(service: Service, ledger: Ledger, verdict: Verdict) -> None:
    central = Central(service.url, EMAIL, PASSWORD)
    token = str(central._session.headers["Authorization"])
    central.close()
    with Reader(service, token) as reader, ThreadPoolExecutor(READERS) as readers:
        for lost, wrong, size in readers.map(reader.compare, ledger.taken().items()):
            verdict.lost += lost
            verdict.wrong += wrong
            verdict.read_bytes += size


class Reader:
    """Reads with one connection for each thread."""

    def __init__(self, service: Service, authorization: str) -> None:
        self._port, self._project = service.port, service.phone.project
        self._headers = {"Authorization": authorization}
        self._own = local()
        self._opened: list[http.client.HTTPConnection] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._opened:
            connection.close()

    def compare(self, entry: tuple[str, Promise]) -> tuple[list[str], list[str], int]:
        """What of a promise is lost, what is wrong, and how many bytes were compared."""
        name, promise = entry
        at = f"/v1/projects/{self._project}/forms/{FORM_ID}/submissions/{quote(promise.root)}"
        wanted = {f"{at}/versions/{quote(name)}.xml": (name, promise.xml)}
        for photo in promise.photos_taken:
            wanted[f"{at}/attachments/{quote(photo)}"] = (f"{name} {photo}", promise.photos[photo])
        lost, wrong, size = [], [], 0
        for path, (what, sha) in wanted.items():
            status, content = self._get(path)
            size += len(content)
            if status == 404:
                lost.append(what)
            elif status != 200 or hashlib.sha256(content).hexdigest() != sha:
                wrong.append(what)
        return lost, wrong, size

    def _get(self, path: str) -> tuple[int, bytes]:
        """The answer; one that breaks off in the middle, as a file that does not open, counts as 500."""
        for _ in range(2):
            connection = self._connection()
            try:
                connection.request("GET", path, headers=self._headers)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except http.client.IncompleteRead:
                connection.close()
                return 500, b""
            except (OSError, http.client.HTTPException):
                connection.close()  # kept open too long; it opens anew by itself
        return 500, b""

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            self._opened.append(self._own.connection)
        connection: http.client.HTTPConnection = self._own.connection
        return connection


def _count(service: Service, ledger: Ledger, verdict: Verdict) -> None:
    verdict.twice += [name for name, _ in query(service, TWICE)]
    # A submission that is taken says so in the audit exactly once, however often it was sent.
    verdict.twice += [f"{name} audited {times} times" for name, times in query(service, AUDITED) if times != 1]
    stored = Counter(name for (name,) in query(service, STORED))
    verdict.never_sent += [name for name in stored if name not in ledger.promises]
    missing = [name for name in ledger.taken() if name not in stored]
    verdict.lost += [name for name in missing if name not in verdict.lost]


def _look_at_cases(service: Service, ledger: Ledger, verdict: Verdict, *, awaits_work: bool) -> None:
    """Each case that a taken submission opens is there once, or noted as to be done."""
    if awaits_work:
        _await_work(service)
        # A worker that is killed counts as a try of what it may have been doing; after five that waits for a person.
        verdict.retried = len(query(service, TO_DO))
        if verdict.retried:
            service.run("outbox", "retry", "--all")
            _await_work(service)
    waiting = query(service, TO_DO)
    verdict.parked += [str(name) for name, state in waiting if state != "waiting"]
    noted = set() if awaits_work else {name for name, _ in waiting}
    versions = dict(query(service, CASES))
    for name, promise in ledger.taken().items():
        if promise.case is None:
            continue
        found = versions.get(promise.case, 0)
        if found == 0 and name not in noted:
            verdict.lost.append(f"{name} its case")
        elif found not in (0, 1):
            verdict.twice.append(f"{name} its case {found} times")


def _await_work(service: Service) -> None:
    """Wait until nothing is to be done but what is parked."""
    end = time.monotonic() + WORK_SECONDS
    while any(state == "waiting" for _, state in query(service, TO_DO)) and time.monotonic() < end:
        time.sleep(0.2)


def query(service: Service, statement: str) -> list[tuple[Any, ...]]:
    """Ask the service's database, past the service."""
    if service.database_url is not None:
        with psycopg.connect(service.database_url) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[call-overload,no-any-return]
    plain = sqlite3.connect(f"file:{service.folder / 'db' / 'sportel.sqlite3'}?mode=ro", uri=True)
    try:
        return plain.execute(statement).fetchall()
    finally:
        plain.close()


def _look_inside(service: Service, verdict: Verdict, *, sweeps: bool) -> None:
    before = after = service.json("fsck", expected=(0, 1))
    verdict.orphans_before_sweep = before["orphans"]
    if sweeps:
        # Nobody sends, so that age protects nothing.
        service.json("sweep", "--now", "--older-than", "0")
        after = service.json("fsck", expected=(0, 1))
    verdict.orphans = after["orphans"] + sum(1 for _ in (service.folder / "blobs" / "tmp").glob("*"))
    # Before the sweep and after: it must not have taken what a row names.
    places = {(fault["place"], fault["kind"]) for fault in _faults((before, after))}
    verdict.dangling = sorted(place for place, kind in places if kind == "dangling")
    verdict.other_faults = sorted(f"{place} {kind}" for place, kind in places if kind != "dangling")


def _faults(checks: Iterable[dict[str, list[dict[str, str]]]]) -> list[dict[str, str]]:
    return [fault for check in checks for fault in check["faults"]]
