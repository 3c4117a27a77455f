"""Which security keys has a person, and what were they asked to sign?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, and_, delete, or_, select, update

from app.db import db, models

Key, Challenge = models.SecurityKey, models.WebauthnChallenge


def keys_of(actor_id: int) -> Sequence[models.SecurityKey]:
    """The person's, in the order in which they were added."""
    return db.session.scalars(select(Key).where(Key.actor_id == actor_id).order_by(Key.id)).all()


def key_of(actor_id: int, credential_id: bytes) -> models.SecurityKey | None:
    """The person's key with this ID; another person's is none."""
    return db.session.scalar(select(Key).where(Key.actor_id == actor_id, Key.credential_id == credential_id))


def is_known(credential_id: bytes) -> bool:
    """Is it anybody's already?"""
    return db.session.scalar(select(Key.id).where(Key.credential_id == credential_id)) is not None


def note_use(key_id: int, sign_count: int, moment: datetime) -> bool:
    """Keep what the key counted; False if it has not counted on. Of two answers with the same count one gets True."""
    counted_on = Key.sign_count < sign_count if sign_count else Key.sign_count == 0
    return _changed(update(Key).where(Key.id == key_id, counted_on), sign_count=sign_count, last_used_at=moment)


def _changed(statement: Any, **values: Any) -> bool:
    done = db.session.execute(statement.values(**values) if values else statement)
    return cast("CursorResult[Any]", done).rowcount == 1


def forget_challenges(actor_id: int, purpose: str, moment: datetime) -> None:
    """The person's own for this purpose, and everybody's that has expired."""
    own = and_(Challenge.actor_id == actor_id, Challenge.purpose == purpose)
    db.session.execute(delete(Challenge).where(or_(own, Challenge.expires_at <= moment)))


def use_challenge(actor_id: int, purpose: str, challenge_hash: bytes, moment: datetime) -> bool:
    """Use up a challenge; False if there is no such one for this person and purpose. Of two at once one gets True."""
    return _changed(
        delete(Challenge).where(
            Challenge.actor_id == actor_id,
            Challenge.purpose == purpose,
            Challenge.challenge_hash == challenge_hash,
            Challenge.expires_at > moment,
        )
    )
