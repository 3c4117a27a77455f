"""Whose rows may a transaction see, where the database itself can hold it to that?

PostgreSQL keeps rows of other offices back by policies (migration 0013), beneath the query helper that leaves them
out: a query that forgot the helper finds nothing, instead of somebody else's case. What a connection may see is its
setting `sportel.offices`: `*` for all, an office's number for one, anything else for none. Without it, as in a
connection that is not ours, there is nothing to be seen.

Each connection begins with all: what phones send must be compared with everything, and commands of the operator and
writing transactions see everything. A request that reads for a person is held to the person's office, transaction
for transaction. SQLite has no such thing: there the helper is alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from app.db import db
from app.db.engine import HELD

Offices = int | bool
"""True: all, False: none, or an office's id; as `app.permissions.office_scope` answers."""

_HOLD = text("SELECT set_config('sportel.offices', :offices, true)")


def install_row_scope(engine: Engine, held: Callable[[], Offices]) -> None:
    """Hold each transaction that begins to what `held` answers at that moment."""
    if engine.dialect.name != "postgresql":
        return

    def on_begin(connection: Connection) -> None:
        connection.info[HELD] = False
        offices = held()
        if offices is not True and not connection.get_execution_options().get("sportel_writer", False):
            _hold(connection, offices)

    event.listen(engine, "connect", _see_all)
    event.listen(engine, "begin", on_begin)


def hold_running_transaction(offices: Offices) -> None:
    """Hold the session's transaction too, if one runs: it began when it was asked who asks."""
    if db.engine.dialect.name == "postgresql" and db.session().in_transaction():
        _hold(db.session.connection(), offices)


def _see_all(connection: Any, _record: Any) -> None:
    # Once for a connection's life, and not at each use: what a phone sends costs no statement more.
    connection.autocommit = True
    connection.execute("SET sportel.offices = '*'")
    connection.autocommit = False


def _hold(connection: Connection, offices: Offices) -> None:
    connection.info[HELD] = True
    shown = "*" if offices is True else "none" if offices is False else str(offices)
    connection.execute(_HOLD, {"offices": shown})
