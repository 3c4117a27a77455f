"""Fixtures for the application's tests: a quick backend where the database does not matter, and forms to fill."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.db import db
from tests.support import quick_passwords
from tests.support.backend import Backend, make_backend
from tests.support.mail import MailServer

MakeBackend = Callable[..., Backend]


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
def full_passwords() -> Iterator[None]:
    """For tests that are about what a password costs."""
    with quick_passwords.as_in_service():
        yield


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
