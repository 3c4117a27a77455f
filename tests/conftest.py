"""Fixtures for every test that needs the application: on SQLite and on PostgreSQL, the same test twice."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:  # the pure library's tests must not load the application
    from tests.support.backend import Backend
    from tests.support.postgres import PostgresServer


def pytest_collection_finish() -> None:
    """What is loaded by now stays: to look through it for garbage took a quarter of the suite's processor time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    from tests.support.postgres import PostgresServer, memory

    server = PostgresServer(memory())
    yield server
    server.remove()


def _prepare(folder: Path, database_url: str | None) -> None:
    """Tables, server keys and one project with the number 1."""
    from app import create_app
    from app.db import db
    from app.db.migrate import upgrade
    from app.services.keys import SERVER_KEYS, add_data_key
    from app.services.projects import add_project
    from app.services.transaction import transaction
    from tests.support.backend import settings_for

    app = create_app(settings_for(folder, database_url))
    with app.app_context():
        upgrade()
        with transaction():
            for purpose in SERVER_KEYS:
                add_data_key(purpose)
        add_project(None, "Test project", None)
        db.session.remove()
        db.engine.dispose()


def _new_folder(folder: Path) -> Path:
    from app.sealing.keyfile import create_key_file

    (folder / "db").mkdir(parents=True)
    (folder / "blobs").mkdir()
    create_key_file(folder / "keys" / "sealing.key")
    return folder


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = _new_folder(tmp_path_factory.mktemp("sqlite-template") / "data")
    _prepare(folder, None)
    return folder


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = _new_folder(tmp_path_factory.mktemp("postgres-template") / "data")
    postgres.execute("CREATE DATABASE template_sportel")
    _prepare(folder, postgres.url("template_sportel").replace("postgresql://", "postgresql+psycopg://"))
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """An empty backend of the test's own, once on each database."""
    from app.db import db
    from tests.support.backend import make_backend

    folder = tmp_path / "data"
    name = f"test_{uuid4().hex}"
    url = None
    if request.param == "sqlite":
        shutil.copytree(request.getfixturevalue("sqlite_template"), folder)
    else:
        template: Path = request.getfixturevalue("postgres_template")
        server: PostgresServer = request.getfixturevalue("postgres")
        shutil.copytree(template, folder)
        server.execute(f"CREATE DATABASE {name} TEMPLATE template_sportel STRATEGY FILE_COPY")
        url = server.url(name).replace("postgresql://", "postgresql+psycopg://")
    made = make_backend(folder, url)
    yield made
    with made.app.app_context():
        db.session.remove()
        db.engine.dispose()
    if url is not None:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
