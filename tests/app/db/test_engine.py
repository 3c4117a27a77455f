"""A commit is durable, a writer waits its turn, and the service heals when the database comes back."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.db import db, engine, models
from app.db.types import UtcDateTime
from app.services.transaction import transaction
from tests.app.conftest import MakeBackend, close
from tests.app.looking import assert_no_orphans, count
from tests.app.shown_forms import VISIT, simple
from tests.support.backend import Backend, instance, make_backend
from tests.support.postgres import PostgresServer, free_port


def test_sqlite_commits_survive_a_power_cut_and_deleted_rows_are_overwritten(lite: Backend) -> None:
    with lite.app.app_context():
        pragmas = {
            name: db.session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 20_000,
    }


@pytest.mark.parametrize("database_error", [ValueError, KeyboardInterrupt])
def test_a_transaction_that_ends_badly_leaves_nothing(backend: Backend, database_error: type[BaseException]) -> None:
    with backend.app.app_context():
        with pytest.raises(database_error), transaction():  # noqa: PT012  (raised inside of the transaction)
            db.session.add(models.Office(code="x", kind="k", name_en="X", name_sq="X", to_confirm=False))
            db.session.flush()
            raise database_error
        assert db.session.query(models.Office).count() == 0


def test_a_moment_keeps_its_instant_and_comes_back_in_utc(backend: Backend) -> None:
    moment = datetime.fromisoformat("2026-01-31T23:30:00.123+02:00")
    with backend.database() as session:
        session.add(models.Project(name="p", created_at=moment))
        session.commit()
        session.expire_all()
        read = session.query(models.Project).filter_by(name="p").one().created_at
    assert read == datetime(2026, 1, 31, 21, 30, 0, 123_000, tzinfo=UTC)
    assert read.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="a moment needs its time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 31), None)


def test_a_busy_database_asks_the_phone_to_try_again_and_then_takes_it(
    make_lite: MakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0)
    backend = make_lite()
    backend.admin.publish(VISIT)
    phone = backend.phone()
    xml = instance("visit", "<pic>a.jpg</pic>")
    other = sqlite3.connect(backend.folder / "db" / "sportel.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = phone.send(xml, {"a.jpg": b"x"})
    other.execute("ROLLBACK")
    other.close()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert phone.send(xml, {"a.jpg": b"x"}).status_code == 201
    assert count(backend, models.Submission) == 1


def test_a_service_that_starts_without_its_database_answers_503_and_heals_by_itself(
    postgres: PostgresServer, postgres_template: Path, tmp_path: Path
) -> None:
    name = f"late_{uuid4().hex}"
    url = postgres.url(name).replace("postgresql://", "postgresql+psycopg://")
    backend = make_backend(postgres_template, url)
    client = backend.client
    answer = client.post("/v1/sessions", json={"email": "a@example.org", "password": "x"})
    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (503, 503.1, "5")
    assert client.get("/live").status_code == 200
    assert client.get("/ready").status_code == 503
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE template_sportel")
    assert client.get("/ready").json["database"] == "ok"
    assert client.post("/v1/sessions", json={"email": "a@example.org", "password": "x"}).status_code == 401
    close(backend)
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_database_that_nobody_answers_for_is_503(tmp_path: Path, sqlite_template: Path) -> None:
    backend = make_backend(sqlite_template, f"postgresql+psycopg://sportel@127.0.0.1:{free_port()}/gone")
    answer = backend.client.get("/v1/projects/1/formList?st=" + "x" * 64)
    assert (answer.status_code, answer.mimetype, answer.headers["Retry-After"]) == (503, "text/xml", "5")


def test_connections_that_the_server_cut_are_replaced_without_a_fault(
    backend: Backend, request: pytest.FixtureRequest
) -> None:
    admin = backend.admin
    admin.publish(simple("a"))
    phone = backend.phone()
    if "postgresql" in request.node.name:
        request.getfixturevalue("postgres").execute(
            # Waits until they have ended: at the moment itself nobody can know it.
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname LIKE 'test_%'"
        )
    else:
        with backend.app.app_context():
            db.engine.dispose()
    assert phone.send(instance("a", "<who>x</who>")).status_code == 201
    assert_no_orphans(backend)
