"""How often did somebody reveal answers today, and who agreed that a form loosens a class?"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.db.types import UtcDateTime


class RevealCount(Base):
    """One person's reveals of one day (UTC, such as 2026-11-22), against the daily budget."""

    __tablename__ = "reveal_counts"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    day: Mapped[str] = mapped_column(String(10))
    count: Mapped[int] = mapped_column(Integer)

    __table_args__ = (UniqueConstraint("actor_id", "day"),)


class LooseningApproval(Base):
    """An administrator agreed that a draft of exactly this content (SHA-256 of its XForm) may loosen classes."""

    __tablename__ = "loosening_approvals"

    id: Mapped[int] = mapped_column(primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("form_id", "sha256", "actor_id"),)
