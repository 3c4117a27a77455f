"""What lets somebody in besides a password (keys, second factors), and which phone must not be let in any more?"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.db.types import Json, UtcDateTime


class ApiKey(Base):
    """A person's key for a script or a spreadsheet, narrower than the person. Only the hash is kept.

    `form_ids` and `office_id` narrow within the project; `classes` narrows what is shown of answers.
    """

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), index=True)
    label: Mapped[str] = mapped_column(String(255))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    form_ids: Mapped[list[int] | None] = mapped_column(Json)
    office_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"))
    classes: Mapped[list[str] | None] = mapped_column(Json)
    writes: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # to the hour
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Incident(Base):
    """A phone that was reported lost or seized. What the reporter knows of it may name people: sealed."""

    __tablename__ = "incidents"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), unique=True)  # the phone
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    reported_by_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    note_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SecondFactor(Base):
    """A person's authenticator: its secret, sealed. `pending_sealed` is one that was begun and not confirmed yet.

    `last_step` is the half minute of the code that was used last: no code of it, or of an earlier one, works again.
    """

    __tablename__ = "second_factors"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), unique=True)
    secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    pending_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    last_step: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SecurityKey(Base):
    """A person's security key, or the one in their phone or laptop (WebAuthn). Its private key never leaves it.

    `sign_count` is what it counted at its last use; 0 for good where it does not count.
    """

    __tablename__ = "security_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), index=True)
    label: Mapped[str] = mapped_column(String(255))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)  # COSE
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WebauthnChallenge(Base):
    """What a security key is to sign, as a hash: for one person and one purpose, for minutes, once."""

    __tablename__ = "webauthn_challenges"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(16))
    challenge_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class RecoveryCode(Base):
    """One of a person's codes on paper, as a keyed hash; it works once."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
