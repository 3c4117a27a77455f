"""Who acts, from which office, with which token and which role?"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, String, false, func
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.db.types import UtcDateTime


class Office(Base):
    """A place where people work: police point, shelter, migration counter, consulate, ministry.

    `code` is the code that the forms' choice lists use, so that an answer can name an office.
    """

    __tablename__ = "offices"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    name_en: Mapped[str] = mapped_column(String(255))
    name_sq: Mapped[str] = mapped_column(String(255))
    region: Mapped[str | None] = mapped_column(String(16))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"))
    to_confirm: Mapped[bool] = mapped_column(Boolean, default=False)


class Actor(Base):
    """Whoever can act: a user, an app user (Central's type `field_key`), a link. Never deleted, only ended."""

    __tablename__ = "actors"

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(16))
    display_name: Mapped[str] = mapped_column(String(255))
    office_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class User(Base):
    """A person who signs in with an address and a password."""

    __tablename__ = "users"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)  # lower case
    password_hash: Mapped[str | None] = mapped_column(String(255))
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AppUser(Base):
    """A phone: may list, fetch and send the forms of one project, and nothing else."""

    __tablename__ = "app_users"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))


class PublicLink(Base):
    """A link with which anybody fills one form. `once`: the page that it opens lets each visitor send one."""

    __tablename__ = "public_links"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"), index=True)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    once: Mapped[bool] = mapped_column(Boolean, default=False)


class AccessToken(Base):
    """A session of a user, or the token of a phone or a link. Only the hash is kept: a stolen table opens nothing."""

    __tablename__ = "access_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    csrf_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The first use of this token ends the older ones of its actor: a phone has scanned its next code.
    supersedes: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    factor: Mapped[str | None] = mapped_column(String(16))  # the second factor that the session was made with
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a person's: to the minute; a phone's: not kept


class Assignment(Base):
    """A role of an actor, on the site, a project or a form, reaching the own office or all offices."""

    __tablename__ = "assignments"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    role: Mapped[str] = mapped_column(String(32))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    form_id: Mapped[int | None] = mapped_column(ForeignKey("forms.id"))
    all_offices: Mapped[bool] = mapped_column(Boolean, default=False)

    __table_args__ = (
        # NULLs never collide in a unique index, so they are folded to 0.
        Index(
            "uq_assignments_actor_role_scope",
            "actor_id",
            "role",
            func.coalesce(project_id, 0),
            func.coalesce(form_id, 0),
            unique=True,
        ),
    )
