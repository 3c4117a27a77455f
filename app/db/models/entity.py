"""Which cases are followed through forms, and what does each version of one say?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.db.types import Json, UtcDateTime


class Dataset(Base):
    """An entity list of a project (`cases`, `returnees`, `consular`)."""

    __tablename__ = "datasets"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(String(255))
    approval_required: Mapped[bool] = mapped_column(Boolean, default=False)
    # A phone gets only the cases that it made itself.
    owner_only: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Drawn from a form's draft until that is published.
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # In the trash it has a name that no list can have, so that a new one may take its own.
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_name: Mapped[str | None] = mapped_column(String(255))

    __table_args__ = (UniqueConstraint("project_id", "name"),)


class DatasetProperty(Base):
    """A property of a list; its class decides whether its values lie in clear."""

    __tablename__ = "dataset_properties"

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id"))
    name: Mapped[str] = mapped_column(String(255))
    sensitivity: Mapped[str] = mapped_column(String(32), default="identifying")
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("dataset_id", "name"),)


class DatasetSource(Base):
    """A form version that creates or updates entities of a list."""

    __tablename__ = "dataset_sources"

    id: Mapped[int] = mapped_column(primary_key=True)
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_versions.id"))
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id"))
    creates: Mapped[bool] = mapped_column(Boolean, default=False)
    updates: Mapped[bool] = mapped_column(Boolean, default=False)

    __table_args__ = (UniqueConstraint("form_version_id", "dataset_id"),)


class PropertySource(Base):
    """The question of a form version whose answer becomes a property's value."""

    __tablename__ = "property_sources"

    id: Mapped[int] = mapped_column(primary_key=True)
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_versions.id"))
    property_id: Mapped[int] = mapped_column(ForeignKey("dataset_properties.id"))
    path: Mapped[str] = mapped_column(String(1024))

    __table_args__ = (UniqueConstraint("form_version_id", "property_id", "path"),)


class DatasetAccessRule(Base):
    """A phone gets the cases whose property equals what is noted of the phone; one rule of a list's is enough."""

    __tablename__ = "dataset_access_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    property_id: Mapped[int] = mapped_column(ForeignKey("dataset_properties.id"))
    actor_property_id: Mapped[int] = mapped_column(ForeignKey("actor_properties.id"))

    __table_args__ = (UniqueConstraint("property_id", "actor_property_id"),)


class Entity(Base):
    """A case. `office_id` is its custodian: only that office's phones receive it."""

    __tablename__ = "entities"

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id"))
    uuid: Mapped[str] = mapped_column(String(255))
    office_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"), index=True)
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    data_key_id: Mapped[int] = mapped_column(ForeignKey("data_keys.id"))
    conflict: Mapped[str | None] = mapped_column(String(8))  # soft, hard
    # What came up to this version is in conflict no more.
    resolved_version: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("dataset_id", "uuid"),)


class EntityVersion(Base):
    """What a case said after one creation or update; `sealed` holds the label and the unclear properties."""

    __tablename__ = "entity_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    entity_id: Mapped[int] = mapped_column(ForeignKey("entities.id"))
    version: Mapped[int] = mapped_column(Integer)
    is_current: Mapped[bool] = mapped_column(Boolean, default=True)
    clear: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    # By a person, not made of answers: it may be anything.
    label_typed: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    base_version: Mapped[int | None] = mapped_column(Integer)
    trunk_version: Mapped[int | None] = mapped_column(Integer)
    branch_id: Mapped[str | None] = mapped_column(String(255))
    branch_base_version: Mapped[int | None] = mapped_column(Integer)
    conflicting_properties: Mapped[list[str] | None] = mapped_column(Json)
    submission_version_id: Mapped[int | None] = mapped_column(ForeignKey("submission_versions.id"))
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("entity_id", "version"),
        # One submission version changes an entity at most once, whatever is resent or reprocessed.
        UniqueConstraint("entity_id", "submission_version_id"),
        Index(
            "uq_entity_versions_current",
            "entity_id",
            unique=True,
            sqlite_where=text("is_current"),
            postgresql_where=text("is_current"),
        ),
    )


class EntityBacklog(Base):
    """An offline update that arrived before the one it builds on: held until that comes."""

    __tablename__ = "entity_backlog"

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id"))
    entity_uuid: Mapped[str] = mapped_column(String(255))
    submission_version_id: Mapped[int] = mapped_column(ForeignKey("submission_versions.id"))
    branch_id: Mapped[str] = mapped_column(String(255))
    branch_base_version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("submission_version_id", "entity_uuid"),
        Index("ix_entity_backlog_branch", "dataset_id", "entity_uuid", "branch_id"),
    )
