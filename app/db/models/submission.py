"""What was sent, exactly as it was sent, and what it means?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.db.types import Json, UtcDateTime


class Submission(Base):
    """One filled form, through all its edits. Belongs to the office of whoever sent it."""

    __tablename__ = "submissions"

    id: Mapped[int] = mapped_column(primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"))
    is_draft: Mapped[bool] = mapped_column(Boolean, default=False)
    instance_id: Mapped[str] = mapped_column(String(255))  # of the first version; it names the submission
    office_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"), index=True)
    submitter_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    device_id: Mapped[str | None] = mapped_column(String(255))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    review_state: Mapped[str | None] = mapped_column(String(16))  # hasIssues, edited, approved, rejected
    data_key_id: Mapped[int] = mapped_column(ForeignKey("data_keys.id"))
    edits: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("form_id", "is_draft", "instance_id"),
        # Lists and exports walk a form's submissions by id.
        Index("ix_submissions_form_walk", "form_id", "is_draft", "id"),
    )


class SubmissionVersion(Base):
    """The XML of one sending or edit (the truth, sealed) and the cleaned record drawn from it.

    `clear` holds the values of the open, operational and quasi classes; `sealed` the rest.
    `xml_hmac` tells a resend from a change without telling anything of the content.
    """

    __tablename__ = "submission_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"))
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_versions.id"), index=True)
    is_draft: Mapped[bool] = mapped_column(Boolean, default=False)
    is_current: Mapped[bool] = mapped_column(Boolean, default=True)
    instance_id: Mapped[str] = mapped_column(String(255))
    deprecated_id: Mapped[str | None] = mapped_column(String(255))
    xml_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    xml_hmac: Mapped[bytes] = mapped_column(LargeBinary(32))
    clear: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    findings: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    submitter_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    device_id: Mapped[str | None] = mapped_column(String(255))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # When the record last came out otherwise than before, though nothing was sent: feeds tell it by this.
    recleaned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        # Exactly once: the constraint that two phones, two servers or two threads cannot both pass.
        UniqueConstraint("form_id", "is_draft", "instance_id"),
        Index(
            "uq_submission_versions_current",
            "submission_id",
            unique=True,
            sqlite_where=text("is_current"),
            postgresql_where=text("is_current"),
        ),
    )


class SubmissionAttachment(Base):
    """A file that the XML names. Expected from the first sending; `blob_key` once it has arrived."""

    __tablename__ = "submission_attachments"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_version_id: Mapped[int] = mapped_column(ForeignKey("submission_versions.id"))
    name: Mapped[str] = mapped_column(String(255))
    blob_key: Mapped[str | None] = mapped_column(String(64), index=True)
    # The file's own key, sealed under the submission's data key: erasing that erases the file.
    file_key_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    content_hmac: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    content_type: Mapped[str | None] = mapped_column(String(255))
    size_bytes: Mapped[int | None] = mapped_column(Integer)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("submission_version_id", "name"),)


class Quarantine(Base):
    """What a valid sender sent and could not be taken as a submission: kept, sealed, with the reason."""

    __tablename__ = "quarantine"

    id: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(32), index=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    form_id: Mapped[int | None] = mapped_column(ForeignKey("forms.id"))
    submission_version_id: Mapped[int | None] = mapped_column(ForeignKey("submission_versions.id"))
    instance_id: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(String(255))
    content_hmac: Mapped[bytes] = mapped_column(LargeBinary(32))
    blob_key: Mapped[str] = mapped_column(String(64), index=True)
    file_key_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    data_key_id: Mapped[int] = mapped_column(ForeignKey("data_keys.id"))
    content_type: Mapped[str | None] = mapped_column(String(255))
    size_bytes: Mapped[int] = mapped_column(Integer)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    office_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"))
    details: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # A resend of the same file is kept once; the same bytes from another submission are another person's.
    __table_args__ = (
        Index(
            "uq_quarantine_content",
            "project_id",
            "reason",
            func.coalesce(form_id, 0),
            func.coalesce(instance_id, ""),
            func.coalesce(name, ""),
            "content_hmac",
            unique=True,
        ),
        # A number that was released or discarded is never another file's: somebody may still have it on the screen.
        {"sqlite_autoincrement": True},
    )
