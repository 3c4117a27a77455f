"""Which record went from which office to which, when, and why?"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.db.types import UtcDateTime


class HandOver(Base):
    """One step of a submission or a case (one of the two is set) from an office to another.

    `reason_sealed` opens with the record's own data key: what erases the record erases the reason.
    `submission_version_id`: the submission that moved a case by naming its custodian, if none did it by hand.
    """

    __tablename__ = "hand_overs"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submissions.id"), index=True)
    entity_id: Mapped[int | None] = mapped_column(ForeignKey("entities.id"), index=True)
    from_office_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"))
    to_office_id: Mapped[int] = mapped_column(ForeignKey("offices.id"))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    submission_version_id: Mapped[int | None] = mapped_column(ForeignKey("submission_versions.id"))
    reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
