"""Which files of the storage, and which data keys, does a row name?

The columns are found in the models, so that a new table that names files is protected without being listed here.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Column, CompoundSelect, Select, delete, exists, func, select, union
from sqlalchemy.sql.elements import ColumnElement

from app.db import db, models

# A statement has room for so many values: 65,535 on PostgreSQL, 32,766 as SQLite is built by itself.
_AT_ONCE = 1000


def blob_columns() -> list[Column[Any]]:
    """Every column that holds the name of a file in the storage."""
    return [table.c.blob_key for table in db.metadata.sorted_tables if "blob_key" in table.c]


def columns_that_refer_to(table_name: str) -> list[Column[Any]]:
    """Every column that refers to a row of this table by its number."""
    return [
        key.parent
        for table in db.metadata.sorted_tables
        for key in table.foreign_keys
        if key.target_fullname == f"{table_name}.id"
    ]


def data_key_columns() -> list[Column[Any]]:
    """Every column that refers to a data key."""
    return columns_that_refer_to("data_keys")


def all_named() -> CompoundSelect[Any]:
    """The statement that lists every named file, each once, in order."""
    return union(*(select(column).where(column.is_not(None)) for column in blob_columns())).order_by("blob_key")


def count_named() -> Select[Any]:
    """The statement that counts them."""
    return select(func.count()).select_from(all_named().order_by(None).subquery())


def named(keys: Collection[str]) -> set[str]:
    """Those of the files that a row names, however many they are."""
    wanted, found = list(keys), set()
    for begin in range(0, len(wanted), _AT_ONCE):
        some = wanted[begin : begin + _AT_ONCE]
        found |= set(db.session.scalars(union(*(select(column).where(column.in_(some)) for column in blob_columns()))))
    return found


def _unreferenced() -> list[ColumnElement[bool]]:
    # A server's own key is referred to by its purpose, not by a row.
    return [
        models.DataKey.purpose.not_like("server:%"),
        *(~exists().where(column == models.DataKey.id) for column in data_key_columns()),
    ]


def unreferenced_data_keys(before: datetime) -> list[int]:
    """Data keys made before a moment that no row refers to."""
    statement = select(models.DataKey.id).where(models.DataKey.created_at < before, *_unreferenced())
    return list(db.session.scalars(statement.order_by(models.DataKey.id)))


def delete_unreferenced_data_keys(ids: Collection[int]) -> int:
    """Delete those of the keys that still no row refers to; how many."""
    statement = delete(models.DataKey).where(models.DataKey.id.in_(ids), *_unreferenced())
    result: Any = db.session.execute(statement, execution_options={"synchronize_session": False})
    return int(result.rowcount)
