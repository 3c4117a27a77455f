"""Which forms does a project have, in which versions, with which files?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.db.types import Json, UtcDateTime


class Project(Base):
    """A programme: its forms, its phones, its people."""

    __tablename__ = "projects"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column(String(32), unique=True)  # set for the programmes that ship
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    archived: Mapped[bool] = mapped_column(Boolean, default=False)
    # The sensitivity of a question that declares none.
    default_sensitivity: Mapped[str] = mapped_column(String(32), default="identifying")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Form(Base):
    """One form of a project, by its form ID; the content is in its versions."""

    __tablename__ = "forms"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    xml_form_id: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16), default="open")  # open, closing, closed
    # The draft's test token is derived from this, so that it can be shown again without being stored.
    draft_nonce: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_forms_live_xml_form_id",
            "project_id",
            "xml_form_id",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )


class FormLink(Base):
    """What names a form in a browser's address, for many times and for once; a right is still needed to open it."""

    __tablename__ = "form_links"

    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"), primary_key=True)
    enketo_id: Mapped[str] = mapped_column(String(64), unique=True)
    enketo_once_id: Mapped[str] = mapped_column(String(64), unique=True)


class FormVersion(Base):
    """A version of a form: a draft until it is published, never changed after.

    `xml` is served byte for byte: phones compare `md5` with what they downloaded.
    """

    __tablename__ = "form_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"), index=True)
    version: Mapped[str] = mapped_column(String(255), default="")
    name: Mapped[str | None] = mapped_column(Text)
    xml: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    md5: Mapped[str] = mapped_column(String(32))
    sha256: Mapped[str] = mapped_column(String(64))
    xlsform: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    xlsform_type: Mapped[str | None] = mapped_column(String(8))  # .xlsx, .xls, .csv, .md
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    is_current: Mapped[bool] = mapped_column(Boolean, default=False)
    publish_notes: Mapped[str | None] = mapped_column(Text)
    key_id: Mapped[int | None] = mapped_column(ForeignKey("encryption_keys.id"))  # what phones encrypt with
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_form_versions_published",
            "form_id",
            "version",
            unique=True,
            sqlite_where=text("published_at IS NOT NULL"),
            postgresql_where=text("published_at IS NOT NULL"),
        ),
        Index(
            "uq_form_versions_draft",
            "form_id",
            unique=True,
            sqlite_where=text("published_at IS NULL"),
            postgresql_where=text("published_at IS NULL"),
        ),
        Index(
            "uq_form_versions_current",
            "form_id",
            unique=True,
            sqlite_where=text("is_current"),
            postgresql_where=text("is_current"),
        ),
    )


class FormAttachment(Base):
    """A file that a form version needs on the phone; its bytes, or the entity list that stands for it."""

    __tablename__ = "form_attachments"

    id: Mapped[int] = mapped_column(primary_key=True)
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_versions.id"))
    name: Mapped[str] = mapped_column(String(255))
    type: Mapped[str] = mapped_column(String(16))  # image, audio, video, file
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    content_type: Mapped[str | None] = mapped_column(String(255))
    md5: Mapped[str | None] = mapped_column(String(32))
    size_bytes: Mapped[int | None] = mapped_column(Integer)
    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("datasets.id"))
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("form_version_id", "name"),)
