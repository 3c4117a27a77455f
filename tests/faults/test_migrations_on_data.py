"""Every migration up, down and up again with rows in every table: the same tables, the same rows (row 63).

The rows are made for the tables as they are at that revision, by their columns, so that a migration that is added
is drilled without being listed here.
"""

from __future__ import annotations

import hashlib
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.db import db
from app.db.head import MIGRATIONS
from app.db.migrate import downgrade, upgrade
from tests.faults.figures import Figures
from tests.support.backend import Backend

REVISIONS = sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
ROWS = 3
BEGINNING = datetime(2026, 3, 29, 1, 30, 0, 123456, UTC)

Rows = dict[str, list[dict[str, Any]]]


def reflected() -> sa.MetaData:
    """The tables as the database has them, Alembic's own left out."""
    metadata = sa.MetaData()
    with warnings.catch_warnings():
        # SQLite tells nothing of an index over an expression; tests/app/db compares those by their text.
        warnings.filterwarnings("ignore", ".* expression-based index")
        metadata.reflect(db.engine)
    metadata.remove(metadata.tables["alembic_version"])
    return metadata


def schema() -> dict[str, Any]:
    """Columns, keys, constraints and indexes of every table, in words that can be compared."""
    inspector = sa.inspect(db.engine)
    # All tables in one question of each kind: PostgreSQL answers thousands for single tables in minutes.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* expression-based index")
        found = {
            "columns": inspector.get_multi_columns(),
            "primary key": inspector.get_multi_pk_constraint(),
            "foreign keys": inspector.get_multi_foreign_keys(),
            "unique": inspector.get_multi_unique_constraints(),
            "checks": inspector.get_multi_check_constraints(),
            "indexes": inspector.get_multi_indexes(),
        }
    tables = {name for _, name in found["columns"]} - {"alembic_version"}
    return {name: {part: _told(part, of_all[None, name]) for part, of_all in found.items()} for name in tables}


def _told(part: str, described: Any) -> Any:
    if part == "columns":
        return [(each["name"], str(each["type"]), each["nullable"], each["default"]) for each in described]
    return described if part == "primary key" else _sorted(described)


def _sorted(found: Any) -> list[str]:
    return sorted(_words(each) for each in found)


def _words(described: Any) -> str:
    """With SQL expressions by their text."""
    if isinstance(described, dict):
        return str(sorted((key, _words(value)) for key, value in described.items()))
    return str(described)


def fill() -> None:
    """Rows in every table that is empty, each referring to the row of the same number."""
    metadata = reflected()
    with db.engine.begin() as connection:
        for table in metadata.sorted_tables:
            if connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0:
                numbers = range(1, ROWS + 1)
                connection.execute(
                    table.insert(),
                    [{column.name: _value(column, number) for column in table.columns} for number in numbers],
                )


def _value(column: sa.Column[Any], number: int) -> Any:
    if column.foreign_keys:
        (key,) = column.foreign_keys
        later = key.column.table not in _before(column.table)
        return None if later and column.nullable else _value(key.column, number)
    return _plain(column.type, column.name, number)


def _before(table: sa.Table) -> list[sa.Table]:
    """The tables that have their rows when this one gets its own."""
    ordered = table.metadata.sorted_tables
    return ordered[: ordered.index(table)]


def _plain(kind: sa.types.TypeEngine[Any], name: str, number: int) -> Any:
    """A value that a column of this type holds; the same each time."""
    if isinstance(kind, sa.Boolean):
        return number % 2 == 0
    if isinstance(kind, sa.Integer | sa.Numeric):
        return number
    if isinstance(kind, sa.DateTime):
        moment = BEGINNING + timedelta(days=number)
        return moment if getattr(kind, "timezone", False) else moment.replace(tzinfo=None)
    if isinstance(kind, sa.LargeBinary):
        return hashlib.sha256(f"{name}{number}".encode()).digest()
    if isinstance(kind, sa.JSON):
        return {"é": [number, None, "\u2028"]}
    assert isinstance(kind, sa.String), f"{name} is of a type that this drill does not know: {kind}"
    return f"{number}ë {name}"[: kind.length or 100]


def rows(columns: dict[str, list[str]]) -> dict[str, str]:
    """A hash of all rows of these columns, for each table."""
    found = {}
    with db.engine.connect() as connection:
        for name, names in columns.items():
            chosen = sa.select(*(sa.column(each) for each in names)).select_from(sa.table(name))
            content = sorted(repr([_text(value) for value in row]) for row in connection.execute(chosen))
            assert len(content) == ROWS, name
            found[name] = hashlib.sha256(repr(content).encode()).hexdigest()
    return found


def _text(value: Any) -> Any:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def columns(described: dict[str, Any]) -> dict[str, list[str]]:
    """The columns of each table of a schema."""
    return {table: [column[0] for column in parts["columns"]] for table, parts in described.items()}


def kept_columns(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, list[str]]:
    """The columns that were there before and still are."""
    return {
        table: [name for name in names if name in after[table]] for table, names in before.items() if table in after
    }


def test_every_migration_goes_up_down_and_up_with_rows_in_every_table(backend: Backend, figure: Figures) -> None:
    with backend.app.app_context():
        newest = schema()
        downgrade("base")
        before, schema_before, columns_before = "base", {}, {}
        for revision in REVISIONS:
            # What the program of the revision before would read is there, unchanged.
            common = columns_before
            kept = rows(common)
            upgrade(revision)
            schema_here = schema()
            columns_here = columns(schema_here)
            common = kept_columns(columns_before, columns_here)
            assert common == columns_before, f"{revision} takes away what the program before it reads"
            assert rows(common) == kept, revision
            fill()
            downgrade(before)
            assert schema() == schema_before, revision
            assert rows(common) == kept, revision
            upgrade(revision)
            assert schema() == schema_here, revision
            assert rows(common) == kept, revision
            fill()
            before, schema_before, columns_before = revision, schema_here, columns_here
        assert schema() == newest
        assert set(rows(columns_before)) == set(newest)
    figure("migrations drilled up, down and up on data", len(REVISIONS))


def test_a_row_that_is_changed_is_seen(backend: Backend) -> None:
    with backend.app.app_context():
        downgrade("base")
        upgrade(REVISIONS[0])
        fill()
        before = rows({"offices": ["code"]})
        with db.engine.begin() as connection:
            connection.execute(sa.text("UPDATE offices SET code = 'other' WHERE id = 2"))
        assert rows({"offices": ["code"]}) != before
