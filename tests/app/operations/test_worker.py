"""Who does the work: one of several, another one when it dies, at once, and also after the database was away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from app.clock import now
from app.config import ROOT
from app.db import db, models
from app.services import outbox
from app.services.lease import Lease
from app.services.outbox import MOST_TRIES
from app.services.outbox_work import WORKS
from app.services.transaction import transaction
from app.services.worker import Worker
from tests.app.looking import count, rows
from tests.app.operations.test_outbox import FIRST, SECOND, cases, creation, only_send, waiting
from tests.support.backend import Backend

__all__ = ["cases"]  # the fixture of the work's own tests


def wait_for(what: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


@contextmanager
def running(worker: Worker) -> Iterator[Worker]:
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


def expire(backend: Backend) -> None:
    """Let the time of every lease pass."""
    with backend.app.app_context(), transaction():
        db.session.execute(update(models.Lease).values(expires_at=now() - timedelta(seconds=1)))


def take(backend: Backend, lease: Lease) -> tuple[bool, bool]:
    with backend.app.app_context():
        return lease.take(), lease.taken_over


def test_only_one_holds_a_lease_until_it_ends_or_is_given_back(backend: Backend) -> None:
    first, second = Lease("x"), Lease("x")
    assert take(backend, first) == (True, False)
    assert take(backend, second) == (False, False)
    assert take(backend, Lease("y")) == (True, False)
    assert take(backend, first) == (True, False)
    with backend.app.app_context():
        second.give_back()  # not its own
        assert not second.take()
        first.give_back()
    assert take(backend, second) == (True, False)
    assert take(backend, first) == (False, False)
    expire(backend)
    assert take(backend, first) == (True, True)
    assert take(backend, first) == (True, False)
    with backend.app.app_context():
        second.give_back()  # no longer its own
    assert count(backend, models.Lease, models.Lease.name == "x") == 1


def test_a_lease_is_renewed_before_it_ends(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = Lease("x")
    take(backend, lease)
    (before,) = [row.expires_at for row in looked_at(backend)]
    monkeypatch.setattr(time, "monotonic", lambda real=time.monotonic: real() + 11)
    assert take(backend, lease) == (True, False)
    (after,) = [row.expires_at for row in looked_at(backend)]
    assert after > before
    assert timedelta(seconds=25) < after - now() <= timedelta(seconds=30)


def looked_at(backend: Backend) -> list[models.Lease]:
    with backend.database() as session:
        found = list(session.query(models.Lease))
        session.expunge_all()
        return found


def test_work_begins_at_once_when_this_process_has_committed_it(cases: Backend) -> None:
    with running(Worker(cases.app.app_context, poll_seconds=60)):
        time.sleep(0.3)  # it has looked, and waits for a minute
        only_send(cases.phone(office="tr-01"), creation())
        wait_for(lambda: not waiting(cases), seconds=10)
    assert count(cases, models.Entity) == 1


def test_work_of_another_process_is_found_by_looking(cases: Backend) -> None:
    only_send(cases.phone(office="tr-01"), creation())
    outbox.woken.clear()
    with running(Worker(cases.app.app_context, chores=(), poll_seconds=0.1)):
        wait_for(lambda: not waiting(cases))
        # With nothing to do nothing is written, and nobody is kept from working.
        wait_for(lambda: not looked_at(cases))


def test_of_two_workers_one_works_and_the_other_takes_over_when_it_has_died(cases: Backend) -> None:
    dead = Lease("outbox")
    assert take(cases, dead) == (True, False)
    only_send(cases.phone(office="tr-01"), creation(), creation(SECOND, "C-2"))
    with running(Worker(cases.app.app_context, poll_seconds=0.05)):
        time.sleep(0.5)
        assert len(waiting(cases)) == 2
        expire(cases)
        wait_for(lambda: not waiting(cases))
    # The oldest work was perhaps what the dead one died of: it came after the other.
    assert [row.uuid for row in rows(cases, models.Entity)] == [SECOND, FIRST]


def die(_: object) -> None:
    raise KeyboardInterrupt  # which nothing on the way takes for a failed try


def next_worker(backend: Backend) -> None:
    """The lease of a dead holder expires, another process finds that, and what is to be tried again is due."""
    expire(backend)
    with backend.app.app_context():
        assert Worker(backend.app.app_context, {}, chores=())._hold()
        with transaction():
            db.session.execute(update(models.Outbox).values(due_at=None))


def test_work_that_kills_its_workers_is_parked_too(cases: Backend) -> None:
    only_send(cases.phone(office="tr-01"), creation(), creation(SECOND, "C-2"))
    (deadly, _) = waiting(cases)
    assert take(cases, Lease("outbox"))[0]
    for _ in range(MOST_TRIES):
        with cases.app.app_context(), pytest.raises(KeyboardInterrupt):
            outbox.work_once({"entities": die})
        next_worker(cases)
    (job,) = [job for job in waiting(cases) if job.id == deadly.id]
    assert (job.state, job.last_error) == ("parked", "the worker ended in it")
    cases.work()
    assert [row.uuid for row in rows(cases, models.Entity)] == [SECOND]


def test_work_that_waits_while_workers_die_of_other_things_is_suspected_once_and_done(cases: Backend) -> None:
    only_send(cases.phone(office="tr-01"), creation())
    assert take(cases, Lease("outbox"))[0]
    for _ in range(MOST_TRIES + 3):
        next_worker(cases)
    (job,) = waiting(cases)
    assert (job.state, job.tries) == ("waiting", 1)
    cases.work()
    assert not waiting(cases)


def test_two_workers_do_everything_once(cases: Backend) -> None:
    phone = cases.phone(office="tr-01")
    uuids = [f"{number:08x}-1111-4111-8111-111111111111" for number in range(12)]
    only_send(phone, *(creation(uuid) for uuid in uuids))
    with (
        running(Worker(cases.app.app_context, poll_seconds=0.05)),
        running(Worker(cases.app.app_context, poll_seconds=0.05)),
    ):
        wait_for(lambda: not waiting(cases))
    assert [row.uuid for row in rows(cases, models.Entity)] == uuids
    assert count(cases, models.EntityVersion) == len(uuids)
    assert looked_at(cases) == []


def test_a_database_that_is_away_is_waited_for_and_told_of_once(
    cases: Backend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    away = [3]

    @contextmanager
    def in_application() -> Iterator[None]:
        with cases.app.app_context():
            if away[0]:
                away[0] -= 1
                raise OperationalError("SELECT", {}, Exception("no connection"))
            yield

    monkeypatch.setattr("app.services.worker._AWAY_SECONDS", (0.01,))
    only_send(cases.phone(office="tr-01"), creation())
    with running(Worker(in_application, poll_seconds=0.05)):
        wait_for(lambda: not waiting(cases))
    told = capsys.readouterr().err
    assert (told.count("outbox.waiting"), told.count("outbox.working-again")) == (1, 1)
    assert "no connection" not in told


def test_stopping_waits_for_the_work_that_is_being_done_and_begins_no_more(cases: Backend) -> None:
    only_send(cases.phone(office="tr-01"), creation(), creation(SECOND, "C-2"))
    begun = []

    def slowly(job: outbox.Job) -> None:
        begun.append(job.id)
        time.sleep(0.5)
        WORKS["entities"](job)

    worker = Worker(cases.app.app_context, {"entities": slowly}, poll_seconds=0.05)
    worker.start()
    wait_for(lambda: begun)
    worker.stop()
    assert (len(begun), len(waiting(cases)), count(cases, models.Entity)) == (1, 1, 1)
    assert looked_at(cases) == []


def test_the_command_works_until_it_is_told_to_end(cases: Backend) -> None:
    only_send(cases.phone(office="tr-01"), creation())
    settings = cases.app.extensions["sportel"].settings
    environment = {
        "SPORTEL_DATA": str(settings.data),
        "SPORTEL_DATABASE_URL": settings.sqlalchemy_url,
        "SPORTEL_WORKER": "off",
    }
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "sportel", "worker"]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stderr=subprocess.PIPE) as process:
        try:
            wait_for(lambda: not waiting(cases), seconds=60)
            only_send(cases.phone(office="tr-01"), creation(SECOND, "C-2"))
            wait_for(lambda: not waiting(cases))
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()
        assert process.stderr is not None
        assert process.stderr.read().startswith(b"Working.\n")  # the head of the audit is told after it
    assert count(cases, models.Entity) == 2
    assert looked_at(cases) == []
