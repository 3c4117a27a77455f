"""How much waits in the database now? For the operator's metrics: numbers, never a row."""

from __future__ import annotations

from sqlalchemy import func, select

from app.db import Base, db, models


def quarantine_sizes() -> dict[str, int]:
    """How many files are kept aside and not released, by reason."""
    rows = db.session.execute(
        select(models.Quarantine.reason, func.count())
        .where(models.Quarantine.released_at.is_(None))
        .group_by(models.Quarantine.reason)
    )
    return {row[0]: row[1] for row in rows}


def outbox_sizes() -> dict[str, int]:
    """How many jobs wait or are parked, by state; empty where there is no outbox."""
    table = Base.metadata.tables.get("outbox")
    if table is None:
        return {}
    state = table.c.get("state")
    if state is None:
        return {"waiting": db.session.scalar(select(func.count()).select_from(table)) or 0}
    return {row[0]: row[1] for row in db.session.execute(select(state, func.count()).group_by(state))}
