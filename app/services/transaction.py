"""When does work become durable? At the end of `with transaction():`, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.db import db
from app.db.prepared import become_writer, begin_writing


@contextmanager
def transaction() -> Iterator[None]:
    """One writing transaction: committed when the block ends well, rolled back otherwise. Not nested.

    What was read before on this request is released first, so that the block sees the newest state and SQLite
    takes its writer's lock at the beginning, not half-way.
    """
    try:
        if not become_writer():
            db.session.commit()
            begin_writing()
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
