"""How does PostgreSQL keep what it has prepared? A transaction that has only read ends by a commit.

psycopg has a statement prepared when it comes back for the fifth time, and forgets all of them at a ROLLBACK, since
tables may have been made in what is rolled back. A session that has read ends by one, so that nothing would ever stay
prepared, and parsing and planning cost PostgreSQL more than running. Whatever may have written is rolled back as ever.

Source: psycopg 3, prepared statements.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Dialect

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
    return Connection.connect(*arguments, **options, cursor_factory=Cursor)
