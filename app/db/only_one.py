"""How does only one process at a time do what must not be done twice at once?"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from app.db import db

# Any number will do; it must only be the same on every server.
_LOCK = 20_261_122


@contextmanager
def only_one(lock_file: Path) -> Iterator[None]:
    """Wait until no other process is in here: on this machine by a file's lock, on PostgreSQL everywhere."""
    with lock_file.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if db.engine.dialect.name != "postgresql":
            yield
            return
        # A connection of its own: the lock is the connection's, and ends with it.
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
