"""What has an administrator set for the whole site?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.db.types import Json, UtcDateTime


class Config(Base):
    """One setting under Central's name: its words, or a picture that was drawn again from what was sent."""

    __tablename__ = "configs"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(Json)
    picture: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
