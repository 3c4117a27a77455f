"""Which mail is due, and whose is a code that was mailed?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select, update

from app.db import db, models

Mail, PasswordReset = models.Mail, models.PasswordReset
_MAILS: Any = Mail.__table__


def anything_due(moment: datetime) -> bool:
    """Is there mail to be sent now?"""
    return bool(db.session.scalar(select(exists().where(Mail.state == "waiting", Mail.due_at <= moment))))


def claim(moment: datetime) -> models.Mail | None:
    """The mail that is due longest, locked until the transaction ends; on PostgreSQL past what another one has."""
    statement = select(Mail).where(Mail.state == "waiting", Mail.due_at <= moment).order_by(Mail.due_at, Mail.id)
    return db.session.scalar(statement.limit(1).with_for_update(skip_locked=True))


def change(mail_id: int, tries: int, **values: Any) -> None:
    """Write down how a try went, unless another one is under way since."""
    db.session.execute(update(_MAILS).where(_MAILS.c.id == mail_id, _MAILS.c.tries == tries).values(**values))


def remove(mail_id: int) -> None:
    """Forget a mail, in the running transaction."""
    db.session.execute(delete(_MAILS).where(_MAILS.c.id == mail_id))


def listed() -> Sequence[models.Mail]:
    """Everything that waits or is parked, the oldest first."""
    return db.session.scalars(select(Mail).order_by(Mail.id)).all()


def unpark(ids: Sequence[int] | None, moment: datetime) -> int:
    """Let parked mail (all, or these rows) be tried anew; how many there were."""
    statement = update(_MAILS).where(_MAILS.c.state == "parked")
    if ids is not None:
        statement = statement.where(_MAILS.c.id.in_(ids))
    return len(
        db.session.execute(statement.values(state="waiting", tries=0, due_at=moment).returning(_MAILS.c.id)).all()
    )
