"""How does a phone get in, and how is it put out?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from app import problems
from app.clock import now
from app.db import db, models
from app.db.queries import access, identity
from app.db.queries import forms as form_queries
from app.permissions import Actor, office_scope
from app.runtime import runtime
from app.services.actor_properties import set_values
from app.services.add_user import office_id_of
from app.services.audit import record
from app.services.sign_in import new_token, token_hash
from app.services.transaction import transaction

OLD_TOKEN_LIVES = timedelta(days=1)


@dataclass(frozen=True, repr=False)
class NewPhone:
    """A phone that was just added. The token exists in clear only here: it is shown once."""

    actor_id: int
    token: str


def add_app_user(
    by: Actor,
    project: models.Project,
    display_name: str,
    *,
    office: str | None,
    forms: list[str] | None,
    days: int,
    properties: Mapping[str, object] | None = None,
) -> NewPhone:
    """Add a phone for an office, for all forms of the project or only some. Raises Problem 400.8."""
    office_id = office_id_of(office)
    form_ids = None if forms is None else [_form_id(project, each) for each in dict.fromkeys(forms)]
    token, moment = new_token(), now()
    with transaction():
        actor = models.Actor(type="field_key", display_name=display_name, office_id=office_id, created_at=moment)
        db.session.add(actor)
        db.session.flush()
        db.session.add(models.AppUser(actor_id=actor.id, project_id=project.id, created_by_id=by.id or None))
        db.session.add(
            models.AccessToken(
                actor_id=actor.id,
                token_hash=token_hash(token),
                created_at=moment,
                expires_at=moment + timedelta(days=days),
            )
        )
        for form_id in form_ids if form_ids is not None else [None]:
            db.session.add(
                models.Assignment(actor_id=actor.id, role="app-user", project_id=project.id, form_id=form_id)
            )
        record("field_key.create", by, project_id=project.id, actorId=actor.id)
        if properties:
            names = set_values(project.id, actor.id, properties)
            record("field_key.property.set", by, project_id=project.id, actorId=actor.id, names=names)
    return NewPhone(actor.id, token)


def _form_id(project: models.Project, xml_form_id: str) -> int:
    form = form_queries.form(project.id, xml_form_id)
    if form is None:
        raise problems.unexpected_value("forms", "the project has no form with this ID", xml_form_id)
    return form.id


def rotate_token(by: Actor, project: models.Project, actor_id: int) -> NewPhone:
    """Give a phone its next token. The old one ends when the new one is first used, after a day at the latest.

    So a phone that is far away goes on until somebody scans the new code with it. Raises Problem 404.1.
    """
    offices = office_scope(by, "app_user.create", project_id=project.id)
    token, moment = new_token(), now()
    with transaction():
        if not access.phones(project.id, actor_id, offices=offices):
            raise problems.not_found()
        identity.shorten_tokens(actor_id, moment + OLD_TOKEN_LIVES)
        db.session.add(
            models.AccessToken(
                actor_id=actor_id,
                token_hash=token_hash(token),
                created_at=moment,
                expires_at=moment + timedelta(days=runtime().settings.app_user_days),
                supersedes=True,
            )
        )
        record("field_key.rotate", by, project_id=project.id, actorId=actor_id)
    return NewPhone(actor_id, token)


def actor_of_phone(token: str) -> Actor | None:
    """The live actor of a phone's, or a link's, live token.

    The first use of a phone's next token ends the ones before it.
    """
    hashed, moment = token_hash(token), now()
    found = access.actor_by_token(hashed, moment)
    if found is None or not found.actor.has_address_token:
        return None
    if found.superseding_id is not None:
        with transaction():
            identity.end_older_tokens(found.actor.id, found.superseding_id, moment)
    return found.actor


def revoke_app_user(by: Actor, project: models.Project, actor_id: int) -> None:
    """End a phone's token: its next request is refused. Raises Problem 404.1."""
    phone = db.session.get(models.AppUser, actor_id)
    if phone is None or phone.project_id != project.id:
        raise problems.not_found()
    with transaction():
        identity.end_tokens(actor_id, now())
        actor = db.session.get_one(models.Actor, actor_id)
        actor.deleted_at = now()
        record("field_key.delete", by, project_id=project.id, actorId=actor_id)
