"""Which session does a person get, how long does it live, and what ends it?

It ends after the hours that were set, after the minutes in which nobody used it, when its person signs out, changes
the password or loses the account. A phone's token is none: it is neither asked nor written here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app import problems, problems_sign_in
from app.clock import now
from app.db import db, models
from app.db.queries import access, identity, public_links
from app.db.queries.second_factors import is_enrolled
from app.permissions import Actor, may, office_scope
from app.runtime import runtime
from app.services.api_keys import holder_of_key, is_key
from app.services.audit import record
from app.services.limits import SignInLimit
from app.services.second_factor_policy import must_have_factor
from app.services.second_factor_proof import NO_PROOF, Proof, prove
from app.services.sign_in import actor_of_password, csrf_of, new_token, token_hash
from app.services.transaction import transaction

# A write for every click would be one too many.
_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, repr=False)
class Session:
    """A new session. `token` and `csrf` exist in clear only here, in the answer."""

    token: str
    csrf: str
    created_at: datetime
    expires_at: datetime


def create_session(
    email: str, password: str, proof: Proof = NO_PROOF, *, address: str | None = None
) -> tuple[Session, bool]:
    """Sign in: always a new token; True if all that it can do is set up a second factor.

    An API key in place of the password gives the key itself as the token: so does a program sign in that knows an
    address and a password, and goes on with what it is answered, such as pyODK.

    `proof`: of the second factor, for who has one; `address`: the IP address that asks.
    Raises Problem 401.2, 401.7 if the proof is missing, wrong or used before, 401.8 if passwords are off, 429.1.
    """
    if is_key(password):
        return _session_of_key(email, password), False
    check_passwords_count()
    limit = SignInLimit(email, address)
    proven = actor_of_password(email, password, limit)
    factor = prove(proven.actor.id, proof, limit) if is_enrolled(proven.actor.id) else None
    limit.right()
    actor = proven.actor

    def check(user: models.User) -> None:
        # A password or a second factor that came meanwhile has ended all sessions.
        if user.password_hash != proven.password_hash:
            raise problems.authentication_failed()
        if factor is None and is_enrolled(actor.id):
            raise problems.code_needed()

    return open_session(actor, factor, check), _must_enrol(actor, factor)


def open_session(actor: Actor, factor: str | None, check: Callable[[models.User], None], **facts: Any) -> Session:
    """A new session of who has proven to be this person, with this second factor.

    `check` looks once more, while nobody can change what the person signs in with, and raises if that has changed.
    `facts`: for the audit.
    """
    session = _new_session()
    with transaction():
        user = db.session.get_one(models.User, actor.id, with_for_update=True)
        check(user)
        db.session.add(
            models.AccessToken(
                actor_id=actor.id,
                token_hash=token_hash(session.token),
                csrf_hash=token_hash(session.csrf),
                created_at=session.created_at,
                expires_at=session.expires_at,
                factor=factor,
            )
        )
        user.last_login_at = session.created_at
        record("user.session.create", actor, factor=factor, **facts)
    return session


def _session_of_key(email: str, key: str) -> Session:
    holder = holder_of_key(key, email=email)
    if holder is None:
        raise problems.authentication_failed()
    return Session(key, csrf_of(key), now(), holder.expires_at)


def _must_enrol(actor: Actor, factor: str | None) -> bool:
    return factor is None and must_have_factor(runtime().settings.second_factor, actor)


def check_passwords_count() -> None:
    """Raises Problem 401.8 where people sign in with their institution's account alone."""
    if runtime().settings.password_sign_in == "off":
        raise problems_sign_in.password_off()


def refuse_password_alone(actor: Actor) -> None:
    """A password in each request, as programs send it: not for who has, or must have, a second factor.

    Raises Problem 401.5, which names the remedy.
    """
    if is_enrolled(actor.id) or _must_enrol(actor, None):
        raise problems.basic_off()


def _new_session() -> Session:
    token, moment = new_token(), now()
    return Session(token, csrf_of(token), moment, moment + timedelta(hours=runtime().settings.session_hours))


def actor_of_session(token: str) -> Actor | None:
    """The person whose live session this is; None for a phone's token. The use is noted, at most once a minute."""
    moment = now()
    found = identity.session_by_token(token_hash(token), moment)
    # A phone's or a link's token opens its own door only: it may not be used as a person's session.
    if found is None or found.actor.has_address_token or moment - found.used_at >= _idle():
        return None
    if moment - found.used_at >= _NOTED_EVERY:
        with transaction():
            identity.note_use(found.token_id, moment, moment - _NOTED_EVERY)
    # Looked at with each request: a role that was given since needs its second factor from the next one on.
    if _must_enrol(found.actor, found.factor):
        return replace(found.actor, grants=(), must_enrol=True)
    return found.actor


def _idle() -> timedelta:
    return timedelta(minutes=runtime().settings.session_idle_minutes)


def live_session(token: str) -> models.AccessToken | None:
    """The row of a session that is neither expired nor revoked; the request's own, so it is not idle."""
    row = access.token_row(token_hash(token))
    return row if row is not None and row.revoked_at is None and row.expires_at > now() else None


def end_session(token: str, actor: Actor) -> None:
    """Sign out, or end a phone's or a link's token with the right to revoke it. Raises Problem 403.1 otherwise.

    What stands in an address ends nothing, itself neither: whoever has a public link would take it from all others.
    """
    if actor.has_address_token:
        raise problems.insufficient_rights()
    row = access.token_row(token_hash(token))
    if row is None or not (row.actor_id == actor.id or _may_end(actor, row.actor_id)):
        raise problems.insufficient_rights()
    with transaction():
        row = db.session.get_one(models.AccessToken, row.id)
        row.revoked_at = now()
        record("user.session.end", actor)


def _may_end(actor: Actor, actor_id: int) -> bool:
    phone = access.app_user(actor_id)
    if phone is not None:
        return may(actor, "app_user.revoke", project_id=phone.project_id)
    link = db.session.get(models.PublicLink, actor_id)
    if link is None:
        return False
    form = db.session.get_one(models.Form, link.form_id)
    offices = office_scope(actor, "public_link.delete", project_id=form.project_id, form_id=form.id)
    return bool(public_links.links(form.id, offices, actor_id))
