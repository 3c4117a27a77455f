"""What does it cost to read everything back: as CSV, as a zip of all tables, as an OData walk in pages?

24,000 submissions of an 80-question form with a repeat of four rows each, half of the answers sealed, are read by
somebody who may read all, so that every sealed half is opened. Processor time is this process's (the application, its
SQLite and a client that throws away what it reads) and PostgreSQL's. The best of the rounds counts: other work on the
machine can only make it worse.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.db import db
from benchmarks.in_process import InProcess, in_process
from benchmarks.processes import total_cpu_seconds
from benchmarks.promise import Outcome, main
from benchmarks.read_fill import ROWS, fill, workbook
from tests.journeys.phone.served import descendants
from tests.support.postgres import PostgresServer

STORED = 24_000
ROUNDS = 2
PAGE = 250
MOST_MEGABYTES = 50.0
_FORM = "/projects/1/forms/bench"


@dataclass(frozen=True)
class Reading:
    """One way to read. `rows`: of one submission; `most`: the milliseconds a row that are promised, if any are."""

    name: str
    rows: int
    most: float | None
    read: Callable[[InProcess], Iterator[int]]


def stream(server: InProcess, path: str) -> Iterator[bytes]:
    """An answer's body, piece by piece. Raises RuntimeError if it is no success."""
    headers = {"Authorization": f"Bearer {server.token}"}
    with server.client.get(f"/v1{path}", headers=headers, buffered=False) as answer:
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
        yield from answer.iter_encoded()


def whole(path: str) -> Callable[[InProcess], Iterator[int]]:
    """Reads one answer; the bytes of each piece."""
    return lambda server: (len(piece) for piece in stream(server, f"{_FORM}{path}"))


def walk(table: str) -> Callable[[InProcess], Iterator[int]]:
    """Reads a table as a client does that follows the links."""

    def read(server: InProcess) -> Iterator[int]:
        address: str | None = f"{_FORM}.svc/{table}?$top={PAGE}"
        while address is not None:
            page = b"".join(stream(server, address))
            yield len(page)
            _, found, link = page.rpartition(b'"@odata.nextLink":"')
            address = link.rstrip(b'"}').decode().partition("/v1")[2] if found else None

    return read


READINGS = (
    Reading("CSV", 1, 0.09, whole("/submissions.csv")),
    Reading("zip of CSV", 1 + ROWS, 0.09, whole("/submissions.csv.zip?attachments=false")),
    Reading("OData, pages of 250", 1, 0.25, walk("Submissions")),
    Reading("OData, in one", 1, 0.25, whole(".svc/Submissions")),
    Reading("OData, repeat, pages of 250", ROWS, None, walk("Submissions.child")),
)


def resident_bytes() -> int:
    """This process's memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Figures:
    """Processor milliseconds a row, rows a second, and by how much memory grew at most, in megabytes."""

    milliseconds: float
    rate: float
    megabytes: float


def measure_one(server: InProcess, reading: Reading, stored: int, postmaster: int | None) -> Figures:
    """Read once."""
    others = descendants(postmaster) if postmaster is not None else []
    before, most = resident_bytes(), 0
    cpu, begun = time.process_time() + total_cpu_seconds(others), time.perf_counter()
    for number, _ in enumerate(reading.read(server)):
        if number % 50 == 0:
            most = max(most, resident_bytes())
    seconds = time.perf_counter() - begun
    others = descendants(postmaster) if postmaster is not None else []
    used = time.process_time() + total_cpu_seconds(others) - cpu
    rows = stored * reading.rows
    return Figures(used / rows * 1000, rows / seconds, (most - before) / 1e6)


def measure_database(name: str, stored: int) -> tuple[list[str], bool]:
    """All readings on one database: the lines of the table, and whether the promises hold."""
    postgres = PostgresServer() if name == "postgresql" else None
    url = postmaster = None
    if postgres is not None:
        postgres.execute("CREATE DATABASE bench_read")
        url = postgres.url("bench_read").replace("postgresql://", "postgresql+psycopg://")
        postmaster = int((postgres.folder / "data" / "postmaster.pid").read_text().split()[0])
    try:
        with in_process(url) as server:
            prepare(server, stored)
            lines, holds = [], True
            for reading in READINGS:
                rounds = [measure_one(server, reading, stored, postmaster) for _ in range(ROUNDS)]
                cost = min(each.milliseconds for each in rounds)
                rate, growth = max(each.rate for each in rounds), max(each.megabytes for each in rounds)
                good = growth < MOST_MEGABYTES and (reading.most is None or cost <= reading.most)
                lines.append(f"{name:11}{reading.name:30}{cost:9.3f}{rate:11.0f}{growth:9.0f}{'' if good else '  no'}")
                holds = holds and good
            return lines, holds
    finally:
        if postgres is not None:
            postgres.remove()


def prepare(server: InProcess, stored: int) -> None:
    """The form, the submissions, and one reading that nobody measures."""
    options: dict[str, Any] = {"data": workbook().encode(), "content_type": "text/markdown"}
    server.call("POST", "/projects/1/forms?publish=true&ignoreWarnings=true", **options)
    with server.app.app_context():
        fill(1, stored)
        if db.engine.dialect.name == "postgresql":
            # As the database does by itself after a while.
            db.session.connection().exec_driver_sql("ANALYZE")
            db.session.commit()
        db.session.remove()
    sum(whole("/submissions.csv")(server))


def measure(databases: Sequence[str] = ("sqlite", "postgresql"), stored: int = STORED) -> Outcome:
    """Both databases, or those that are named."""
    lines = [f"{'database':11}{'read as':30}{'ms a row':>9}{'rows a s':>11}{'MB more':>9}"]
    holds = True
    for name in databases:
        found, good = measure_database(name, stored)
        lines += found
        holds = holds and good
    promise = "A row costs at most 0.09 ms as CSV and 0.25 ms as OData, and memory grows by less than 50 MB"
    return Outcome(promise, tuple(lines), holds)


def arguments() -> Any:
    """The command line's."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("databases", nargs="*", default=["sqlite", "postgresql"], help="sqlite, postgresql")
    parser.add_argument("--stored", type=int, default=STORED)
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    sys.exit(main(lambda: measure(given.databases, given.stored)))
