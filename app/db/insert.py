"""How is a row added in one statement, without an object of it, on both databases?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite

from app.db import Base
from app.db.prepared import Prepared, connection


@cache
def _insert(table: Table) -> Insert:
    return table.insert()


@cache
def _insert_one(table: Table, columns: tuple[str, ...]) -> Prepared:
    return Prepared(table.insert().returning(table.c.id), columns)


def insert_of(dialect: str) -> Any:
    """The INSERT of a database, which knows ON CONFLICT."""
    return postgresql.insert if dialect == "postgresql" else sqlite.insert


@cache
def _insert_if_new(table: Table, columns: tuple[str, ...], dialect: str) -> Prepared:
    return Prepared(insert_of(dialect)(table).on_conflict_do_nothing().returning(table.c.id), columns)


def insert_row(model: type[Base], on: Connection | None = None, /, **values: Any) -> int:
    """Add a row in the running transaction; its id."""
    table: Any = model.__table__
    ((added,),) = _insert_one(table, tuple(values)).rows(values, on)
    return int(added)


def insert_rows(model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Add rows with the same columns in the running transaction."""
    if rows:
        table: Any = model.__table__
        connection().execute(_insert(table), rows)


def insert_if_new(model: type[Base], on: Connection | None = None, /, **values: Any) -> int | None:
    """The new row's id; None if a row is there that a unique constraint holds against it.

    On PostgreSQL this waits until a rival's transaction has ended, so the next statement sees the rival's row.
    """
    table: Any = model.__table__
    on = on or connection()
    added = _insert_if_new(table, tuple(values), on.dialect.name).first(values, on)
    return None if added is None else int(added[0])
