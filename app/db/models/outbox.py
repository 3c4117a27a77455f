"""What has a submission started that is still to be done, and which process does it?"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.db.types import UtcDateTime


class Outbox(Base):
    """One piece of work for one submission version. Done ones are deleted, so that the rows are what is left to do.

    `state`: `waiting`, or `parked` after too many tries. `due_at`: when to try again; None until the first try.
    `started_at`: work that has failed before is noted before it is begun again, so that it is known if a process dies
    in it. `last_error` names the kind of the fault and the place in the code, never a value.
    """

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_version_id: Mapped[int] = mapped_column(ForeignKey("submission_versions.id"))
    work: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    tries: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("submission_version_id", "work"),
        # The oldest waiting one, asked for again and again.
        Index("ix_outbox_state_id", "state", "id"),
    )


class Lease(Base):
    """What only one process at a time does, and until when it is `holder`'s."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder: Mapped[str] = mapped_column(String(255))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
