"""A backup under load, and what of it comes back: on the same database, on the other, and with a wrong key not at all."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import inspect, select

from app.db import db, models
from app.db.migrate import downgrade
from app.permissions import ANONYMOUS
from app.sealing.keyfile import add_key
from app.services import backup
from app.services.canonical_dump import TableShape, shapes
from app.services.erase_submission import erase_submission, forms_called
from app.services.erasure_ledger import is_erased, ledger_path
from app.services.fsck import fsck
from app.services.rotate_key import rotate_key
from tests.app.looking import named_blobs
from tests.app.operations.places import (
    CANARY,
    OTHER,
    PERSON,
    Keys,
    back_up,
    blob_bytes,
    contents,
    empty_place,
    fill,
    is_empty,
    key_file,
    kind,
    restore,
    run,
    send,
    tables,
)
from tests.support.backend import AppUser, Backend
from tests.support.postgres import PostgresServer

OTHER_DATABASE = {"sqlite": "postgresql", "postgresql": "sqlite"}


def with_phone(place: Backend, phone: AppUser) -> AppUser:
    return AppUser(place.client, phone.token, phone.actor_id, phone.project)


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_restored_place_holds_the_same_rows_and_files_and_goes_on(
    backend: Backend, target: str, tmp_path: Path, keys: Keys, postgres: PostgresServer
) -> None:
    phone = fill(backend)
    made = back_up(backend, tmp_path / "b.age", keys)
    before, files = contents(backend), blob_bytes(backend)
    assert made["absent"] == []
    with empty_place(target, tmp_path / "new", postgres, key_file(backend)) as place:
        told = restore(place, tmp_path / "b.age", keys)
        assert told.exit_code == 0, told.output
        assert json.loads(told.stdout)["rows"] == made["rows"] == sum(each.rows for each in before.values())
        assert contents(place) == before
        assert blob_bytes(place) == files
        with place.app.app_context():
            assert fsck().sound
        # And it is alive: the numbers go on, a resend is known, something new is taken.
        again = with_phone(place, phone)
        assert send(again, PERSON, f"<who>{CANARY}</who><age>30</age><pic>a.jpg</pic>") == 201
        assert send(again, "uuid:new", "<who>New</who><pic>n.jpg</pic>", {"n.jpg": b"N"}) == 201
        assert len(place.admin.rows("visit")) == 3


# Of each the databases have an opinion, if they are asked.
NUMBERS = ["-0.0", "0.30000000000000004", "1e22", "1" * 400, "[1180591620717411303425]", "7", '"7"', "null"]


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_preference_comes_back_whatever_number_it_is(
    backend: Backend, target: str, tmp_path: Path, keys: Keys, postgres: PostgresServer
) -> None:
    person = backend.person()
    for at, value in enumerate(NUMBERS):
        body, path = f'{{"propertyValue": {value}}}', f"/user-preferences/site/{at}"
        assert person.request("PUT", path, data=body, content_type="application/json").status_code == 200
    back_up(backend, tmp_path / "b.age", keys)
    before = contents(backend)
    with empty_place(target, tmp_path / "new", postgres, key_file(backend)) as place:
        told = restore(place, tmp_path / "b.age", keys)
        assert told.exit_code == 0, told.output
        assert contents(place) == before


def test_there_and_back_again_between_the_databases_nothing_changes(
    backend: Backend, tmp_path: Path, keys: Keys, postgres: PostgresServer
) -> None:
    fill(backend)
    here = kind(backend)
    before = contents(backend)
    with empty_place(OTHER_DATABASE[here], tmp_path / "there", postgres, key_file(backend)) as there:
        back_up(backend, tmp_path / "1.age", keys)
        assert restore(there, tmp_path / "1.age", keys).exit_code == 0
        back_up(there, tmp_path / "2.age", keys)
    with empty_place(here, tmp_path / "back", postgres, key_file(backend)) as back:
        assert restore(back, tmp_path / "2.age", keys).exit_code == 0
        assert contents(back) == before
        assert blob_bytes(back) == blob_bytes(backend)


def test_a_backup_under_load_has_everything_acknowledged_before_and_is_consistent(
    backend: Backend, tmp_path: Path, keys: Keys, postgres: PostgresServer
) -> None:
    phone = fill(backend)
    acknowledged: list[str] = []
    begun, stop = threading.Event(), threading.Event()

    def go_on_sending() -> None:
        number = 0
        while not stop.is_set():
            name = f"uuid:load-{number}"
            if send(phone, name, f"<who>L{number}</who><pic>p.jpg</pic>", {"p.jpg": b"p" * 5000}) == 201:
                acknowledged.append(name)
            number += 1
            if number == 5:
                begun.set()

    sender = threading.Thread(target=go_on_sending)
    sender.start()
    begun.wait(30)
    sent_before = list(acknowledged)
    back_up(backend, tmp_path / "b.age", keys)
    stop.set()
    sender.join()
    assert len(acknowledged) > len(sent_before)
    with empty_place(kind(backend), tmp_path / "new", postgres, key_file(backend)) as place:
        assert restore(place, tmp_path / "b.age", keys).exit_code == 0
        with place.app.app_context():
            there = set(db.session.scalars(select(models.Submission.instance_id)))
            assert set(sent_before) <= there
            assert fsck().sound
        assert set(blob_bytes(place)) == named_blobs(place)


def test_a_passphrase_opens_the_backup_and_another_one_does_not(
    lite: Backend, tmp_path: Path, postgres: PostgresServer
) -> None:
    fill(lite)
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("correct horse battery\n")
    wrong.write_text("incorrect horse battery\n")
    right.chmod(0o400)
    wrong.chmod(0o400)
    assert run(lite, "backup", str(tmp_path / "b"), "--passphrase-file", str(right)).exit_code == 0
    with empty_place("sqlite", tmp_path / "new", postgres, key_file(lite)) as place:
        told = run(place, "restore", str(tmp_path / "b"), "--passphrase-file", str(wrong))
        assert (told.exit_code, told.stderr.count("\n")) == (1, 1)
        assert "the passphrase is wrong" in told.stderr
        assert is_empty(place)
        assert run(place, "restore", str(tmp_path / "b"), "--passphrase-file", str(right)).exit_code == 0
        assert contents(place) == contents(lite)


def test_no_word_of_a_person_and_no_key_is_in_the_backup(backend: Backend, tmp_path: Path, keys: Keys) -> None:
    fill(backend)
    back_up(backend, tmp_path / "b.age", keys)
    identity = pyrage.x25519.Identity.from_str(keys.file.read_text().splitlines()[1])
    opened = pyrage.decrypt((tmp_path / "b.age").read_bytes(), [identity])
    key_lines = [line.split()[2].encode() for line in key_file(backend).read_text().splitlines()]
    for secret in (CANARY.encode(), *key_lines):
        assert secret not in (tmp_path / "b.age").read_bytes()
        # Even who has the backup's key reads nothing without the key file.
        assert secret not in opened
    assert b"sportel-key" not in opened
    assert (tmp_path / "b.age").stat().st_mode & 0o077 == 0


def test_an_erased_person_does_not_come_back_with_an_older_backup(
    backend: Backend, tmp_path: Path, keys: Keys, postgres: PostgresServer
) -> None:
    fill(backend)
    back_up(backend, tmp_path / "old.age", keys)
    with backend.app.app_context():
        erase_submission(ANONYMOUS, forms_called(1, "visit")[0], PERSON, "asked by the person")
        ledger = ledger_path(backend.app.extensions["sportel"].settings)
    with empty_place(OTHER_DATABASE[kind(backend)], tmp_path / "new", postgres, key_file(backend)) as place:
        shutil.copy2(ledger, place.folder / "keys" / ledger.name)
        told = restore(place, tmp_path / "old.age", keys)
        assert json.loads(told.stdout)["erased_again"] == 1
        with place.app.app_context():
            assert is_erased(forms_called(1, "visit")[0].id, PERSON)
            assert not is_erased(forms_called(1, "visit")[0].id, OTHER)
            assert fsck().sound
        assert set(blob_bytes(place)) == named_blobs(place)
        assert len(blob_bytes(place)) == 2
        assert CANARY not in str(place.admin.rows("visit"))
        assert len(place.admin.rows("visit")) == 1


def test_the_ledger_comes_with_a_newer_backup_and_its_file_is_written_again(
    backend: Backend, tmp_path: Path, keys: Keys, postgres: PostgresServer
) -> None:
    fill(backend)
    with backend.app.app_context():
        erase_submission(ANONYMOUS, forms_called(1, "visit")[0], PERSON, "asked by the person")
    back_up(backend, tmp_path / "b.age", keys)
    with empty_place(kind(backend), tmp_path / "new", postgres, key_file(backend)) as place:
        told = restore(place, tmp_path / "b.age", keys)
        assert json.loads(told.stdout)["erased_again"] == 0
        assert contents(place) == contents(backend)
        with place.app.app_context():
            assert is_erased(forms_called(1, "visit")[0].id, PERSON)
            path = ledger_path(place.app.extensions["sportel"].settings)
        assert "asked by the person" in path.read_text()


def test_a_backup_from_before_a_rotation_needs_the_keys_of_its_time(
    lite: Backend, tmp_path: Path, keys: Keys, postgres: PostgresServer
) -> None:
    fill(lite)
    shutil.copy2(key_file(lite), tmp_path / "old.key")
    with lite.app.app_context():
        rotate_key()
    back_up(lite, tmp_path / "b.age", keys)
    with empty_place("sqlite", tmp_path / "one", postgres, tmp_path / "old.key") as place:
        assert (
            "which the key file does not have" in json.loads(restore(place, tmp_path / "b.age", keys).stdout)["refused"]
        )
    with empty_place("sqlite", tmp_path / "two", postgres, key_file(lite)) as place:
        assert restore(place, tmp_path / "b.age", keys).exit_code == 0
        with place.app.app_context():
            assert fsck().sound


def shapes_that_are_there(backend: Backend) -> list[TableShape]:
    """The tables and columns that the database has, which may be fewer than the models'."""
    known = {name: {each["name"] for each in inspect(db.engine).get_columns(name)} for name in tables(backend)}
    return [
        replace(shape, columns=tuple(each for each in shape.columns if each[0] in known[shape.name]))
        for shape in shapes()
        if shape.name in known
    ]


