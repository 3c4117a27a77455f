"""How often has this subject tried, and until when must it wait?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, select, tuple_

from app.db import db, models
from app.db.insert import insert_if_new

Limit = models.Limit
# A kind of try, and whose it is, as a keyed hash.
Key = tuple[str, bytes]


def locked_until(keys: Iterable[Key]) -> datetime | None:
    """The latest moment until which one of them must wait, past or to come."""
    statement = select(Limit.locked_until).where(tuple_(Limit.kind, Limit.subject).in_(list(keys)))
    return max((moment for moment in db.session.scalars(statement) if moment is not None), default=None)


def one_for_update(key: Key, moment: datetime) -> models.Limit:
    """The row of a subject, made if it is new, locked until the transaction ends."""
    kind, subject = key
    statement = select(Limit).where(Limit.kind == kind, Limit.subject == subject).with_for_update()
    while True:
        insert_if_new(Limit, kind=kind, subject=subject, tries=0, locks=0, last_at=moment)
        row = db.session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
        # Somebody may have forgotten it between the two statements: then it is made again.
        if row is not None:
            return row


def is_known(key: Key) -> bool:
    """Has this subject tried in vain before?"""
    return bool(db.session.scalar(select(Limit.id).where(Limit.kind == key[0], Limit.subject == key[1])))


def forget(key: Key) -> None:
    """Begin anew for a subject, in the running transaction."""
    db.session.execute(delete(Limit).where(Limit.kind == key[0], Limit.subject == key[1]))


def anything_before(moment: datetime) -> bool:
    """Is there a row whose last try is older?"""
    return bool(db.session.scalar(select(func.count()).select_from(Limit).where(Limit.last_at < moment)))


def forget_before(moment: datetime) -> None:
    """Delete the rows whose last try is older, in the running transaction."""
    db.session.execute(delete(Limit).where(Limit.last_at < moment))
