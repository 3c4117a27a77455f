"""Is the database at the revision that this code expects? Told without loading the migration machinery."""

from __future__ import annotations

from functools import cache

from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.config import ROOT
from app.db import db

MIGRATIONS = ROOT / "migrations"


@cache
def expected_revision() -> str:
    """The newest migration: files are named `0001_what.py`, and the number is the revision."""
    return max(path.name.split("_", 1)[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def present_revision() -> str | None:
    """The database's revision; None if it was never set up. Raises if the database cannot be reached."""
    try:
        revision: str | None = db.session.scalar(text("SELECT version_num FROM alembic_version"))
        return revision
    except (OperationalError, ProgrammingError) as error:
        db.session.rollback()
        if "alembic_version" in str(error.orig):
            return None
        raise
