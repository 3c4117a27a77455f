"""There is not enough memory: a worker that gets none, and one that is killed for taking too much."""

from __future__ import annotations

import random
import re
import resource
import time
from pathlib import Path
from uuid import uuid4

import pytest

from tests.faults.checker import check
from tests.faults.collect import Filled, Ledger, post, write_body, write_xml
from tests.faults.conftest import NewService
from tests.faults.figures import Figures
from tests.faults.service import WORKERS, Service

# A request for which memory does not suffice is not taken; a phone sends again after each of these.
TRY_AGAIN = {"503", "cut off", "no answer in time"}
LEAST_LARGE_BYTES, MOST_LARGE_BYTES = 1_000_000, 4_900_000


def begun_workers(service: Service) -> list[int]:
    """The workers, once each runs its outbox: the last that it begins."""
    for process in service.workers():
        deadline = time.monotonic() + 60
        while len(list(Path(f"/proc/{process}/task").iterdir())) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
    return service.workers()


def address_space(process: int) -> int:
    """Bytes that a process has reserved."""
    found = re.search(r"VmSize:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text(encoding="utf-8"))
    assert found
    return int(found[1]) * 1024


@pytest.mark.cut_on("sqlite")
def test_a_worker_that_cannot_begin_is_replaced_and_the_service_goes_on(
    new_service: NewService, tmp_path: Path
) -> None:
    """Gunicorn by itself takes a worker that fails early for a wrong configuration, and ends everything."""
    told = tmp_path / "told"
    told.mkdir()
    for number in range(3):
        (told / str(number)).touch()
    ledger, filled = Ledger(), Filled("uuid:after", write_xml("uuid:after", 1, "x", {}))
    with new_service(entry="tests.faults.sabotage:wanting", DRILL_NO_THREAD=str(told)) as service:
        begun = service.master
        deadline = time.monotonic() + 60
        while (list(told.iterdir()) or len(service.workers()) < WORKERS) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert list(told.iterdir()) == []
        ledger.begin(filled)
        assert (
            post(
                ("127.0.0.1", service.port), f"{service.phone.at}/submission", write_body(filled, [], incomplete=False)
            )[0]
            == "201"
        )
        ledger.acknowledged(filled, [])
        assert (service.is_running(), service.master, len(service.workers())) == (True, begun, WORKERS)
        assert check(service, ledger).faults == {}


@pytest.mark.cut_on("sqlite")
def test_a_worker_without_memory_takes_nothing_that_it_does_not_keep(
    new_service: NewService, full: bool, figure: Figures
) -> None:
    dice, ledger, heard = random.Random(14), Ledger(), []
    with new_service() as service:
        address, path = ("127.0.0.1", service.port), f"{service.phone.at}/submission"
        for process in begun_workers(service):
            # Less than it has already: it keeps that, and gets nothing more from the system.
            limit = address_space(process) // 2
            resource.prlimit(process, resource.RLIMIT_AS, (limit, limit))
        waiting = []
        for number in range(200 if full else 12):
            name, size = f"uuid:{uuid4()}", dice.randrange(LEAST_LARGE_BYTES, MOST_LARGE_BYTES)
            filled = Filled(name, write_xml(name, number, "x" * size, {}))
            ledger.begin(filled)
            body = write_body(filled, [], incomplete=False)
            outcome, _ = post(address, path, body)
            heard.append(outcome)
            if outcome == "201":
                ledger.acknowledged(filled, [])
            else:
                waiting.append((filled, body))
        # What an operating system does next; the new workers have no such limit.
        service.restart()
        for filled, body in waiting:
            assert post(address, path, body)[0] == "201"
            ledger.acknowledged(filled, [])
        figure("large submissions to workers without memory", len(heard))
        figure("of them not taken at once", len(waiting))
        assert set(heard) <= {"201"} | TRY_AGAIN
        assert waiting
        assert check(service, ledger).faults == {}
