"""What was erased for ever, and what is about to be swept away?"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.db.types import UtcDateTime


class Erasure(Base):
    """One instance ID that may never come back. Only its keyed hash is kept, under a key of the server's own.

    `actor_id` refers without a constraint: the line stays when the row is gone, and may come from a ledger file.
    """

    __tablename__ = "erasures"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    erased_at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(255))


class SweepMark(Base):
    """Something that nothing names, seen by one sweep; the next one takes it away if that is still so.

    `kind` is `blob`, `unfinished` or `data-key`; `name` is its name in the storage, or its id.
    """

    __tablename__ = "sweep_marks"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(255))
    marked_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("kind", "name"),)
