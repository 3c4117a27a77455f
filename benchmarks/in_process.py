"""The application in this process, set up with the shipped forms, with its administrator signed in."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.config import Settings
from app.db import db
from app.sealing.keyfile import create_key_file
from app.services.setup import set_up

EMAIL, PASSWORD = "admin@example.org", "a long enough password"


@dataclass(frozen=True)
class InProcess:
    """The application and its administrator's token."""

    app: Flask
    client: FlaskClient
    token: str

    def call(self, method: str, path: str, **options: Any) -> Any:
        """The answer's JSON. Raises RuntimeError if it is no success."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.client.open(f"/v1{path}", method=method, headers=headers, **options)
        if answer.status_code != 200:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json


@contextmanager
def in_process(database_url: str | None = None) -> Iterator[InProcess]:
    """A fresh installation in a folder that is thrown away, on SQLite unless a database is named."""
    with TemporaryDirectory(prefix="sportel-benchmark-") as name:
        folder = Path(name)
        settings = Settings(
            data=folder,
            database_url=database_url,
            admin_email=EMAIL,
            admin_password=PASSWORD,
            second_factor="off",
        )
        (folder / "db").mkdir()
        create_key_file(settings.key_path)
        app = create_app(settings)
        # The log of requests would stand between the lines of the tables.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
        with app.app_context():
            set_up(settings, lambda _: None)
            db.session.remove()
        client = app.test_client(use_cookies=False)
        answer = client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
        yield InProcess(app, client, answer.json["token"])
        with app.app_context():
            db.engine.dispose()
