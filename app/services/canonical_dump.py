"""Do two databases hold the same? Every row as one line of text that comes out the same on SQLite and PostgreSQL.

A row is a JSON array in the order of the table's columns: bytes as base64, moments as UTC with microseconds, JSON as
its own text with sorted keys inside a string (so that JSON null and no value stay apart). Rows are sorted by their
primary key. The description of a table travels with the lines, so that an archive of an older version can be read.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, Integer, LargeBinary, Table, Text, cast, column, select, table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.expression import ColumnClause, TableClause

from app.db import db
from app.db.types import UtcDateTime

# Few, since a row may hold an XML of several megabytes.
_ROWS_AT_ONCE = 50
_MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"
# From here on Python writes a float with an exponent, which PostgreSQL writes out.
_WRITTEN_OUT = 1e16

# Made once: there are millions of rows.
_ROW = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_DOCUMENT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)

_JSON = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
_TYPES: dict[str, Any] = {
    "bytes": LargeBinary(),
    "moment": UtcDateTime(),
    "json": _JSON,
    "bool": Boolean(),
    "int": Integer(),
    "text": Text(),
}


# What a running process holds at the moment, and nobody has said.
_PASSING = frozenset({"leases", "limits"})


@dataclass(frozen=True)
class TableShape:
    """A table: its columns as (name, kind), the primary key, and the columns that refer to the table itself."""

    name: str
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    own_references: tuple[str, ...] = ()

    def clause(self) -> TableClause:
        """The table for a statement, independent of the models."""
        return table(self.name, *(column(name, _TYPES[kind]) for name, kind in self.columns))


@dataclass(frozen=True)
class TableDigest:
    """How many rows, and SHA-256 over their lines."""

    rows: int
    sha256: str


def shapes() -> list[TableShape]:
    """Every table of the models that is worth keeping, each after those that it refers to."""
    return [_shape(each) for each in db.metadata.sorted_tables if each.name not in _PASSING]


def _shape(each: Table) -> TableShape:
    own = tuple(key.parent.name for key in each.foreign_keys if key.column.table is each)
    columns = tuple((found.name, _kind(found)) for found in each.columns)
    return TableShape(each.name, columns, tuple(found.name for found in each.primary_key), own)


def _kind(found: Column[Any]) -> str:
    if isinstance(found.type, UtcDateTime):
        return "moment"
    python = {LargeBinary: "bytes", JSON: "json", Boolean: "bool", Integer: "int"}
    for base, kind in python.items():
        if isinstance(found.type, base):
            return kind
    if found.type.python_type is str:
        return "text"
    raise TypeError(f"the dump has no encoding for {found.table.name}.{found.name}; add one")


@contextmanager
def snapshot() -> Iterator[Connection]:
    """A connection that sees one moment of the database, however long it reads and whoever writes meanwhile."""
    options: dict[str, Any] = {}
    if db.engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    # SQLite in WAL mode: a transaction sees the moment of its first read.
    with db.engine.connect() as connection:
        yield connection.execution_options(**options)


def lines(connection: Connection, shape: TableShape) -> Iterator[str]:
    """The rows, one line each, without the line's end."""
    clause = shape.clause()
    # JSON is read as text: the driver would not tell JSON null from no value.
    columns = [cast(each, Text) if isinstance(each.type, JSON) else each for each in clause.columns]
    order = [_collated(connection, clause.c[name]) for name in shape.key]
    statement = select(*columns).select_from(clause).order_by(*order)
    result = connection.execute(statement, execution_options={"yield_per": _ROWS_AT_ONCE})
    kinds = [kind for _, kind in shape.columns]
    for row in result:
        yield _ROW.encode([_encode(kind, value) for kind, value in zip(kinds, row, strict=True)])


def _collated(connection: Connection, each: ColumnClause[Any]) -> Any:
    """Text sorts by its bytes, as on SQLite, whatever the server's language is."""
    if isinstance(each.type, Text) and connection.dialect.name == "postgresql":
        return each.collate("C")
    return each


def _encode(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "bytes":
        return base64.b64encode(value).decode()
    if kind == "moment":
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    if kind == "json":
        return _DOCUMENT.encode(_same_numbers(json.loads(value)))
    return value


def _same_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _same_numbers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_same_numbers(each) for each in value]
    if isinstance(value, float) and value.is_integer() and (abs(value) >= _WRITTEN_OUT or value == 0):
        return int(value) if value else 0.0
    return value


def values_of(shape: TableShape, line: str) -> dict[str, Any]:
    """What a line says, ready to be inserted. Raises ValueError if it is not a row of this table."""
    read = json.loads(line)
    if not isinstance(read, list) or len(read) != len(shape.columns):
        raise ValueError(f"a line is no row of {shape.name}")
    return {name: _decode(kind, value) for (name, kind), value in zip(shape.columns, read, strict=True)}


def _decode(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "bytes":
        return base64.b64decode(value, validate=True)
    if kind == "moment":
        return datetime.strptime(value, _MOMENT).replace(tzinfo=UTC)
    if kind == "json":
        document = json.loads(value)
        return JSON.NULL if document is None else document
    return value


class RunningDigest:
    """The digest of a table while its lines come."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._rows = 0

    def add(self, line: str) -> None:
        """One more line."""
        self._hash.update(line.encode() + b"\n")
        self._rows += 1

    def result(self) -> TableDigest:
        """What it came to."""
        return TableDigest(self._rows, self._hash.hexdigest())


def digest(connection: Connection, shape: TableShape) -> TableDigest:
    """The digest of a table as it is now."""
    running = RunningDigest()
    for line in lines(connection, shape):
        running.add(line)
    return running.result()


def digests() -> dict[str, TableDigest]:
    """The digest of every table, all at one moment."""
    with snapshot() as connection:
        return {shape.name: digest(connection, shape) for shape in shapes()}
