"""How is a row added in one statement, without an object of it, on both databases?

The statements are made once: building them anew is what costs most of a small insert.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import postgresql, sqlite

from app.db import Base, db


@cache
def _insert(table: Table) -> Insert:
    return table.insert()


@cache
def _insert_if_new(table: Table, dialect: str) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing().returning(table.c.id)


def insert_row(model: type[Base], **values: Any) -> int:
    """Add a row in the running transaction; its id."""
    table: Any = model.__table__
    result = db.session.connection().execute(_insert(table), values)
    added: int = result.inserted_primary_key[0]  # type: ignore[index]  # every table of ours has the key `id`
    return added


def insert_rows(model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Add rows with the same columns in the running transaction."""
    if rows:
        table: Any = model.__table__
        db.session.connection().execute(_insert(table), rows)


def insert_if_new(model: type[Base], **values: Any) -> int | None:
    """The new row's id; None if a row is there that a unique constraint holds against it.

    On PostgreSQL this waits until a rival's transaction has ended, so the next statement sees the rival's row.
    """
    table: Any = model.__table__
    connection = db.session.connection()
    added: int | None = connection.execute(_insert_if_new(table, connection.dialect.name), values).scalar()
    return added
