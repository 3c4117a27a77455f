"""What a submission starts is done once, later: not lost by a kill, not stopped by poison, and the submission stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from app import clock
from app.config import ROOT
from app.db import db, models
from app.permissions import ANONYMOUS
from app.services import outbox
from app.services.erase_submission import erase_submission, forms_called
from app.services.fsck import fsck
from app.services.outbox import MOST_TRIES, WAITS, Work, work_once
from app.services.outbox_work import WORKS
from app.services.transaction import transaction
from tests.app.looking import actions, count, rows
from tests.app.operations.places import Keys, back_up, contents, empty_place, key_file, restore, run
from tests.app.shown_forms import CASES, FOLLOW_UP, VISIT, entity
from tests.support.backend import AppUser, Backend, instance
from tests.support.postgres import PostgresServer

FIRST = "11111111-1111-4111-8111-111111111111"
SECOND = "22222222-2222-4222-8222-222222222222"
ANSWER = "Drita-Kanarina"


@pytest.fixture
def cases(backend: Backend) -> Backend:
    backend.office("tr-01")
    backend.admin.publish(CASES)
    backend.admin.publish(FOLLOW_UP)
    return backend


def creation(uuid: str = FIRST, code: str = "C-1") -> str:
    meta = entity(f'id="{uuid}" create="1"', code)
    return instance("intake", f"<code>{code}</code><person>{ANSWER}</person><office/>", meta=meta)


def change(uuid: str = FIRST, code: str = "C-9") -> str:
    meta = entity(f'id="{uuid}" update="1" baseVersion="1"')
    return instance("follow_up", f"<case>{uuid}</case><code>{code}</code>", meta=meta)


def only_send(phone: AppUser, *sent: str) -> None:
    for xml in sent:
        assert phone.only_send(xml).status_code == 201


def waiting(backend: Backend) -> list[Any]:
    return rows(backend, models.Outbox)


def work(backend: Backend, works: dict[str, Work], times: int = 1) -> list[bool]:
    done = []
    for _ in range(times):
        with backend.app.app_context():
            done.append(work_once(works))
    return done


def failing(times: int = 1000, *, of: int | None = None) -> dict[str, Work]:
    """The work on cases, which fails so many times: for every job, or for one submission version."""
    left = [times]

    def entities(job: outbox.Job) -> None:
        WORKS["entities"](job)
        if left[0] > 0 and of in (None, job.submission_version_id):
            left[0] -= 1
            raise ValueError(f"it says {ANSWER}")

    return WORKS | {"entities": entities}


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Move the outbox's clock on."""
    passed = [timedelta()]

    def move(by: timedelta) -> None:
        passed[0] += by
        monkeypatch.setattr(outbox, "now", lambda: clock.now() + passed[0])

    return move


def test_a_submission_leaves_work_that_is_done_after_its_answer(cases: Backend) -> None:
    only_send(cases.phone(office="tr-01"), creation())
    (job,) = waiting(cases)
    assert (job.work, job.state, job.tries, job.due_at) == ("entities", "waiting", 0, None)
    assert count(cases, models.Entity) == 0
    cases.work()
    assert waiting(cases) == []
    assert count(cases, models.Entity) == 1
    assert actions(cases, "entity") == ["entity.create"]


def test_only_forms_that_declare_entities_start_work(cases: Backend) -> None:
    cases.admin.publish(VISIT)
    only_send(cases.phone(office="tr-01"), instance("visit", "<who>X</who>"))
    assert waiting(cases) == []


def test_a_resend_starts_nothing_anew(cases: Backend) -> None:
    phone, xml = cases.phone(office="tr-01"), creation()
    only_send(phone, xml, xml)
    assert len(waiting(cases)) == 1
    cases.work()
    only_send(phone, xml)
    assert waiting(cases) == []


def test_work_that_is_done_twice_changes_nothing_the_second_time(cases: Backend) -> None:
    phone = cases.phone(office="tr-01")
    phone.send(creation())
    phone.send(change())
    with cases.app.app_context(), transaction():
        for version in db.session.query(models.SubmissionVersion.id):
            outbox.enqueue("entities", version.id)
    before = actions(cases, "entity")
    cases.work()
    assert (count(cases, models.Entity), count(cases, models.EntityVersion)) == (1, 2)
    assert actions(cases, "entity") == before


PROGRAM = """
import sys
from pathlib import Path
from app import create_app
from app.crash_points import arm
from app.services.outbox import work_once
from app.services.outbox_work import WORKS
app = create_app()
arm(sys.argv[1], Path(sys.argv[2]))
with app.app_context():
    work_once(WORKS)
"""


