"""What has a person set for themselves?"""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Preference(Base):
    """One setting of a person's client, on the whole site (no project) or in a project; its value is the client's."""

    __tablename__ = "preferences"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(String(255))
    # JSON as its text, which no database reads: each rounds and orders what it understands in its own way.
    value: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        Index("uq_preferences_actor_project_name", "actor_id", func.coalesce(project_id, 0), "name", unique=True),
    )
