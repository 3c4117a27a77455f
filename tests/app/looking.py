"""What is in the rows and in the folder? Read past the application's doors, to check what they promise."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from app.db import db, models
from app.services.keys import data_key
from app.services.uploads import read_file
from tests.support.backend import Backend


def blobs(backend: Backend) -> set[str]:
    """Keys of the files in the storage folder; an unfinished one counts under its path."""
    folder = backend.folder / "blobs"
    return {
        path.name if path.parent.name != "tmp" else "tmp/" + path.name for path in folder.rglob("*") if path.is_file()
    }


def named_blobs(backend: Backend) -> set[str]:
    """Keys that a row names."""
    with backend.database() as session:
        attached = session.scalars(select(models.SubmissionAttachment.blob_key))
        aside = session.scalars(select(models.Quarantine.blob_key))
        return {key for key in (*attached, *aside) if key is not None}


def assert_no_orphans(backend: Backend) -> None:
    """Every file in the storage has a row, and every row its file."""
    assert blobs(backend) == named_blobs(backend)


def count(backend: Backend, model: Any, *where: Any) -> int:
    """How many rows."""
    with backend.database() as session:
        found: int = session.scalar(select(func.count()).select_from(model).where(*where))
        return found


def rows(backend: Backend, model: Any, *where: Any) -> list[Any]:
    """The rows themselves, in the order of their ids."""
    with backend.database() as session:
        found = list(session.scalars(select(model).where(*where).order_by(model.id)))
        session.expunge_all()
        return found


def kept_aside(backend: Backend) -> list[tuple[str, str | None, bytes]]:
    """What the quarantine holds: reason, name, content; sorted."""
    with backend.app.app_context():
        found = db.session.scalars(select(models.Quarantine))
        return sorted(
            (row.reason, row.name, b"".join(read_file(data_key(row.data_key_id), row.blob_key, row.file_key_sealed)))
            for row in found
        )


def actions(backend: Backend, prefix: str = "") -> list[str]:
    """The actions in the audit, in order."""
    return [row.action for row in rows(backend, models.Audit) if row.action.startswith(prefix)]