@pytest.mark.parametrize(
    ("point", "left"), [("outbox.claimed", 1), ("outbox.worked", 1), ("outbox.done", 0)], ids=lambda value: str(value)
)
def test_a_worker_that_is_killed_at_its_work_has_done_all_of_it_or_nothing(
    cases: Backend, point: str, left: int, tmp_path: Path
) -> None:
    only_send(cases.phone(office="tr-01"), creation())
    fuse = tmp_path / "fuse"
    fuse.touch()
    settings = cases.app.extensions["sportel"].settings
    environment = {
        "SPORTEL_DATA": str(settings.data),
        "SPORTEL_DATABASE_URL": settings.sqlalchemy_url,
    }
    with cases.app.app_context():
        db.engine.dispose()
    command = [sys.executable, "-c", PROGRAM, point, str(fuse)]
    process = subprocess.run(command, cwd=ROOT, env=os.environ | environment, timeout=60)
    assert process.returncode == -9
    assert (len(waiting(cases)), count(cases, models.Entity)) == (left, 1 - left)
    cases.work()
    assert (len(waiting(cases)), count(cases, models.Entity), count(cases, models.EntityVersion)) == (0, 1, 1)
    assert actions(cases, "entity") == ["entity.create"]


def test_poison_is_tried_five_times_later_and_later_then_parked_while_the_others_go_on(
    cases: Backend, later: Callable[[timedelta], None], capsys: pytest.CaptureFixture[str]
) -> None:
    phone = cases.phone(office="tr-01")
    only_send(phone, creation(FIRST), creation(SECOND, "C-2"))
    poison = waiting(cases)[0]
    works = failing(of=poison.submission_version_id)
    assert work(cases, works, 3) == [True, True, False]
    assert [row.uuid for row in rows(cases, models.Entity)] == [SECOND]
    for tries, wait in enumerate(WAITS, start=1):
        (job,) = waiting(cases)
        assert (job.id, job.state, job.tries) == (poison.id, "waiting", tries)
        later(wait - timedelta(milliseconds=900))
        assert work(cases, works) == [False]
        later(timedelta(seconds=1))
        assert work(cases, works) == [True]
    (job,) = waiting(cases)
    assert (job.state, job.tries, job.due_at) == ("parked", MOST_TRIES, None)
    later(timedelta(days=30))
    assert work(cases, works) == [False]
    # Nothing of its half was kept, nothing of the submission was lost, and no answer is told.
    assert [row.uuid for row in rows(cases, models.Entity)] == [SECOND]
    assert len(cases.admin.rows("intake")) == 2
    assert job.last_error.startswith("ValueError at ")
    told = capsys.readouterr().err
    assert told.count("outbox.failed") == MOST_TRIES - 1
    assert told.count("outbox.parked") == 1
    assert ANSWER not in told + job.last_error


def test_work_that_this_version_does_not_know_is_parked_in_the_end(
    cases: Backend, later: Callable[[timedelta], None]
) -> None:
    only_send(cases.phone(office="tr-01"), creation())
    for _ in range(MOST_TRIES):
        assert work(cases, {}) == [True]
        later(max(WAITS) + timedelta(seconds=1))
    assert [(job.state, job.last_error.split()[0]) for job in waiting(cases)] == [("parked", "KeyError")]


def test_what_is_parked_is_seen_and_tried_again_when_the_operator_says_so(
    cases: Backend, later: Callable[[timedelta], None]
) -> None:
    xml = creation()
    only_send(cases.phone(office="tr-01"), xml)
    works = failing()
    for _ in range(MOST_TRIES):
        work(cases, works)
        later(max(WAITS) + timedelta(seconds=1))
    (job,) = waiting(cases)
    listed = run(cases, "outbox", "list")
    assert listed.exit_code == 0, listed.output
    name = xml.partition("<orx:instanceID>")[2].partition("<")[0]
    assert f"{job.id}  parked  entities  project 1  intake  {name}  tries: 5  ValueError at " in listed.output
    assert listed.output.endswith("0 waiting, 1 parked\n")
    (shown,) = json.loads(run(cases, "outbox", "list", "--json").output)["outbox"]
    assert (shown["id"], shown["state"], shown["instance_id"], shown["due_at"]) == (job.id, "parked", name, None)
    metrics = cases.client.get("/metrics").text
    assert 'sportel_outbox_size{state="parked"} 1.0' in metrics
    assert 'sportel_outbox_size{state="waiting"} 0.0' in metrics
    assert run(cases, "outbox", "retry").exit_code == 2
    assert run(cases, "outbox", "retry", "--all", str(job.id)).exit_code == 2
    assert run(cases, "outbox", "retry", str(job.id + 1)).exit_code == 1
    assert run(cases, "outbox", "retry", str(job.id)).output == "1 will be tried again.\n"
    assert run(cases, "outbox", "retry", "--all").output == "0 will be tried again.\n"
    cases.work()
    assert (waiting(cases), count(cases, models.Entity)) == ([], 1)


