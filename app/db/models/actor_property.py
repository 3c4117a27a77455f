"""What does a project note of its phones and links?"""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class ActorProperty(Base):
    """A name under which a project notes something of each phone. `folded_name`: without regard to capital letters."""

    __tablename__ = "actor_properties"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(String(255))
    folded_name: Mapped[str] = mapped_column(String(255))

    __table_args__ = (UniqueConstraint("project_id", "folded_name"),)


class ActorPropertyValue(Base):
    """What is noted of one actor under one name."""

    __tablename__ = "actor_property_values"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    property_id: Mapped[int] = mapped_column(ForeignKey("actor_properties.id"))
    value: Mapped[str] = mapped_column(String(255))

    __table_args__ = (UniqueConstraint("actor_id", "property_id"),)
