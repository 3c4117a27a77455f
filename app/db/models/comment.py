"""What did people write about a submission, beside its answers?"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.db.types import UtcDateTime


class Comment(Base):
    """A comment on a submission, or the note that came with an act on it (`action` is the act's name in the audit).

    `body_sealed` opens with the submission's own data key: what erases the submission erases what was said of it.
    """

    __tablename__ = "comments"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    action: Mapped[str | None] = mapped_column(String(64))
    # The version that the act made, if it made one.
    submission_version_id: Mapped[int | None] = mapped_column(ForeignKey("submission_versions.id"))
    body_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