def test_an_update_waits_for_the_creation_that_must_be_tried_again(cases: Backend) -> None:
    phone = cases.phone(office="tr-01")
    only_send(phone, creation(), change())
    # The creation fails once; the update finds no case, and is not given up for it.
    assert work(cases, failing(times=1), 3) == [True, True, False]
    assert [(job.tries, job.due_at is not None) for job in waiting(cases)] == [(1, True), (0, True)]
    with cases.app.app_context(), transaction():
        db.session.execute(update(models.Outbox).values(due_at=None))
    cases.work()
    assert actions(cases, "entity") == ["entity.create", "entity.update.version"]


def test_what_a_phone_sent_before_it_was_revoked_counts_with_the_office_it_had(cases: Backend) -> None:
    cases.office("vl-02")
    phone = cases.phone(office="tr-01")
    phone.send(creation())
    only_send(phone, change(), creation(SECOND, "C-2"))
    with cases.app.app_context(), transaction():
        moved = db.session.get_one(models.Actor, phone.actor_id)
        moved.office_id = db.session.query(models.Office.id).filter_by(code="vl-02").scalar()
    assert cases.admin.delete(f"/projects/1/app-users/{phone.actor_id}").status_code == 200
    cases.work()
    assert actions(cases, "entity") == ["entity.create", "entity.update.version", "entity.create"]
    first, second = rows(cases, models.Entity)
    assert first.office_id == second.office_id
    assert second.creator_id == phone.actor_id
    (line,) = rows(cases, models.Audit, models.Audit.entity_id == second.id)
    assert (line.actor_id, line.office_id) == (phone.actor_id, second.office_id)


def test_erasing_a_submission_takes_its_work_away(cases: Backend) -> None:
    only_send(cases.phone(office="tr-01"), creation(), creation(SECOND, "C-2"))
    (first, _) = rows(cases, models.Submission)
    with cases.app.app_context():
        erase_submission(ANONYMOUS, forms_called(1, "intake")[0], first.instance_id, "asked for")
    assert len(waiting(cases)) == 1
    cases.work()
    assert [row.uuid for row in rows(cases, models.Entity)] == [SECOND]


def test_work_of_a_submission_that_was_erased_meanwhile_does_nothing(cases: Backend) -> None:
    only_send(cases.phone(office="tr-01"), creation())
    (submission,) = rows(cases, models.Submission)
    with cases.app.app_context():
        erase_submission(ANONYMOUS, forms_called(1, "intake")[0], submission.instance_id, "asked for")
        with transaction():
            outbox.enqueue("entities", db.session.query(models.SubmissionVersion.id).scalar())
    cases.work()
    assert (waiting(cases), count(cases, models.Entity)) == ([], 0)


def test_work_of_a_submission_in_the_trash_waits_until_it_is_restored(
    cases: Backend, later: Callable[[timedelta], None]
) -> None:
    only_send(cases.phone(office="tr-01"), creation())
    (submission,) = rows(cases, models.Submission)
    at = f"/projects/1/forms/intake/submissions/{submission.instance_id}"
    assert cases.admin.delete(at).status_code == 200
    cases.work()
    assert (len(waiting(cases)), count(cases, models.Entity)) == (1, 0)
    assert cases.admin.post(f"{at}/restore").status_code == 200
    later(timedelta(minutes=1))
    cases.work()
    assert (waiting(cases), [row.uuid for row in rows(cases, models.Entity)]) == ([], [FIRST])


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_backup_carries_the_work_and_the_restored_place_does_it(
    cases: Backend, target: str, tmp_path: Path, keys: Keys, postgres: PostgresServer
) -> None:
    only_send(cases.phone(office="tr-01"), creation())
    back_up(cases, tmp_path / "b.age", keys)
    before = contents(cases)
    assert before["outbox"].rows == 1
    assert "leases" not in before
    with empty_place(target, tmp_path / "place", postgres, key_file(cases)) as place:
        told = restore(place, tmp_path / "b.age", keys)
        assert told.exit_code == 0, told.output
        assert contents(place) == before
        place.work()
        assert (waiting(place), count(place, models.Entity)) == ([], 1)
        with place.app.app_context():
            assert fsck().sound
        # Numbers go on where they were.
        with place.app.app_context(), transaction():
            outbox.enqueue("backlog", db.session.query(models.SubmissionVersion.id).scalar())
        place.work()
        assert waiting(place) == []


def test_a_check_of_everything_finds_nothing_wrong_with_work_that_waits(cases: Backend) -> None:
    only_send(cases.phone(office="tr-01"), creation())
    with cases.app.app_context():
        assert fsck().sound
