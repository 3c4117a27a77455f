"""What ends every session of a person: another password, or the end of the account?"""

from __future__ import annotations

from app import problems
from app.clock import now
from app.db import db, models
from app.db.queries import access, assignments, identity, password_resets
from app.permissions import Actor
from app.services import mails
from app.services.audit import record
from app.services.limits import SignInLimit
from app.services.sign_in import actor_of_password, hash_password
from app.services.transaction import transaction


def change_password(by: Actor, actor_id: int, old: str, new: str, *, address: str | None) -> None:
    """One's own; every session of the person ends, this one too. `address`: the IP address that asks.

    Raises Problem 400.21, 401.2 if the old password is wrong, 403.1 for somebody else's, 429.1.
    """
    user = access.user(actor_id)
    if by.id != actor_id or by.key_id is not None or user is None:
        raise problems.insufficient_rights()
    actor_of_password(user[0].email, old, SignInLimit(user[0].email, address))
    _set(by, actor_id, new)


def person(email: str) -> Actor:
    """Who has this address. Raises Problem 404.1."""
    user = access.user_by_email(email)
    actor = access.actor(user.actor_id) if user is not None else None
    if actor is None:
        raise problems.not_found()
    return actor


def set_password(email: str, new: str) -> None:
    """By the operator, at the machine. Raises Problem 400.21, 404.1."""
    _set(None, person(email).id, new)


def _set(by: Actor | None, actor_id: int, password: str) -> None:
    hashed = hash_password(password)
    with transaction():
        put_password(by, actor_id, hashed)


def put_password(by: Actor | None, actor_id: int, hashed: str) -> None:
    """Have another password, in the running transaction: sessions and mailed codes end, and the person is told."""
    # The row first: a sign-in with the old password waits for it, and is then refused.
    user = db.session.get_one(models.User, actor_id, with_for_update=True)
    user.password_hash = hashed
    db.session.flush()
    identity.end_tokens(actor_id, now())
    password_resets.end_codes(actor_id)
    mails.send_later(mails.PASSWORD_CHANGED, user.email)
    record("user.password.update", by, actorId=actor_id)


def end_user(by: Actor, actor_id: int) -> None:
    """End an account: from their next request on the person is nobody. What they did stays theirs.

    Raises Problem 404.1, 409.32 for the last administrator.
    """
    with transaction():
        administrators = assignments.administrators_for_update()
        found = access.user(actor_id)
        if found is None:
            raise problems.not_found()
        if administrators == [actor_id]:
            raise problems.last_administrator()
        found[1].deleted_at = now()
        identity.end_tokens(actor_id, now())
        password_resets.end_codes(actor_id)
        record("user.delete", by, actorId=actor_id)
