"""How much waits in the database now? For the operator's metrics: numbers, never a row."""

from __future__ import annotations

from sqlalchemy import func, select

from app.db import db, models


def quarantine_sizes() -> dict[str, int]:
    """How many files are kept aside and not released, by reason."""
    rows = db.session.execute(
        select(models.Quarantine.reason, func.count())
        .where(models.Quarantine.released_at.is_(None))
        .group_by(models.Quarantine.reason)
    )
    return {row[0]: row[1] for row in rows}


def outbox_sizes() -> dict[str, int]:
    """How many jobs wait or are parked, by state; none of a state is told as 0, so that an alarm can compare."""
    return _by_state(models.Outbox)


def mail_sizes() -> dict[str, int]:
    """The same of mails; what was sent is not there any more."""
    return _by_state(models.Mail)


def _by_state(table: type[models.Outbox] | type[models.Mail]) -> dict[str, int]:
    rows = db.session.execute(select(table.state, func.count()).group_by(table.state))
    return {"waiting": 0, "parked": 0} | {row[0]: row[1] for row in rows}
