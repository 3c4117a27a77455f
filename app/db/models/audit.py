"""What was done, by whom, to what? Never a field value."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.db.types import Json, UtcDateTime

_UNSEALED, _SEALED = text("position IS NULL"), text("position IS NOT NULL")


class Audit(Base):
    """One line of the append-only log; triggers refuse to change or delete one.

    `position` (1, 2, 3 … without a gap), `previous_hash` and `hash` are the line's seal. It is given once, some seconds
    after the line was written. The numbers refer to rows without a constraint: a line stays as it was written when the
    row is gone.
    """

    __tablename__ = "audits"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int | None] = mapped_column(Integer)
    office_id: Mapped[int | None] = mapped_column(Integer)
    action: Mapped[str] = mapped_column(String(64), index=True)
    project_id: Mapped[int | None] = mapped_column(Integer)
    form_id: Mapped[int | None] = mapped_column(Integer)
    submission_id: Mapped[int | None] = mapped_column(Integer, index=True)
    entity_id: Mapped[int | None] = mapped_column(Integer, index=True)
    details: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    logged_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    previous_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    position: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        # Small: only what waits to be sealed is in it.
        Index("ix_audits_unsealed", "id", sqlite_where=_UNSEALED, postgresql_where=_UNSEALED),
        # A new line is not in it, so that writing one costs nothing more.
        Index("uq_audits_position", "position", unique=True, sqlite_where=_SEALED, postgresql_where=_SEALED),
    )
