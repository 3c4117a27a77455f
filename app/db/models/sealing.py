"""Under which key is a record sealed?"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.db.types import UtcDateTime


class DataKey(Base):
    """A data key, wrapped by the key file's key. Destroying the row's `wrapped` erases what it sealed.

    `purpose` is `submission`, `entity`, `quarantine`, or the name of one of the server's own keys.
    """

    __tablename__ = "data_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(32), index=True)
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    wrapping_key_id: Mapped[str] = mapped_column(String(32), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        # Two servers that are set up at the same time must not each make one.
        Index(
            "uq_data_keys_server",
            "purpose",
            unique=True,
            sqlite_where=text("purpose LIKE 'server:%'"),
            postgresql_where=text("purpose LIKE 'server:%'"),
        ),
    )
