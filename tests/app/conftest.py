"""Fixtures for the application's tests: a quick backend where the database does not matter, and forms to fill."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from app.db import db
from app.services import sign_in
from tests.support.backend import Backend, make_backend
from tests.support.mail import MailServer

MakeBackend = Callable[..., Backend]
# argon2 with the least that it can cost.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def close(backend: Backend) -> None:
    """Give the database's connections back."""
    with backend.app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def make_lite(sqlite_template: Path, tmp_path: Path) -> Iterator[MakeBackend]:
    """Builds backends on SQLite with settings of the test's own: `make_lite(max_xml_bytes=2048)`."""
    made: list[Backend] = []

    def build(**changes: Any) -> Backend:
        folder = tmp_path / f"lite{len(made)}"
        shutil.copytree(sqlite_template, folder)
        made.append(make_backend(folder, None, **changes))
        return made[-1]

    yield build
    for backend in made:
        close(backend)


@pytest.fixture
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that sign in many times and are about something else."""
    monkeypatch.setattr(sign_in, "_HASHER", CHEAP)


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[MailServer]:
    """A mail server that takes mail, over STARTTLS and with a password."""
    server = MailServer(tmp_path / "mail").start()
    yield server
    server.stop()


@pytest.fixture
def lite(make_lite: MakeBackend) -> Backend:
    """An empty backend on SQLite, for what does not depend on the database."""
    return make_lite()
