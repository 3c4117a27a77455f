"""The audit's chain: whatever is done to the log past the application is found, at the right line."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import IntegrityError

from app.db import db, models
from app.permissions import ANONYMOUS
from app.services import audit_chain
from app.services.audit import record
from app.services.audit_chain import Head, parse_head, present_head, seal_lines, tell_head
from app.services.audit_heads import heads_paths
from app.services.audit_verify import Verified, verify
from app.services.operation import OperationRefused
from app.services.outbox_work import CHORES, Chore
from app.services.transaction import transaction
from app.services.worker import Worker
from tests.app.looking import rows
from tests.app.operations.places import Keys, back_up, empty_place, fill, key_file, kind, restore
from tests.app.operations.test_worker import running, wait_for
from tests.support.backend import Backend
from tests.support.postgres import PostgresServer

LINES = 6


def write(backend: Backend, count: int = LINES, action: str = "submission.read") -> None:
    with backend.app.app_context(), transaction():
        for number in range(count):
            record(action, None, submission_id=number, instanceId=f"uuid:{number}", n=1e22, none=None)


def seal(backend: Backend) -> int:
    with backend.app.app_context():
        return seal_lines()


def look(backend: Backend, *heads: Head) -> Verified:
    with backend.app.app_context():
        return verify(heads)


def present(backend: Backend) -> str:
    with backend.app.app_context():
        return str(present_head())


def fault(backend: Backend, *heads: Head) -> tuple[str, int] | None:
    """What was done, and at which place."""
    found = look(backend, *heads).fault
    return None if found is None else (found.kind, found.position)


def tamper(backend: Backend, *statements: Any) -> None:
    """Write past the application and its triggers, as whoever owns the database can."""
    with backend.app.app_context():
        if kind(backend) == "postgresql":
            off, on = "ALTER TABLE audits DISABLE TRIGGER USER", ["ALTER TABLE audits ENABLE TRIGGER USER"]
            before = [off]
        else:
            names = ("audits_no_update", "audits_no_delete")
            on = [db.session.scalar(text("SELECT sql FROM sqlite_master WHERE name = :n"), {"n": n}) for n in names]
            before = [f"DROP TRIGGER {name}" for name in names]
        for statement in [*map(text, before), *statements, *map(text, on)]:
            db.session.execute(statement)
        db.session.commit()


def at(position: int) -> Any:
    return update(models.Audit).where(models.Audit.position == position)


def take_out(position: int) -> Any:
    return delete(models.Audit).where(models.Audit.position == position)


def close_the_gap(after: int) -> list[Any]:
    """Number the places anew, one by one, since no two may be the same."""
    return [at(number).values(position=number - 1) for number in range(after + 1, LINES + 1)]


@pytest.fixture
def sealed(backend: Backend) -> Backend:
    """Some sealed lines and nothing else (the project that every backend has is the first)."""
    with backend.app.app_context():
        before = len(rows(backend, models.Audit))
    write(backend, LINES - before)
    assert seal(backend) == LINES
    return backend


def test_a_chain_is_intact_after_it_was_written_in_pieces(sealed: Backend) -> None:
    write(sealed, 3)
    assert look(sealed).unsealed == 3
    assert seal(sealed) == 3
    found = look(sealed)
    assert (found.fault, found.sealed, found.unsealed) == (None, LINES + 3, 0)
    assert [row.position for row in rows(sealed, models.Audit)] == list(range(1, LINES + 4))
    assert found.head is not None
    with sealed.app.app_context():
        assert parse_head(found.head) == present_head()


def test_nothing_to_seal_writes_nothing(sealed: Backend) -> None:
    file = heads_paths(sealed.app.extensions["sportel"].settings)[0]
    before = file.read_bytes()
    assert seal(sealed) == 0
    assert file.read_bytes() == before
    with sealed.app.app_context():
        assert not audit_chain.is_due()


CHANGES = {
    "the action": {"action": "form.delete"},
    "who": {"actor_id": 77},
    "whose office": {"office_id": 77},
    "which submission": {"submission_id": 4711},
    "the details": {"details": {"instanceId": "uuid:another"}},
    "the seal": {"hash": b"x" * 32},
    "the seal before": {"previous_hash": b"x" * 32},
    "no seal": {"hash": None},
}


@pytest.mark.parametrize("what", CHANGES)
def test_an_edited_line_is_named(sealed: Backend, what: str) -> None:
    tamper(sealed, at(4).values(**CHANGES[what]))
    assert fault(sealed) == ("changed", 4)
    found = look(sealed)
    assert found.fault is not None
    assert found.fault.line == rows(sealed, models.Audit, models.Audit.position == 4)[0].id
    assert found.sealed == 3


def test_a_deleted_line_is_named(sealed: Backend) -> None:
    tamper(sealed, take_out(3))
    assert fault(sealed) == ("missing", 3)
    found = look(sealed).fault
    assert found is not None
    assert "place 3" in found.told


def test_a_deleted_line_is_named_also_if_the_places_were_numbered_anew(sealed: Backend) -> None:
    tamper(sealed, take_out(3), *close_the_gap(3))
    assert fault(sealed) == ("missing", 3)


def test_the_first_line_is_missed_too(sealed: Backend) -> None:
    tamper(sealed, take_out(1), *close_the_gap(1))
    assert fault(sealed) == ("missing", 1)


def test_lines_that_changed_places_are_named(sealed: Backend) -> None:
    tamper(sealed, at(2).values(position=99), at(5).values(position=2), at(99).values(position=5))
    assert fault(sealed) == ("reordered", 2)


def test_a_line_that_was_written_by_hand_is_named(sealed: Backend) -> None:
    tamper(
        sealed,
        text(
            "INSERT INTO audits (action, details, logged_at, position, previous_hash, hash)"
            f" SELECT action, details, logged_at, {LINES + 1}, hash, hash FROM audits WHERE position = {LINES}"
        ),
    )
    assert fault(sealed) == ("changed", LINES + 1)


def test_an_end_that_was_cut_off_is_found_by_the_head_in_the_file_and_by_one_from_the_log(sealed: Backend) -> None:
    with sealed.app.app_context():
        head = present_head()
    assert head is not None
    tamper(sealed, take_out(LINES), take_out(LINES - 1))
    assert fault(sealed) == ("cut-off", LINES - 1)
    heads_paths(sealed.app.extensions["sportel"].settings)[0].unlink()
    assert fault(sealed) is None  # the chain by itself cannot know
    assert fault(sealed, head) == ("cut-off", LINES - 1)


def test_an_end_that_was_written_and_sealed_anew_is_found(sealed: Backend) -> None:
    tamper(sealed, at(LINES).values(position=None, action="form.create"))
    assert seal(sealed) == 1
    assert fault(sealed) == ("replaced", LINES)
    write(sealed)
    seal(sealed)
    assert fault(sealed) == ("replaced", LINES)  # the file keeps what it knows


def test_lines_that_are_not_sealed_yet_are_counted(sealed: Backend) -> None:
    write(sealed, 2)
    found = look(sealed)
    assert (found.fault, found.unsealed) == (None, 2)
    assert found.waiting_since is not None


FORBIDDEN: dict[str, Callable[[], Any]] = {
    "edit what was sealed": lambda: at(2).values(action="x"),
    "seal again": lambda: at(2).values(hash=b"y" * 32),
    "take the seal away": lambda: at(2).values(position=None, hash=None, previous_hash=None),
    "delete": lambda: take_out(2),
    "edit what waits": lambda: update(models.Audit).where(models.Audit.position.is_(None)).values(details={}),
    "delete what waits": lambda: delete(models.Audit).where(models.Audit.position.is_(None)),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_database_itself_refuses(sealed: Backend, what: str) -> None:
    write(sealed, 1)
    with sealed.app.app_context(), pytest.raises(IntegrityError, match="append-only"):
        db.session.execute(FORBIDDEN[what]())
    with sealed.app.app_context():
        db.session.rollback()
    assert fault(sealed) is None


def test_postgresql_refuses_to_empty_the_table(sealed: Backend) -> None:
    if kind(sealed) == "sqlite":
        return  # it has no such statement
    with sealed.app.app_context(), pytest.raises(IntegrityError, match="append-only"):
        db.session.execute(text("TRUNCATE audits"))


def test_a_line_that_is_committed_after_later_ones_were_sealed_is_not_skipped(sealed: Backend) -> None:
    if kind(sealed) == "sqlite":
        return  # one writer at a time
    with sealed.app.app_context(), db.engine.connect() as slow:
        slow.execute(
            text("INSERT INTO audits (action, details, logged_at) VALUES ('slow', '{}', now())"),
        )
        write(sealed, 2)
        assert seal_lines() == 2
        slow.commit()
        assert seal_lines() == 1
    late = rows(sealed, models.Audit, models.Audit.action == "slow")[0]
    assert late.position == LINES + 3
    assert late.id == LINES + 1
    assert fault(sealed) is None


def test_many_writers_and_two_sealers_make_one_chain(backend: Backend) -> None:
    done = threading.Event()

    def sealer() -> None:
        while not done.is_set():
            seal(backend)

    sealers = [threading.Thread(target=sealer) for _ in range(2)]
    writers = [
        threading.Thread(target=lambda: [write(backend, 1, "submission.create") for _ in range(15)]) for _ in range(4)
    ]
    for thread in (*sealers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in sealers:
        thread.join()
    seal(backend)
    found = look(backend)
    assert (found.fault, found.unsealed) == (None, 0)
    assert found.sealed == len(rows(backend, models.Audit)) >= 60


def test_the_file_of_heads_is_for_the_owner_alone_and_has_one_line(sealed: Backend) -> None:
    write(sealed)
    seal(sealed)
    file = heads_paths(sealed.app.extensions["sportel"].settings)[0]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (line,) = file.read_text().splitlines()
    assert json.loads(line)["head"] == look(sealed).head


def test_where_the_keys_folder_cannot_be_written_the_head_is_kept_in_the_data_folder(sealed: Backend) -> None:
    beside_the_key, in_the_data = heads_paths(sealed.app.extensions["sportel"].settings)
    beside_the_key.unlink()
    beside_the_key.mkdir()  # as good as a folder that nobody may write to, also for root
    (beside_the_key / "full").touch()
    write(sealed)
    with pytest.raises(OperationRefused, match="the kept heads cannot be read"):
        look(sealed)
    seal(sealed)
    assert json.loads(in_the_data.read_text())["head"] == present(sealed)
    (beside_the_key / "full").unlink()
    beside_the_key.rmdir()
    assert look(sealed).heads_checked == 1


def test_a_backup_is_restored_with_its_chain_into_either_database_and_what_it_lacks_is_told(
    backend: Backend, tmp_path: Path, postgres: PostgresServer
) -> None:
    fill(backend)
    seal(backend)
    keys = Keys(tmp_path)
    back_up(backend, tmp_path / "b", keys)
    seal(backend)  # that a backup was made, and what else came since
    write(backend, 3)
    seal(backend)
    other = "postgresql" if kind(backend) == "sqlite" else "sqlite"
    with empty_place(other, tmp_path / "place", postgres, key_file(backend)) as place:
        told = restore(place, tmp_path / "b", keys)
        assert told.exit_code == 0, told.output
        seal(place)
        assert fault(place) is None
        ours = heads_paths(backend.app.extensions["sportel"].settings)[0]
        heads_paths(place.app.extensions["sportel"].settings)[0].write_bytes(ours.read_bytes())
        found = look(place).fault
        assert found is not None
        assert found.kind == "cut-off"
        seal(place)


def test_the_worker_seals_beside_its_work_and_tells_the_head(
    sealed: Backend, capsys: pytest.CaptureFixture[str]
) -> None:
    write(sealed, 2)
    with running(Worker(sealed.app.app_context, poll_seconds=0.05)):
        wait_for(lambda: look(sealed).unsealed == 0)
    assert {"audit-seal", "audit-head"} <= {chore.name for chore in CHORES}
    with sealed.app.app_context():
        tell_head()
    head = look(sealed).head
    assert head is not None
    told = capsys.readouterr().err
    assert "audit.head" in told
    assert head in told  # not masked as a token would be


def test_a_chore_that_fails_is_told_of_once_and_keeps_nothing_waiting(
    sealed: Backend, capsys: pytest.CaptureFixture[str]
) -> None:
    tries: list[int] = []

    def fail() -> None:
        tries.append(1)
        raise ValueError("Drita-Kanarina-4711")

    with running(Worker(sealed.app.app_context, chores=(Chore("bad", 0, fail),), poll_seconds=0.02)):
        wait_for(lambda: len(tries) > 3)
    told = capsys.readouterr().err
    assert told.count("chore.failed") == 1
    assert "Kanarina" not in told


@pytest.mark.parametrize("bad", ["", "7", "x:y", "0:" + "A" * 43, "7:AAAA"])
def test_what_is_no_head_is_refused(bad: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (which of the parts is bad does not matter)
        parse_head(bad)


def test_the_anonymous_write_no_number_of_nobody(sealed: Backend) -> None:
    with sealed.app.app_context(), transaction():
        record("submission.create", ANONYMOUS)
    assert rows(sealed, models.Audit)[-1].actor_id is None
