"""How does each database behave like the other: durable commits, foreign keys, explicit transactions?"""

from __future__ import annotations

import sqlite3
from typing import Any

import orjson
from blinker import Signal
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from app.db.postgres_connection import check_lives, connect
from app.json_text import json_text

BUSY_SECONDS = 20

failed = Signal("An error of the driver that SQLAlchemy's own event does not tell of.")

# In a connection's `info`: its running transaction sees one office's rows only; see app/db/row_scope.py.
HELD = "sportel_held"
# A connection option: begin as the writer at once instead of failing half-way when another one writes.
WRITER = {"sportel_writer": True}


def configure_engine(engine: Engine) -> None:
    """Attach what SQLite needs; PostgreSQL's defaults (read committed, synchronous_commit=on) are what we want."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    else:
        event.listen(engine, "do_connect", connect)
        event.listen(engine, "checkout", check_lives)


def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver would begin transactions at moments of its own; _on_begin does it.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    # FULL: a commit that was answered survives a power cut.
    cursor.execute("PRAGMA synchronous = FULL")
    # What a sort or an index needs on the way is never written to a disk in clear.
    cursor.execute("PRAGMA temp_store = MEMORY")
    cursor.execute("PRAGMA foreign_keys = ON")
    # Deleted rows are overwritten, not left in free pages.
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    writer = connection.get_execution_options().get("sportel_writer", False)
    _tell_driver(connection, "BEGIN IMMEDIATE" if writer else "BEGIN")


def begin_again_as_writer(connection: Connection) -> None:
    """Let go what was read and begin anew at the driver: for SQLAlchemy it stays one transaction."""
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite and _may_write_on(connection):
        return
    _tell_driver(connection, "ROLLBACK")
    # PostgreSQL's driver begins by itself.
    if is_sqlite:
        _tell_driver(connection, "BEGIN IMMEDIATE")
    connection.info[HELD] = False


def _may_write_on(connection: Connection) -> bool:
    """PostgreSQL's next statement sees the newest state in any case; one that is held to an office must end first."""
    driver: Any = connection.connection.dbapi_connection
    return not connection.info.get(HELD, False) and driver.info.transaction_status == TransactionStatus.INTRANS


def _tell_driver(connection: Connection, sql: str) -> None:
    driver: Any = connection.connection.dbapi_connection
    try:
        driver.rollback() if sql == "ROLLBACK" else driver.execute(sql)
    except Exception as error:
        raise driver_failed(error, connection, sql) from error


def driver_failed(error: Exception, on: Connection, sql: str) -> Exception:
    """The error of a statement given straight to the driver, as SQLAlchemy raises it; never with the parameters."""
    dialect, base = on.dialect, on.dialect.loaded_dbapi.Error
    if not isinstance(error, base):
        return error
    is_gone = dialect.is_disconnect(error, on.connection, None)
    failed.send(error)
    told = DBAPIError.instance(
        sql, None, error, base, hide_parameters=True, connection_invalidated=is_gone, dialect=dialect
    )
    if is_gone:
        on.invalidate(error)
    return told if isinstance(told, Exception) else error


def is_full(error: DBAPIError) -> bool:
    """Has the database no room left? Then nothing of the transaction was kept, and the connection is well.

    Sources: sqlite.org/rescode.html#full; PostgreSQL's error codes, 53100 disk_full.
    """
    sqlite, postgresql = getattr(error.orig, "sqlite_errorname", None), getattr(error.orig, "sqlstate", None)
    return sqlite == "SQLITE_FULL" or postgresql == "53100"


def _read_json(content: Any) -> Any:
    """What a JSON column holds. Exports read that of many rows, and SQLite gives a bare number as such."""
    return orjson.loads(content) if isinstance(content, str | bytes) else content


def engine_options(url: str) -> dict[str, Any]:
    """JSON and the pool: PostgreSQL's connections are checked before use, so that a restart heals by itself."""
    both = {"json_deserializer": _read_json, "json_serializer": json_text}
    if url.startswith("sqlite"):
        # The connection that was used last knows the pages that the next one needs.
        return both | {"connect_args": {"check_same_thread": False}, "pool_use_lifo": True}
    return both | {
        "pool_use_lifo": True,
        "pool_size": 5,
        "max_overflow": 10,
        "connect_args": {"connect_timeout": 5},
    }
