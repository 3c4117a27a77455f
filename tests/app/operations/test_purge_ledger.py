"""What was purged with its form stays away: from an older backup, and from a phone that sends it again."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from app.db import models
from app.services import purge_forms as service
from app.services import receive_submission as intake
from app.services.erasure_ledger import is_erased
from app.services.fsck import fsck
from tests.app.looking import actions, assert_no_orphans, count, rows
from tests.app.operations.places import Keys, back_up, blob_bytes, empty_place, key_file, kind, restore
from tests.app.operations.test_purge_forms import FORMS, purge, send, thirty_days_pass
from tests.app.operations.test_purge_submissions import age_the_trash
from tests.app.operations.test_purge_submissions import purge as empty_trash
from tests.app.shown_forms import VISIT
from tests.support.backend import Backend, instance
from tests.support.postgres import PostgresServer

OTHER_DATABASE = {"sqlite": "postgresql", "postgresql": "sqlite"}


def ledger_file(backend: Backend) -> Path:
    return backend.folder / "keys" / "erasures.ledger"


def erased(backend: Backend, *names: str) -> list[bool]:
    """Is it in the ledger, for whatever form has the ID `visit`?"""
    with backend.app.app_context():
        return [is_erased(1, f"uuid:{name}") for name in names]


def test_nothing_of_a_purged_form_can_be_read_in_an_older_backup_that_is_restored(
    backend: Backend, tmp_path: Path, keys: Keys, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    admin, phone = backend.admin, backend.phone()
    admin.publish(VISIT)
    assert [send(phone, name) for name in ("one", "two", "three")] == [201] * 3
    meta = "<orx:deprecatedID>uuid:one</orx:deprecatedID>"
    assert phone.send(instance("visit", "<who>y</who>", instance_id="uuid:edit", meta=meta)).status_code == 201
    assert phone.send(instance("visit", "<who>z</who>", version="9", instance_id="uuid:aside")).status_code == 404
    back_up(backend, tmp_path / "old.age", keys)
    admin.delete(f"{FORMS}/visit")
    thirty_days_pass(backend)
    assert purge(backend) == 1
    assert erased(backend, "one", "edit", "two", "three", "aside", "four") == [True] * 5 + [False]
    with empty_place(OTHER_DATABASE[kind(backend)], tmp_path / "new", postgres, key_file(backend)) as place:
        shutil.copy2(ledger_file(backend), ledger_file(place))
        told = restore(place, tmp_path / "old.age", keys)
        assert json.loads(told.stdout)["erased_again"] >= 4
        assert place.admin.rows("visit") == []
        assert (count(place, models.Quarantine), blob_bytes(place)) == (0, {})
        with place.app.app_context():
            assert fsck().sound


def test_what_is_there_under_the_same_id_in_the_form_made_anew_stays_and_the_rest_is_refused(backend: Backend) -> None:
    admin, phone = backend.admin, backend.phone()
    admin.publish(VISIT)
    assert [send(phone, name) for name in ("sent-again", "in-trash", "purged")] == [201] * 3
    admin.delete(f"{FORMS}/visit")
    admin.publish(VISIT)
    assert [send(phone, name) for name in ("sent-again", "in-trash")] == [201] * 2
    admin.delete(f"{FORMS}/visit/submissions/uuid:in-trash")
    thirty_days_pass(backend)
    assert purge(backend) == 1
    assert erased(backend, "sent-again", "in-trash", "purged") == [False, False, True]
    assert [send(phone, name) for name in ("sent-again", "purged")] == [201, 409]
    assert admin.post(f"{FORMS}/visit/submissions/uuid:in-trash/restore").status_code == 200
    assert len(admin.rows("visit")) == 2


def test_what_a_phone_sends_again_to_a_form_that_is_purged_is_not_kept_aside(backend: Backend) -> None:
    backend.admin.publish(VISIT)
    phone = backend.phone()
    assert send(phone, "one") == 201
    backend.admin.delete(f"{FORMS}/visit")
    thirty_days_pass(backend)
    assert purge(backend) == 1
    assert (send(phone, "one"), count(backend, models.Quarantine)) == (409, 0)
    assert (send(phone, "two"), count(backend, models.Quarantine)) == (404, 2)
    assert_no_orphans(backend)


def test_what_a_phone_sent_again_while_its_form_was_in_the_trash_is_purged_too(backend: Backend) -> None:
    backend.admin.publish(VISIT)
    phone = backend.phone()
    assert send(phone, "one") == 201
    backend.admin.delete(f"{FORMS}/visit")
    assert [send(phone, name) for name in ("one", "two")] == [404] * 2
    thirty_days_pass(backend)
    assert purge(backend) == 1
    assert {row.instance_id for row in rows(backend, models.Quarantine)} == {"uuid:two"}
    assert_no_orphans(backend)
    with backend.app.app_context():
        assert fsck().sound


def test_where_the_ledger_cannot_be_written_nothing_is_purged_until_it_can(backend: Backend) -> None:
    backend.admin.publish(VISIT)
    assert send(backend.phone(), "one") == 201
    backend.admin.delete(f"{FORMS}/visit")
    thirty_days_pass(backend)
    ledger_file(backend).mkdir()
    assert purge(backend) == 0
    assert (count(backend, models.SubmissionVersion), count(backend, models.Erasure)) == (1, 0)
    assert actions(backend, "form.purge") == []
    ledger_file(backend).rmdir()
    assert purge(backend) == 1
    assert count(backend, models.SubmissionVersion) == 0
    (line,) = rows(backend, models.Erasure)
    assert (line.actor_id, line.reason) == (None, "its form was deleted more than 30 days ago")


@pytest.mark.parametrize("trashed", ["form", "submission"])
def test_what_comes_in_while_its_namesake_is_purged_is_either_seen_or_kept_out(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, trashed: str
) -> None:
    """On PostgreSQL the purge waits and sees it; on SQLite, where nobody waits, it is kept out at its turn to write."""
    looked, go_on, write = Event(), Event(), intake._write
    backend.admin.publish(VISIT)
    assert send(backend.phone(), "one") == 201
    if trashed == "submission":
        backend.admin.delete(f"{FORMS}/visit/submissions/uuid:one")
    backend.admin.delete(f"{FORMS}/visit")
    thirty_days_pass(backend) if trashed == "form" else age_the_trash(backend)
    backend.admin.publish(VISIT)
    phone = backend.phone()

    def held(*arguments: Any) -> Any:
        looked.set()
        go_on.wait(10)
        return write(*arguments)

    monkeypatch.setattr(intake, "_write", held)
    with ThreadPoolExecutor(2) as pool:
        sending = pool.submit(send, phone, "one")
        assert looked.wait(10)
        purging = pool.submit(purge if trashed == "form" else empty_trash, backend)
        # It has ended, or waits for a lock, which cannot be seen from here.
        wait([purging], timeout=10 if kind(backend) == "sqlite" else 0.3)
        go_on.set()
        is_kept_out = kind(backend) == "sqlite"
        assert (sending.result(10), purging.result(10)) == (409 if is_kept_out else 201, 1)
    assert erased(backend, "one") == [is_kept_out]
    assert len(backend.admin.rows("visit")) == (0 if is_kept_out else 1)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_edit_that_comes_in_while_its_namesake_is_purged_is_kept_out(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL the purge waits, as for what is new."""
    backend.admin.publish(VISIT)
    assert send(backend.phone(), "one") == 201
    backend.admin.delete(f"{FORMS}/visit")
    thirty_days_pass(backend)
    backend.admin.publish(VISIT)
    phone, write = backend.phone(), intake._write
    assert send(phone, "two") == 201

    def purged_first(*arguments: Any) -> Any:
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(purge, backend).result() == 1
        return write(*arguments)

    monkeypatch.setattr(intake, "_write", purged_first)
    meta = "<orx:deprecatedID>uuid:two</orx:deprecatedID>"
    assert phone.send(instance("visit", "<who>y</who>", instance_id="uuid:one", meta=meta)).status_code == 409
    assert (count(backend, models.SubmissionVersion), count(backend, models.Quarantine)) == (1, 0)
