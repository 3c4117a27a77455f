"""Who may choose a password with this code?"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from app.db import db, models

PasswordReset = models.PasswordReset


def holder(code_hash: bytes, moment: datetime) -> int | None:
    """The person whose live code it is."""
    return db.session.scalar(
        select(PasswordReset.actor_id).where(PasswordReset.code_hash == code_hash, PasswordReset.expires_at > moment)
    )


def end_codes(actor_id: int) -> None:
    """End every code of a person, in the running transaction."""
    db.session.execute(delete(PasswordReset).where(PasswordReset.actor_id == actor_id))


def forget_before(moment: datetime) -> None:
    """Delete the codes that have expired, in the running transaction."""
    db.session.execute(delete(PasswordReset).where(PasswordReset.expires_at <= moment))
