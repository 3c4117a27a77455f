"""Whose is a lease, by the database's clock where it has one?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Interval, delete, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from app.clock import now
from app.db import db, models

Lease = models.Lease
_TABLE: Any = Lease.__table__


def holder(name: str) -> tuple[str, bool] | None:
    """Who holds it or has held it last, and whether it still runs."""
    on_postgres = db.engine.dialect.name == "postgresql"
    row = db.session.execute(
        select(Lease.holder, Lease.expires_at > (func.clock_timestamp() if on_postgres else now())).where(
            Lease.name == name
        )
    ).first()
    return None if row is None else (row[0], bool(row[1]))


def take(name: str, holder: str, length: timedelta) -> bool:
    """Take or renew it in the running transaction; False while it is another one's."""
    # Servers' clocks may differ; SQLite is on one machine, and its clock is ours.
    if db.engine.dialect.name == "postgresql":
        moment: Any = func.clock_timestamp()
        insert: Any = postgresql.insert(_TABLE)
        expires: Any = moment + literal(length, Interval())
    else:
        moment, insert = now(), sqlite.insert(_TABLE)
        expires = moment + length
    statement = insert.values(name=name, holder=holder, expires_at=expires)
    statement = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": statement.excluded.holder, "expires_at": statement.excluded.expires_at},
        where=(_TABLE.c.holder == holder) | (_TABLE.c.expires_at <= moment),
    ).returning(_TABLE.c.name)
    return db.session.execute(statement).first() is not None


def give_back(name: str, holder: str) -> None:
    """End it in the running transaction, if it is still this holder's."""
    db.session.execute(delete(_TABLE).where(_TABLE.c.name == name, _TABLE.c.holder == holder))
