"""With which keys do phones encrypt what they send?"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.db.types import UtcDateTime


class EncryptionKey(Base):
    """A public key that forms of a project carry.

    With `private_sealed` it is the project's own, of which there is one at most, for good: that opens with a data key
    of ours, and what is in it with the passphrase that nobody keeps. Without, its author has the private half.
    """

    __tablename__ = "encryption_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    public: Mapped[str] = mapped_column(Text)
    hint: Mapped[str | None] = mapped_column(String(255))
    private_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    data_key_id: Mapped[int | None] = mapped_column(ForeignKey("data_keys.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("project_id", "public"),
        Index(
            "uq_encryption_keys_managed",
            "project_id",
            unique=True,
            sqlite_where=text("private_sealed IS NOT NULL"),
            postgresql_where=text("private_sealed IS NOT NULL"),
        ),
    )