def test_a_backup_of_an_older_revision_is_brought_up_to_this_one(
    backend: Backend, tmp_path: Path, keys: Keys, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(backend)
    before = contents(backend)
    with backend.app.app_context():
        downgrade("0005")
    # As the Sportel of that time made it: its revision, and the tables that it knew.
    monkeypatch.setattr(backup, "expected_revision", lambda: "0005")
    monkeypatch.setattr(backup, "shapes", lambda: shapes_that_are_there(backend))
    monkeypatch.setattr(backup, "write_missing_lines", lambda settings: None)
    back_up(backend, tmp_path / "old.age", keys)
    monkeypatch.undo()
    old = tables(backend)
    assert "erasures" not in old
    with empty_place(kind(backend), tmp_path / "new", postgres, key_file(backend)) as place:
        told = restore(place, tmp_path / "old.age", keys)
        assert told.exit_code == 0, told.output
        after = contents(place)
        # The role case-reader, which that Sportel did not know, was taken away and is given anew: under other numbers.
        assert after["assignments"].rows == before["assignments"].rows
        kept = old - {"assignments"}
        assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
        # Each form gets the names that browsers know it by; nothing else that is new has rows.
        new = dict.fromkeys(set(after) - old, 0) | {"form_links": before["form_links"].rows}
        assert {name: after[name].rows for name in set(after) - old} == new


def test_a_key_that_was_added_since_the_backup_does_not_matter(
    lite: Backend, tmp_path: Path, keys: Keys, postgres: PostgresServer
) -> None:
    fill(lite)
    back_up(lite, tmp_path / "b.age", keys)
    add_key(key_file(lite))
    with empty_place("sqlite", tmp_path / "new", postgres, key_file(lite)) as place:
        assert restore(place, tmp_path / "b.age", keys).exit_code == 0
