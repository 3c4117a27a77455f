"""How is a row added only if nobody has added it, on both databases?"""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from app.db import Base, db


def insert_if_new(model: type[Base], **values: Any) -> int | None:
    """The new row's id; None if a row is there that a unique constraint holds against it.

    On PostgreSQL this waits until a rival's transaction has ended, so the next statement sees the rival's row.
    """
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    table: Any = model.__table__
    statement = insert(table).values(**values).on_conflict_do_nothing().returning(table.c.id)
    added: int | None = db.session.execute(statement).scalar()
    return added
