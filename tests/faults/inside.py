"""Is a place whole? The application opens its data in this process, past the service, and looks.

For drills that look often: `tests.faults.checker` asks the running service and the operator's commands instead.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from app.db import db, models
from app.db.queries import blobs as queries
from app.runtime import runtime
from app.services.fsck import fsck
from app.services.sweep import sweep
from tests.faults.collect import FORM_ID, Filled
from tests.faults.service import Service
from tests.support.backend import Backend, make_backend


def sqlalchemy_url(service: Service) -> str | None:
    """The database's address as SQLAlchemy writes it."""
    url = service.database_url
    return None if url is None else url.replace("postgresql://", "postgresql+psycopg://")


@contextmanager
def opened(folder: Path, database_url: str | None = None) -> Iterator[Backend]:
    """The application over these data; in the end all its connections are closed."""
    backend = make_backend(folder, database_url)
    try:
        yield backend
    finally:
        with backend.app.app_context():
            db.session.remove()
            db.engine.dispose()


def assert_whole(backend: Backend) -> None:
    """Nothing that a row names is missing or opens no more; after a sweep nothing is left over. Nobody is sending."""
    with backend.app.app_context():
        checked = fsck()
        assert checked.sound, checked.faults
        sweep(at_once=True, older_than=timedelta(0))
        listed = {key for key, _ in runtime().store.list()}
        assert listed == queries.named(listed)
        db.session.rollback()
    assert list((backend.folder / "blobs" / "tmp").glob("*")) == []


def assert_kept(folder: Path, project: int, acknowledged: Iterable[Filled]) -> None:
    """An embedded database and its files: sound, with every acknowledged form in it once, byte for byte."""
    plain = sqlite3.connect(folder / "db" / "sportel.sqlite3")
    assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    plain.close()
    with opened(folder) as backend:
        person = backend.admin
        for filled in acknowledged:
            at = f"/projects/{project}/forms/{FORM_ID}/submissions/{filled.instance_id}"
            assert person.get(f"{at}.xml").data == filled.xml
            for name, content in filled.photos.items():
                assert person.get(f"{at}/attachments/{name}").data == content
        with backend.app.app_context():
            version = models.SubmissionVersion
            times = select(func.count()).select_from(version).group_by(version.form_id, version.instance_id)
            assert set(db.session.scalars(times)) <= {1}
            db.session.rollback()
        assert_whole(backend)
