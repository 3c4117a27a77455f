"""How does PostgreSQL keep what it has prepared, and how is it known that a connection lives?

A transaction that has only read ends by a commit.

psycopg has a statement prepared when it comes back for the fifth time, and forgets all of them at a ROLLBACK, since
tables may have been made in what is rolled back. A session that has read ends by one, so that nothing would ever stay
prepared, and parsing and planning cost PostgreSQL more than running. Whatever may have written is rolled back as ever.

Source: psycopg 3, prepared statements.
"""

from __future__ import annotations

import re
import select
import time
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Dialect
from sqlalchemy.exc import DisconnectionError

# So long after its last use a connection is taken to live, if nothing has come from the server meanwhile.
TRUSTED_SECONDS = 10.0

# `SELECT … INTO` makes a table, and behind a semicolon stands anything.
_MAKES_SOMETHING = re.compile(r";|\binto\b", re.IGNORECASE)


class Cursor(psycopg.Cursor[Any]):
    """Tells its connection of each statement that is not plainly a SELECT."""

    def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
        if not (isinstance(query, str) and _only_reads(query)):
            self._writes()
        return super().execute(query, *arguments, **options)

    def executemany(self, *arguments: Any, **options: Any) -> None:
        self._writes()
        super().executemany(*arguments, **options)

    def copy(self, *arguments: Any, **options: Any) -> Any:
        self._writes()
        return super().copy(*arguments, **options)

    def _writes(self) -> None:
        on = self.connection
        assert isinstance(on, Connection)
        # What is done by itself, such as the pool's question whether the connection lives, is nobody's transaction.
        on.has_only_read = on.has_only_read and on.autocommit


class Connection(psycopg.Connection[Any]):
    """One that may have written is rolled back; one that has only read is committed: for the data it is the same."""

    has_only_read = True
    used_at = 0.0

    def commit(self) -> None:
        super().commit()
        self.has_only_read = True

    def rollback(self) -> None:
        if self.has_only_read and self.info.transaction_status == TransactionStatus.INTRANS:
            super().commit()
        else:
            super().rollback()
        self.has_only_read = True


@lru_cache(maxsize=1000)
def _only_reads(query: str) -> bool:
    """Plainly one SELECT, which calls nothing but what reads: what begins otherwise counts as writing."""
    return query.lstrip()[:7].upper().rstrip() == "SELECT" and not _MAKES_SOMETHING.search(query)


def connect(_dialect: Dialect, _record: Any, arguments: list[Any], options: dict[str, Any]) -> Connection:
    """For SQLAlchemy's event `do_connect`."""
    made = Connection.connect(*arguments, **options, cursor_factory=Cursor)
    made.used_at = time.monotonic()
    return made


def check_lives(driver: Any, _record: Any, _proxy: Any) -> None:
    """For the pool's event `checkout`. Raises DisconnectionError: then the pool makes another connection.

    A server that ends a connection says so on it, or closes it: either way there is something to be read. So a look
    at the socket stands for a question that would cost both sides a way there and back for each request. What a
    firewall forgot says nothing; that is why a connection that has rested is asked.
    """
    last, driver.used_at = driver.used_at, time.monotonic()
    try:
        if driver.used_at - last < TRUSTED_SECONDS and not _has_something_to_say(driver):
            return
        driver.autocommit = True
        driver.execute("")
        driver.autocommit = False
    except psycopg.Error:
        raise DisconnectionError("the database's server has ended this connection") from None


def _has_something_to_say(driver: Connection) -> bool:
    asked = select.poll()
    asked.register(driver.fileno(), select.POLLIN)
    return bool(asked.poll(0))
