"""Rows 7 and 8: is what is acknowledged on the disk before the answer, and what if the disk does not keep it?"""

from __future__ import annotations

import re
import time
from pathlib import Path
from uuid import uuid4

import pytest

from tests.faults.checker import check, query
from tests.faults.collect import Filled, Phones, post, write_body, write_xml
from tests.faults.conftest import NewService
from tests.faults.figures import Figures
from tests.faults.places import Cluster
from tests.faults.service import Service
from tests.faults.tracing import SYNCS, Call, count_failed, read_trace, watched

PHOTOS = {"a.jpg": b"A" * 150_000, "b.jpg": b"B" * 10}


def first(calls: list[Call], name: str, path: str, after: int = -1) -> Call:
    """The first successful call of these names on this path (a pattern) that ended after another one."""
    names = name.split("|")
    found = (c for c in calls if c.name in names and c.order > after and c.result >= 0 and re.fullmatch(path, c.path))
    call = next(found, None)
    assert call is not None, f"no {name} of {path}"
    return call


def assert_files_are_durable_first(calls: list[Call]) -> int:
    """Each file: written, synced, then renamed, then its folder synced; where the last of it was durable."""
    renames = [call for call in calls if call.name.startswith("rename") and "/blobs/" in call.paths[0]]
    assert len(renames) == len(PHOTOS)
    last = 0
    for rename in renames:
        temporary, final = rename.paths
        writes = [c for c in calls if c.name == "write" and c.path == temporary]
        assert writes and sum(c.result for c in writes) > 0
        synced = first(calls, "fsync", re.escape(temporary), after=writes[-1].order)
        assert synced.order < rename.order
        folder = first(calls, "fsync", re.escape(str(Path(final).parent)), after=rename.order)
        last = max(last, folder.order)
    return last


def answer_of(calls: list[Call]) -> Call:
    """The one 201 that was written to a socket."""
    (answer,) = [c for c in calls if c.name == "sendto" and c.path.startswith("socket") and b" 201 " in c.data[:20]]
    return answer


def fill(number: int, photos: dict[str, bytes]) -> Filled:
    name = f"uuid:{uuid4()}"
    return Filled(name, write_xml(name, number, "a story", photos), photos)


def send(service: Service, filled: Filled) -> None:
    body = write_body(filled, list(filled.photos), incomplete=False)
    assert post(("127.0.0.1", service.port), f"{service.phone.at}/submission", body) == ("201", None)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_file_then_the_row_then_the_answer_on_sqlite(tmp_path: Path, new_service: NewService) -> None:
    with new_service() as service, watched(service.workers(), tmp_path / "trace"):
        send(service, fill(1, PHOTOS))
    calls = read_trace(tmp_path / "trace")
    answer = answer_of(calls)
    files = assert_files_are_durable_first(calls)
    log = re.escape(str(service.folder / "db" / "sportel.sqlite3-wal"))
    # The thread's own: another one may be writing what it has to do.
    mine = [c for c in calls if c.process == answer.process and c.order < answer.order]
    rows = [c for c in mine if c.name == "pwrite64" and re.fullmatch(log, c.path)]
    assert rows
    assert all(c.order > files for c in rows), "the transaction was written before its files were durable"
    assert first(mine, "fdatasync|fsync", log, after=rows[-1].order).ended < answer.begun


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_file_then_the_row_then_the_answer_on_postgresql(
    tmp_path: Path, new_service: NewService, cluster: Cluster
) -> None:
    with new_service(SPORTEL_WORKERS="1") as service:
        send(service, fill(1, {}))  # opens the connection whose process is watched then
        assert service.database_url is not None
        server = int((cluster.folder / "data" / "postmaster.pid").read_text().split()[0])
        backends = cluster.backends(service.database_url.rpartition("/")[2])
        with (
            watched(service.workers(), tmp_path / "trace"),
            watched([server, *backends], tmp_path / "database", string_bytes=32),
        ):
            send(service, fill(2, PHOTOS))
    calls = read_trace(tmp_path / "trace")
    answer = answer_of(calls)
    files = assert_files_are_durable_first(calls)
    # In PostgreSQL's protocol the answer to COMMIT is "C", a length and the word.
    mine = [c for c in calls if c.process == answer.process and files < c.order < answer.order]
    committed = [c for c in mine if c.name == "recvfrom" and b"COMMIT\0" in c.data][-1]
    assert committed.ended < answer.begun
    synced = [
        c for c in read_trace(tmp_path / "database") if c.name in SYNCS and "/pg_wal/" in c.path and c.result == 0
    ]
    assert any(calls[files].ended < c.ended < committed.ended for c in synced)


@pytest.mark.cut_on("sqlite")
def test_a_disk_that_does_not_keep_what_it_is_given_loses_nothing_acknowledged(
    new_service: NewService, database: str, full: bool, tmp_path: Path, figure: Figures
) -> None:
    """Every fifth fsync of each thread fails: of files, of folders, of SQLite's log and of its database."""
    wanted, trace = (500 if full else 12), tmp_path / "trace"
    with new_service() as service:
        workers = service.workers()
        phones = Phones(4, f"{service.phone.at}/submission", lambda _: ("127.0.0.1", service.port), seed=7)
        with watched(workers, trace, failing="2+5"):
            phones.start()
            while count_failed(trace) < wanted:
                time.sleep(0.2)
                assert not phones.tally.given_up
            phones.finish()
        # The disk is well again, and the same processes go on; no worker need retire. A file that could not be synced
        # is written anew, and SQLite writes the frames of its log again, which do not count before they are synced.
        for number in range(20):
            filled = fill(number, {})
            phones.ledger.begin(filled)
            send(service, filled)
            phones.ledger.acknowledged(filled, [])
        assert set(workers) <= set(service.workers())
        verdict = check(service, phones.ledger)
        if database == "sqlite":
            assert query(service, "PRAGMA integrity_check") == [("ok",)]
    figure("errors of fsync and fdatasync", count_failed(trace))
    figure("submissions acknowledged", len(phones.ledger.taken()))
    figure("answers", ", ".join(f"{count} × {name}" for name, count in sorted(phones.tally.answers.items())))
    figure("acknowledged and lost", len(verdict.lost))
    assert verdict.faults == {}
    assert set(phones.tally.statuses()) == {"201", "503"}
