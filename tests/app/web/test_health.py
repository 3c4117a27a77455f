"""Alive is the process; ready is a server that can take a submission."""

from __future__ import annotations

import collections

import pytest

from app.db import db, models
from app.db.migrate import downgrade
from app.sealing.keyfile import create_key_file
from tests.app.conftest import MakeBackend, close
from tests.support.backend import Backend, make_backend


def test_a_server_that_was_set_up_is_ready(backend: Backend) -> None:
    answer = backend.client.get("/ready")
    assert answer.status_code == 200
    assert answer.json == {"ready": True, "database": "ok", "key": "ok", "storage": "ok"}
    assert backend.client.get("/live").json == {"live": True}


def test_a_database_at_another_revision_is_not_ready(backend: Backend) -> None:
    with backend.app.app_context():
        downgrade("0001")
    answer = backend.client.get("/ready")
    assert answer.status_code == 503
    assert answer.json["database"].startswith("is at revision 0001, expected 0")


def test_an_empty_database_is_not_ready_and_says_what_to_run(backend: Backend) -> None:
    with backend.app.app_context():
        downgrade("base")
    answer = backend.client.get("/ready")
    assert answer.status_code == 503
    assert "expected" in answer.json["database"]


def test_a_server_without_its_own_keys_is_not_ready(backend: Backend) -> None:
    with backend.database() as session:
        session.query(models.DataKey).delete()
        session.commit()
    answer = backend.client.get("/ready")
    assert (answer.status_code, answer.json["key"]) == (503, "is not set up; run: flask sportel setup")


def test_a_server_with_another_key_file_is_not_ready(lite: Backend) -> None:
    key = lite.folder / "keys" / "sealing.key"
    key.unlink()
    create_key_file(key)
    other = make_backend(lite.folder, None)
    answer = other.client.get("/ready")
    assert answer.status_code == 503
    assert answer.json["key"] == "the key file is not the one that this database was sealed with"
    close(other)


def test_a_disk_that_is_almost_full_is_not_ready(lite: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr("app.storage.free_space.shutil.disk_usage", lambda _: usage(1000, 951, 49))
    answer = lite.client.get("/ready")
    assert (answer.status_code, answer.json["storage"]) == (503, "less than 5 % of the disk is free")


def test_the_address_of_the_database_is_never_shown(make_lite: MakeBackend) -> None:
    backend = make_lite()
    with backend.app.app_context():
        db.engine.dispose()
    (backend.folder / "db" / "sportel.sqlite3").unlink()
    (backend.folder / "db" / "sportel.sqlite3").mkdir()
    for suffix in ("-wal", "-shm"):
        (backend.folder / "db" / f"sportel.sqlite3{suffix}").unlink(missing_ok=True)
    answer = backend.client.get("/ready")
    assert (answer.status_code, answer.json["database"]) == (503, "cannot be reached")
    assert answer.json["key"] == "cannot be checked without the database"
    assert str(backend.folder) not in answer.text
    assert backend.client.get("/live").status_code == 200
