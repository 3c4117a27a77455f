"""How is a statement asked that is asked for every submission? Made into SQL once, then given to the driver.

What SQLAlchemy does for a statement each time (find it in its cache, prepare its parameters, describe its result) costs
several times what SQLite needs to run it: see benchmarks/README.md. The SQL, the types, the transaction, the pool and
the errors stay SQLAlchemy's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Insert

from app.db import db
from app.db.engine import WRITER, begin_again_as_writer, driver_failed

_Convert = Callable[[Any], Any]
_HELD = "connection"
_WRITES = "writing connection"


def connection() -> Connection:
    """The session's connection in its running transaction, or in one that begins now."""
    session = db.session()
    held: Connection | None = session.info.get(_HELD)
    # At the end of a transaction the session closes its connection; the next one has its own.
    if held is None or held.closed:
        held = session.info[_HELD] = session.connection()
    return held


def begin_writing() -> None:
    """Begin the session's transaction as the writer."""
    session = db.session()
    session.info[_HELD] = session.info[_WRITES] = session.connection(execution_options=WRITER)


def become_writer() -> bool:
    """Make the running transaction, if it has only read, the writer's, without giving its connection back.

    False if there is none, or one that may have written.
    """
    session = db.session()
    held: Connection | None = session.info.get(_HELD)
    if held is None or held.closed or held is session.info.get(_WRITES):
        return False
    if session.new or session.dirty or session.deleted:
        return False
    session.info[_WRITES] = held
    begin_again_as_writer(held)
    return True


@dataclass(frozen=True)
class _Made:
    """The statement in one dialect: its text, its parameters' names in order, and what converts values."""

    sql: str
    names: tuple[str, ...]
    constants: dict[str, Any]
    bind: Mapping[str, _Convert]
    results: tuple[tuple[int, _Convert], ...]
    is_positional: bool


class Prepared:
    """A statement with named parameters; an INSERT names its columns in `columns` and gives back the new row's id."""

    def __init__(self, statement: Any, columns: tuple[str, ...] = ()) -> None:
        self._statement = statement
        self._columns = columns
        self._made: dict[str, _Made] = {}

    def rows(self, given: Mapping[str, Any], on: Connection | None = None) -> list[tuple[Any, ...]]:
        """What it finds, as tuples of Python's types. Raises DBAPIError, as SQLAlchemy does.

        `on`: what `connection()` gave, where it was asked already.
        """
        on = on or connection()
        made = self._made.get(on.dialect.name)
        if made is None:
            made = self._made[on.dialect.name] = _make(self._statement, self._columns, on.dialect)
        values = {**made.constants, **given}
        for name, convert in made.bind.items():
            values[name] = convert(values[name])
        parameters: Any = tuple([values[name] for name in made.names]) if made.is_positional else values
        driver: Any = on.connection.dbapi_connection
        try:
            found: list[tuple[Any, ...]] = driver.execute(made.sql, parameters).fetchall()
        except Exception as error:
            raise driver_failed(error, on, made.sql) from error
        return [_converted(row, made.results) for row in found] if made.results else found

    def first(self, given: Mapping[str, Any], on: Connection | None = None) -> tuple[Any, ...] | None:
        """The first row, if there is one."""
        rows = self.rows(given, on)
        return rows[0] if rows else None


def _converted(row: tuple[Any, ...], convert: tuple[tuple[int, _Convert], ...]) -> tuple[Any, ...]:
    values = list(row)
    for place, each in convert:
        values[place] = each(values[place])
    return tuple(values)


def _make(statement: Any, columns: tuple[str, ...], dialect: Dialect) -> _Made:
    is_insert = isinstance(statement, Insert)
    compiled: SQLCompiler = statement.compile(dialect=dialect, column_keys=columns if is_insert else None)
    bind, results = {}, []
    for name, parameter in compiled.binds.items():
        convert = parameter.type.dialect_impl(dialect).bind_processor(dialect)
        if convert is not None:
            bind[name] = convert
    constants = dict(compiled.params)
    for column in compiled.insert_prefetch if is_insert else ():
        constants[column.key] = _default(column)
    for place, column in enumerate(getattr(statement, "selected_columns", ())):
        convert = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if convert is not None:
            results.append((place, convert))
    return _Made(
        str(compiled),
        tuple(compiled.positiontup or ()),
        constants,
        bind,
        tuple(results),
        compiled.positional,
    )


def _default(column: Any) -> Any:
    """A column's default that is the same for every row."""
    if not column.default.is_scalar:
        raise ValueError(f"{column} has no default that is a plain value; name it in the INSERT")
    return column.default.arg
