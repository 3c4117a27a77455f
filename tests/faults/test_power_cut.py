"""Is what was acknowledged still there when everything that was not synced is gone?

Of a run its calls are recorded; then the power is cut, in a model of the disk, at each 201 and at moments between, and
what is left is opened by the application. Rows 1, 2 and 8 of the catalogue, for the machine instead of the process.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.faults.collect import Filled, post, write_body, write_xml
from tests.faults.conftest import NewService
from tests.faults.figures import Figures
from tests.faults.inside import assert_kept
from tests.faults.powercut import CachedDisk
from tests.faults.service import Service
from tests.faults.tracing import Call, read_trace, watched

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def some_forms(number: int) -> list[Filled]:
    """Long answers too, so that SQLite moves its log into the database meanwhile."""
    dice = random.Random(11)
    forms = []
    for each in range(number):
        name = f"uuid:{uuid4()}"
        photos = {"a.jpg": dice.randbytes(20_000), "b.jpg": dice.randbytes(10)} if each % 2 else {}
        forms.append(Filled(name, write_xml(name, each, dice.randbytes(90_000).hex(), photos), photos))
    return forms


def is_answer(call: Call) -> bool:
    return call.name == "sendto" and b" 201 " in call.data[:20]


def thread_states(process: int) -> list[str]:
    """The state of each of its threads, in the letters of proc(5)."""
    stats = Path(f"/proc/{process}/task").glob("*/stat")
    return [each.read_text(encoding="ascii").rpartition(") ")[2][0] for each in stats]


@contextmanager
def watched_from(service: Service, folder: Path) -> Iterator[None]:
    """Record all that the worker does from a moment of which a copy is kept: folder/before and folder/trace.

    It stands still meanwhile. A line of the log that a chore wrote between the copy and the first recorded call would
    be missing in the model, and all lines after it with it.
    """
    (worker,) = service.workers()
    os.kill(worker, signal.SIGSTOP)
    try:
        while set(thread_states(worker)) != {"T"}:
            time.sleep(0.01)
        shutil.copytree(service.folder, folder / "before")
        with watched([worker], folder / "trace"):
            os.kill(worker, signal.SIGCONT)
            yield
    finally:
        os.kill(worker, signal.SIGCONT)


def look(folder: Path, project: int, acknowledged: list[Filled]) -> None:
    """Open what is left, as the next start does."""
    assert_kept(folder, project, acknowledged)
    shutil.rmtree(folder)


def test_what_was_acknowledged_survives_a_power_cut_at_any_moment(
    new_service: NewService, tmp_path: Path, full: bool, figure: Figures
) -> None:
    forms = some_forms(60 if full else 8)
    with new_service(SPORTEL_WORKERS="1") as service, watched_from(service, tmp_path):
        for filled in forms:
            body = write_body(filled, list(filled.photos), incomplete=False)
            assert post(("127.0.0.1", service.port), f"{service.phone.at}/submission", body)[0] == "201"
    calls = read_trace(tmp_path / "trace")
    answers = [call.order for call in calls if is_answer(call)]
    assert len(answers) == len(forms)
    dice = random.Random(5)
    between = set(dice.sample(range(answers[0], answers[-1]), 60 if full else 3))
    at = {*answers, *between} if full else {*answers[-2:], *between}
    disk, acknowledged, cuts = CachedDisk(service.folder, tmp_path / "before"), 0, 0
    for call in calls:
        disk.apply(call)
        acknowledged += is_answer(call)
        if call.order in at:
            for rest in (None, dice):
                disk.what_remains(tmp_path / "after", rest)
                look(tmp_path / "after", service.phone.project, forms[:acknowledged])
                cuts += 1
    figure("power cuts", cuts)
    figure("submissions acknowledged before the last", acknowledged)


def test_a_server_that_did_not_sync_would_be_found(new_service: NewService, tmp_path: Path) -> None:
    """The same run, read as if its calls to fdatasync had not been made."""
    forms = some_forms(2)
    with new_service(SPORTEL_WORKERS="1") as service, watched_from(service, tmp_path):
        for filled in forms:
            body = write_body(filled, list(filled.photos), incomplete=False)
            assert post(("127.0.0.1", service.port), f"{service.phone.at}/submission", body)[0] == "201"
    for left_out in ("fdatasync", "fsync"):
        disk = CachedDisk(service.folder, tmp_path / "before")
        for call in read_trace(tmp_path / "trace"):
            if call.name != left_out:
                disk.apply(call)
        disk.what_remains(tmp_path / left_out)
        with pytest.raises(AssertionError):
            look(tmp_path / left_out, service.phone.project, forms)
