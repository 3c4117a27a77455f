"""What does it cost to take a submission, and does it cost more when there are many?

The real server is asked over HTTP, as phones do, by clients in a process of their own. For each database and form two
installations stand side by side, one empty, one with 50,000 submissions; they are measured by turns in one run, so that
a noisy machine disturbs both alike. Processor time is that of the server's processes and of PostgreSQL's; sealing,
cleaning, audit and the durable commit are in it. The log of requests goes to a file.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from benchmarks.multiply import multiply_submissions
from benchmarks.processes import total_cpu_seconds
from benchmarks.promise import Outcome, main
from tests.faults.places import Cluster
from tests.journeys.phone.served import Served, descendants

STORED = 50_000
QUESTIONS = (10, 80)
CLIENTS = (1, 8, 32)
ROUNDS = 3
SUBMISSIONS = 320
MOST_MILLISECONDS = 5.0
MOST_GROWTH = 1.10
_BOUNDARY = "sportel-benchmark"


def workbook(questions: int) -> str:
    """A form of text questions, half of them sealed, as a Markdown XLSForm."""
    lines = [
        f"| | text | q{number} | Pyetja {number} | {'quasi' if number % 2 else 'identifying'} |"
        for number in range(questions)
    ]
    return "\n".join(
        [
            "| survey |",
            "| | type | name | label | bind::sportel:class |",
            *lines,
            "| settings |",
            "| | form_id | version | namespaces |",
            '| | bench | 1 | sportel="urn:sportel:xforms" |',
        ]
    )


def filled(questions: int) -> bytes:
    """A submission with all questions answered, as multipart."""
    answers = "".join(f"<q{number}>Përgjigje numër {number} e shkurtër</q{number}>" for number in range(questions))
    xml = (
        '<data xmlns:orx="http://openrosa.org/xforms" id="bench" version="1">'
        f"{answers}<orx:meta><orx:instanceID>uuid:{uuid4()}</orx:instanceID></orx:meta></data>"
    )
    return (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="submission.xml"\r\n'
        f"Content-Type: text/xml\r\n\r\n{xml}\r\n--{_BOUNDARY}--\r\n"
    ).encode()


@dataclass
class Installation:
    """A server with the form, and what was measured of it: by the number of clients, one figure for each round."""

    served: Served
    questions: int
    address: str
    database: int | None
    milliseconds: dict[int, list[float]] = field(default_factory=dict)
    rates: dict[int, list[float]] = field(default_factory=dict)

    def processes(self) -> list[int]:
        """The server's, and the database's if it has processes of its own."""
        return self.served.processes() + (descendants(self.database) if self.database is not None else [])


@contextmanager
def installed(folder: Path, questions: int, database_url: str | None, database: int | None) -> Iterator[Installation]:
    """A server with the form published and one phone."""
    with Served(folder, database_url, SPORTEL_LOG_FORMAT="json") as served:
        admin = served.administrator()
        project = admin.new_project("Benchmark")
        project.publish(workbook(questions))
        token = project.app_user("Phone")["token"]
        admin.close()
        yield Installation(served, questions, f"{served.url}/v1/key/{token}{project.at}/submission", database)


def send(address: str, bodies: list[bytes], clients: int) -> float:
    """Send everything over so many connections that stay open; the seconds that it took. Raises RuntimeError."""
    place = urlsplit(address)
    faults: list[str] = []
    left = iter(bodies)
    lock = threading.Lock()

    def client() -> None:
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        while True:
            with lock:
                body = next(left, None)
            if body is None:
                break
            connection.request("POST", place.path, body, {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 201:
                faults.append(str(answer.status))
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise RuntimeError(f"{len(faults)} submissions were refused: {sorted(set(faults))}")
    return time.perf_counter() - begun


def send_from_outside(address: str, questions: int, count: int, clients: int) -> float:
    """The same in a process of its own: what the clients cost is not the server's."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_prepare_and_send, (address, questions, count, clients))


