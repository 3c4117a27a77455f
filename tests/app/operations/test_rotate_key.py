"""The sealing key changes while the service runs; whatever it is stopped at, every row opens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.config import ROOT
from app.db import db, models
from app.permissions import ANONYMOUS
from app.sealing.keyfile import add_key, create_key_file, read_key_file
from app.services import rotate_key as service
from app.services.check_key import key_fault
from app.services.erase_submission import erase_submission, forms_called
from app.services.fsck import fsck
from app.services.keys import SERVER_KEYS
from app.services.operation import OperationRefused
from app.services.rotate_key import retire_old_keys, rotate_key
from tests.app.operations.places import PERSON, fill, key_file, run, send
from tests.support.backend import Backend, make_backend, settings_for


def reopened(backend: Backend) -> Backend:
    """The same place, in a process that was started anew."""
    settings = backend.app.extensions["sportel"].settings
    return make_backend(backend.folder, settings.database_url)


def wrapping_ids(backend: Backend) -> Counter[str]:
    with backend.app.app_context():
        return Counter(db.session.scalars(select(models.DataKey.wrapping_key_id)))


def sound(backend: Backend) -> bool:
    with reopened(backend).app.app_context():
        found = fsck().sound
        db.session.remove()
        db.engine.dispose()
        return found


def test_after_a_rotation_every_data_key_is_wrapped_by_the_new_key_and_opens(backend: Backend) -> None:
    fill(backend)
    old = read_key_file(key_file(backend)).active_id
    before = wrapping_ids(backend)
    with backend.app.app_context():
        done = rotate_key()
    assert before == {old: done.rewrapped}
    assert done.new_key_id == done.active_id != old
    assert wrapping_ids(backend) == {done.active_id: done.rewrapped}
    assert list(read_key_file(key_file(backend)).keys) == [old, done.active_id]
    assert sound(backend)


class Killed(BaseException):
    """The process is gone."""


def test_a_rotation_killed_at_any_batch_leaves_everything_readable_and_is_finished_by_the_next_run(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    fill(backend)
    old = read_key_file(key_file(backend)).active_id
    total = wrapping_ids(backend)[old]
    wrap_batch = service._wrap_batch
    new = None
    for allowed in range(3):
        calls = 0

        def dying(*arguments: Any, allowed: int = allowed) -> Any:
            nonlocal calls
            if calls == allowed:
                raise Killed
            calls += 1
            return wrap_batch(*arguments)

        monkeypatch.setattr(service, "_wrap_batch", dying)
        with backend.app.app_context(), pytest.raises(Killed):
            rotate_key()
        assert sound(backend)
        ids = wrapping_ids(backend)
        assert ids.total() == total
        # The next run goes on with the key that the first one added.
        new = new or read_key_file(key_file(backend)).active_id
        assert read_key_file(key_file(backend)).active_id == new
    monkeypatch.setattr(service, "_wrap_batch", wrap_batch)
    with backend.app.app_context():
        done = rotate_key()
    assert done.new_key_id is None
    assert wrapping_ids(backend) == {new: total}
    assert sound(backend)


@pytest.mark.parametrize("delay_ms", [0, 40, 90])
def test_a_rotation_that_is_killed_for_real_is_finished_by_the_next_run(backend: Backend, delay_ms: int) -> None:
    fill(backend, visits=12)
    settings = backend.app.extensions["sportel"].settings
    environment = {
        "PATH": os.environ["PATH"],
        "SPORTEL_DATA": str(backend.folder),
        "SPORTEL_DATABASE_URL": settings.database_url or "",
    }
    program = (
        "from app.services import rotate_key as s; import wsgi, sys, time; s.BATCH = 1\n"
        "with wsgi.app.app_context():\n"
        "    s.rotate_key(lambda *_: (print(1, flush=True), time.sleep(0.01)))"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(delay_ms / 1000)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert sound(backend)
    with backend.app.app_context():
        done = rotate_key()
    assert done.new_key_id is None
    assert set(wrapping_ids(backend)) == {done.active_id}
    assert sound(backend)


def test_an_erased_key_is_not_brought_back_by_a_rotation(backend: Backend) -> None:
    fill(backend)
    with backend.app.app_context():
        erase_submission(ANONYMOUS, forms_called(1, "visit")[0], PERSON, "asked by the person")
        rotate_key()
        assert db.session.scalars(
            select(models.DataKey.wrapped).where(models.DataKey.destroyed_at.is_not(None))
        ).all() == [None]


def test_an_old_key_is_dropped_only_when_it_wraps_nothing_and_no_request_can_still_use_it(backend: Backend) -> None:
    fill(backend)
    path = key_file(backend)
    old = read_key_file(path).active_id
    with backend.app.app_context():
        add_key(path)
        with pytest.raises(OperationRefused, match="are still wrapped by an old key; run: flask sportel rotate-key"):
            retire_old_keys()
        rotate_key()
        with pytest.raises(OperationRefused, match="a request may still wrap with the old key; try again in"):
            retire_old_keys()
        an_hour_ago = time.time() - 3600
        os.utime(path, (an_hour_ago, an_hour_ago))
        assert retire_old_keys() == (old,)
    assert old not in read_key_file(path).keys
    assert sound(backend)
    with backend.app.app_context():
        assert retire_old_keys(wait_seconds=0) == ()


def test_what_is_sent_between_the_new_key_and_the_end_is_wrapped_again_too(backend: Backend) -> None:
    phone = fill(backend)
    add_key(key_file(backend))
    # This server has not looked at the file since it started, and wraps with the old key.
    send(phone, "uuid:meanwhile", "<who>X</who>")
    with backend.app.app_context():
        rotate_key()
    assert len(wrapping_ids(backend)) == 1


def test_a_key_that_does_not_open_stops_the_rotation_before_anything_is_lost(backend: Backend) -> None:
    fill(backend)
    with backend.app.app_context():
        db.session.scalars(select(models.DataKey).order_by(models.DataKey.id.desc())).first().wrapped = b"x" * 60
        db.session.commit()
    told = run(backend, "rotate-key")
    assert told.exit_code == 1
    assert "does not open" in told.stderr
    assert "run: flask sportel fsck" in told.stderr
    assert len(read_key_file(key_file(backend)).keys) == 2


def test_the_command_says_what_to_do_next(backend: Backend) -> None:
    told = run(backend, "rotate-key", "--json")
    assert json.loads(told.stdout)["rewrapped"] == len(SERVER_KEYS)
    assert "try again in" in run(backend, "rotate-key", "--retire-old").stderr


def test_a_wrong_key_file_is_told_before_the_service_starts(backend: Backend, tmp_path: Path) -> None:
    settings = backend.app.extensions["sportel"].settings
    assert key_fault(settings, read_key_file(key_file(backend))) is None
    create_key_file(tmp_path / "other.key")
    fault = key_fault(settings, read_key_file(tmp_path / "other.key"))
    assert fault is not None
    assert fault.endswith("put the right one back, or set SPORTEL_KEY_FILE to where it is")
    assert "\n" not in fault


def test_a_database_that_is_away_is_no_fault_of_the_key(lite: Backend, tmp_path: Path) -> None:
    away = settings_for(tmp_path, "postgresql+psycopg://nobody@127.0.0.1:1/none")
    assert key_fault(away, read_key_file(key_file(lite))) is None
