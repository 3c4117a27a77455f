"""How does a script or a spreadsheet get in for a person, without the person's password and second factor?

With a key that its person made: shown once, kept as its hash, narrower than the person, for a year at most. It works
as a Bearer token, and as the password of the person's address where a program knows nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app import problems
from app.clock import now
from app.db import db, models
from app.db.queries import access, identity
from app.db.queries import forms as form_queries
from app.db.queries.second_factors import is_enrolled
from app.permission_scope import narrowed
from app.permissions import Actor, holds_role_in, may
from app.runtime import runtime
from app.services.add_user import office_id_of
from app.services.audit import record
from app.services.second_factor_policy import must_have_factor
from app.services.sign_in import new_token, token_hash
from app.services.transaction import transaction

MOST_DAYS = 366
# With a full stop, which no session's token has; and a word by which a lost key is known for what it is.
PREFIX = "sportel."
_NOTED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, repr=False)
class NewKey:
    """A key that was just made. The token exists in clear only here: it is shown once."""

    key_id: int
    token: str


def is_key(token: str) -> bool:
    """Does it look like an API key?"""
    return token.startswith(PREFIX)


def add_key(by: Actor, actor_id: int, wanted: dict[str, Any]) -> NewKey:
    """Make a key of one's own. `wanted`: label, project_id, forms, office, classes, writes, days.

    Raises Problem 400.8 for a project, form or office that is not there for the person, 403.1 for somebody else's.
    """
    if by.id != actor_id or by.type != "user" or by.key_id is not None:
        raise problems.insufficient_rights()
    project_id = wanted["project_id"]
    if project_id is None and (wanted["forms"] is not None or wanted["office"] is not None):
        raise problems.unexpected_value("projectId", "forms and an office are of a project; say of which")
    if project_id is not None and not holds_role_in(by, project_id):
        raise problems.unexpected_value("projectId", "you have no role in a project with this number")
    token, moment = PREFIX + new_token(), now()
    key = models.ApiKey(
        actor_id=actor_id,
        label=wanted["label"],
        token_hash=token_hash(token),
        project_id=project_id,
        form_ids=_form_ids(project_id, wanted["forms"]),
        office_id=office_id_of(wanted["office"]),
        classes=wanted["classes"],
        writes=wanted["writes"],
        created_at=moment,
        expires_at=moment + timedelta(days=wanted["days"]),
    )
    with transaction():
        db.session.add(key)
        db.session.flush()
        record("api_key.create", by, project_id=project_id, keyId=key.id, writes=key.writes, days=wanted["days"])
    return NewKey(key.id, token)


def _form_ids(project_id: int, names: list[str] | None) -> list[int] | None:
    if names is None:
        return None
    found = {name: form_queries.form(project_id, name) for name in names}
    if not all(found.values()):
        raise problems.unexpected_value("forms", "the project has no form with this ID")
    return sorted(form.id for form in found.values() if form is not None)


def keys_of(by: Actor, actor_id: int) -> list[dict[str, Any]]:
    """A person's keys, ended ones too, without their tokens. Raises Problem 403.1, 404.1."""
    _check_reach(by, actor_id)
    found = identity.api_keys(actor_id)
    names = identity.form_names(form_id for key, _ in found for form_id in key.form_ids or ())
    return [_shown(key, office, names) for key, office in found]


def _shown(key: models.ApiKey, office: str | None, names: dict[int, str]) -> dict[str, Any]:
    plain = ("id", "label", "project_id", "classes", "writes", "created_at", "expires_at", "last_used_at", "revoked_at")
    forms = None if key.form_ids is None else [names[each] for each in key.form_ids]
    return {name: getattr(key, name) for name in plain} | {"token": None, "forms": forms, "office": office}


def revoke_key(by: Actor, actor_id: int, key_id: int) -> None:
    """End a key: its next request is refused. Raises Problem 403.1, 404.1, also for one that was revoked."""
    _check_reach(by, actor_id)
    with transaction():
        key = db.session.get(models.ApiKey, key_id)
        if key is None or key.actor_id != actor_id or key.revoked_at is not None:
            raise problems.not_found()
        key.revoked_at = now()
        record("api_key.delete", by, project_id=key.project_id, keyId=key.id, actorId=actor_id)


def _check_reach(by: Actor, actor_id: int) -> None:
    """One's own, or anybody's with the right to change their account; never with a key."""
    if by.key_id is None and by.id == actor_id and by.type == "user":
        return
    if not may(by, "user.update"):
        raise problems.insufficient_rights()
    if access.user(actor_id) is None:
        raise problems.not_found()


@dataclass(frozen=True)
class KeyHolder:
    """The person as a key lets them act, and until when it does."""

    actor: Actor
    expires_at: datetime


def holder_of_key(token: str, *, email: str | None = None) -> KeyHolder | None:
    """Whose key it is; None if it is not live, or not of the person with this address.

    That it is used is noted, at most once an hour. Raises Problem 403.7 if its person was given a role since
    that needs a second factor, and has none.
    """
    moment = now()
    found = identity.key_by_token(token_hash(token), moment)
    if found is None or (email is not None and email.strip().lower() != found.email):
        return None
    settings = runtime().settings
    # Without passwords every way in that its person has asks for the provider's second factor.
    by_password = settings.password_sign_in == "on"
    if by_password and must_have_factor(settings.second_factor, found.actor) and not is_enrolled(found.actor.id):
        raise problems.must_enrol()
    if found.used_at is None or moment - found.used_at >= _NOTED_EVERY:
        with transaction():
            identity.note_key_use(found.key_id, moment)
    return KeyHolder(narrowed(found.actor, found.key_id, found.scope), found.expires_at)