def _prepare_and_send(address: str, questions: int, count: int, clients: int) -> float:
    return send(address, [filled(questions) for _ in range(count)], clients)


def postmaster(cluster: Cluster) -> int:
    """The process ID of the database's first process."""
    return int((cluster.folder / "data" / "postmaster.pid").read_text().split()[0])


def measure_once(installation: Installation, clients: int) -> None:
    """One round."""
    before = total_cpu_seconds(installation.processes())
    seconds = send_from_outside(installation.address, installation.questions, SUBMISSIONS, clients)
    used = total_cpu_seconds(installation.processes()) - before
    installation.milliseconds.setdefault(clients, []).append(used / SUBMISSIONS * 1000)
    installation.rates.setdefault(clients, []).append(SUBMISSIONS / seconds)


def measure_pair(name: str, questions: int, folder: Path, cluster: Cluster | None) -> tuple[list[str], bool]:
    """An empty installation beside a full one: the lines of the table, and whether the promise holds."""
    with ExitStack() as stack:
        pair: list[Installation] = []
        for kind in ("empty", "full"):
            url = None
            if cluster is not None:
                cluster.execute(f"CREATE DATABASE bench_{questions}_{kind}")
                url = cluster.url(f"bench_{questions}_{kind}")
            database = postmaster(cluster) if cluster is not None else None
            pair.append(stack.enter_context(installed(folder / f"{name}-{questions}-{kind}", questions, url, database)))
        empty, full = pair
        for each in pair:
            send_from_outside(each.address, questions, SUBMISSIONS, 8)  # warm: schemas read, statements compiled
        multiply_submissions(full.served.environment, STORED)
        for _ in range(ROUNDS):
            for clients in CLIENTS:
                for each in pair:
                    measure_once(each, clients)
        lines = [
            f"{name:11}{questions:10}{kind:>8}"
            + "".join(f"{statistics.median(each.milliseconds[clients]):9.2f}" for clients in CLIENTS)
            + "".join(f"{statistics.median(each.rates[clients]):9.0f}" for clients in CLIENTS)
            for kind, each in (("0", empty), (f"{STORED}", full))
        ]
        growth = statistics.median(
            later / first
            for clients in CLIENTS
            for first, later in zip(empty.milliseconds[clients], full.milliseconds[clients], strict=True)
        )
        lines.append(f"{name:11}{questions:10}   with {STORED} stored it costs {growth:.2f} times as much")
        cost = statistics.median(empty.milliseconds[1])
        return lines, growth <= MOST_GROWTH and (questions != max(QUESTIONS) or cost <= MOST_MILLISECONDS)


def measure(databases: Sequence[str] = ("sqlite", "postgresql"), sizes: Sequence[int] = QUESTIONS) -> Outcome:
    """Both databases, both forms, or those that are named."""
    lines = [
        f"{'':29}{'CPU ms a submission, by clients':>30}{'submissions a second':>27}",
        f"{'database':11}{'questions':>10}{'stored':>8}" + "".join(f"{clients:9}" for clients in CLIENTS) * 2,
    ]
    holds = True
    with TemporaryDirectory(prefix="sportel-benchmark-") as folder:
        for name in databases:
            cluster = Cluster() if name == "postgresql" else None
            try:
                for questions in sizes:
                    found, good = measure_pair(name, questions, Path(folder), cluster)
                    lines += found
                    holds = holds and good
            finally:
                if cluster is not None:
                    cluster.remove()
    promise = (
        f"A submission of {max(QUESTIONS)} questions costs at most {MOST_MILLISECONDS:g} ms of processor time, and with"
        f" {STORED} stored at most {MOST_GROWTH:.2f} times as much"
    )
    return Outcome(promise, tuple(lines), holds)


def arguments() -> Any:
    """The command line's."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("databases", nargs="*", default=["sqlite", "postgresql"], help="sqlite, postgresql")
    parser.add_argument("--questions", nargs="*", type=int, default=list(QUESTIONS), help="10, 80")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    sys.exit(main(lambda: measure(given.databases, given.questions)))
