"""How does a person get an account?"""

from __future__ import annotations

from sqlalchemy import func, select

from app import problems
from app.clock import now
from app.db import db, models
from app.db.queries import access
from app.db.queries.offices import office_by_code
from app.permissions import Actor, Grant
from app.services import mails
from app.services.audit import record
from app.services.sign_in import hash_password
from app.services.transaction import transaction


def add_user(
    by: Actor | None,
    email: str,
    password: str | None,
    *,
    display_name: str | None = None,
    office: str | None = None,
    grants: tuple[Grant, ...] = (),
) -> models.User:
    """Add a user; without a password they are invited by mail to choose one, if this server sends mail.

    Raises Problem 400.8 for an unknown office, 400.21, 409.3 if the address is taken.
    """
    address = email.strip().lower()
    office_id = office_id_of(office)
    password_hash = hash_password(password) if password else None
    moment = now()
    with transaction():
        if access.user_by_email(address) is not None:
            raise problems.already_exists(["email"], [address])
        actor = models.Actor(type="user", display_name=display_name or address, office_id=office_id, created_at=moment)
        db.session.add(actor)
        db.session.flush()
        user = models.User(actor_id=actor.id, email=address, password_hash=password_hash)
        db.session.add(user)
        for grant in grants:
            db.session.add(
                models.Assignment(
                    actor_id=actor.id,
                    role=grant.role,
                    project_id=grant.project_id,
                    form_id=grant.form_id,
                    all_offices=grant.all_offices,
                )
            )
        if password_hash is None:
            mails.send_later(mails.INVITATION, address)
        record("user.create", by, actorId=actor.id)
    return user


def office_id_of(code: str | None) -> int | None:
    """The office's id. Raises Problem 400.8 if there is none with this code."""
    if code is None:
        return None
    office = office_by_code(code)
    if office is None:
        raise problems.unexpected_value("office", "there is no office with this code; GET /v1/offices lists them", code)
    return office.id


def has_administrator() -> bool:
    """Is there anybody who can administer the site?"""
    statement = (
        select(func.count())
        .select_from(models.Assignment)
        .join(models.Actor, models.Actor.id == models.Assignment.actor_id)
        .where(models.Assignment.role == "admin", models.Actor.deleted_at.is_(None))
    )
    return bool(db.session.scalar(statement))
