"""How may anybody who has a link fill one form, and how does the link end?

A link is an actor with a token, as a phone is: what comes by it belongs to the link's office. It gets no case of any
list, replaces nothing that was sent, and ends by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from app import problems
from app.clock import now
from app.db import db, models
from app.db.queries import identity
from app.db.queries import public_links as queries
from app.permissions import Actor, office_scope
from app.services.actor_properties import set_values
from app.services.add_user import office_id_of
from app.services.audit import record
from app.services.sign_in import new_token, token_hash
from app.services.transaction import transaction

PUBLIC_LINK = "public_link"
ROLE = "pub-link"
DAYS = 30
MOST_DAYS = 366


@dataclass(frozen=True, repr=False)
class NewLink:
    """A link that was just added. The token exists in clear only here: it is shown once."""

    actor_id: int
    token: str


def add_link(
    by: Actor, form: models.Form, display_name: str, *, office: str | None, once: bool, days: int = DAYS
) -> NewLink:
    """Add a link to the form, for an office. `once`: the page that it opens lets each visitor send one.

    Raises Problem 400.2 without an office where there are some, 400.8 for an unknown one, 403.1 for one that the asker
    does not reach.
    """
    office_id = _office_id(by, form, office)
    token, moment = new_token(), now()
    with transaction():
        actor = models.Actor(type=PUBLIC_LINK, display_name=display_name, office_id=office_id, created_at=moment)
        db.session.add(actor)
        db.session.flush()
        link = models.PublicLink(actor_id=actor.id, form_id=form.id, created_by_id=by.id or None, once=once)
        role = models.Assignment(actor_id=actor.id, role=ROLE, project_id=form.project_id, form_id=form.id)
        lives_until = moment + timedelta(days=days)
        opened = models.AccessToken(
            actor_id=actor.id, token_hash=token_hash(token), created_at=moment, expires_at=lives_until
        )
        db.session.add_all([link, role, opened])
        record("public_link.create", by, project_id=form.project_id, form_id=form.id, actorId=actor.id, days=days)
    return NewLink(actor.id, token)


def _office_id(by: Actor, form: models.Form, code: str | None) -> int | None:
    offices = office_scope(by, "public_link.create", project_id=form.project_id, form_id=form.id)
    wanted = office_id_of(code) if code is not None else by.office_id
    if offices is not True and (offices is False or wanted != offices):
        raise problems.insufficient_rights()
    if wanted is None and queries.is_any_office():
        raise problems.missing_parameter("office", "say whose office reads what comes by this link")
    return wanted


def change_link(by: Actor, form: models.Form, actor_id: int, properties: Mapping[str, object]) -> None:
    """Note properties of the link. Raises Problem 400.8 for an unknown one, 404.1."""
    with transaction():
        found = _found(by, "public_link.update", form, actor_id)
        found.actor.updated_at = now()
        names = set_values(form.project_id, actor_id, properties)
        about = {"project_id": form.project_id, "form_id": form.id}
        record("public_link.property.set", by, **about, actorId=actor_id, names=names)


def end_link(by: Actor, form: models.Form, actor_id: int) -> None:
    """End a link: the next request with it is refused. What came by it stays. Raises Problem 404.1."""
    with transaction():
        found = _found(by, "public_link.delete", form, actor_id)
        identity.end_tokens(actor_id, now())
        found.actor.deleted_at = now()
        record("public_link.delete", by, project_id=form.project_id, form_id=form.id, actorId=actor_id)


def _found(by: Actor, verb: str, form: models.Form, actor_id: int) -> queries.ShownLink:
    offices = office_scope(by, verb, project_id=form.project_id, form_id=form.id)
    found = queries.links(form.id, offices, actor_id)
    if not found:
        raise problems.not_found()
    return found[0]
