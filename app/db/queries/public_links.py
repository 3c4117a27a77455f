"""Which links are there to a form, and which form does a name in a browser's address mean?"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from app.db import db, models

Link, Actor, Token = models.PublicLink, models.Actor, models.AccessToken


@dataclass(frozen=True)
class ShownLink:
    """A live link with what a list shows of it."""

    link: models.PublicLink
    actor: models.Actor
    office: str | None
    token: models.AccessToken | None
    creator: models.Actor | None


def links(form_id: int, offices: int | bool, actor_id: int | None = None) -> list[ShownLink]:
    """The live links to a form (or one of them) that belong to these offices (True: all), the newest first."""
    if offices is False:
        return []
    creator = aliased(Actor)
    statement = (
        select(Link, Actor, models.Office.code, Token, creator)
        .join(Actor, Actor.id == Link.actor_id)
        .outerjoin(models.Office, models.Office.id == Actor.office_id)
        .outerjoin(Token, Token.actor_id == Actor.id)
        .outerjoin(creator, creator.id == Link.created_by_id)
        .where(Link.form_id == form_id, Actor.deleted_at.is_(None), Token.revoked_at.is_(None))
        .order_by(Actor.id.desc())
    )
    if offices is not True:
        statement = statement.where(Actor.office_id == offices)
    if actor_id is not None:
        statement = statement.where(Actor.id == actor_id)
    return [ShownLink(*row) for row in db.session.execute(statement)]


def is_any_office() -> bool:
    """Has anybody an office here?"""
    return bool(db.session.scalar(select(func.count()).select_from(models.Office)))


def form_of_link_id(form_link_id: str) -> models.Form | None:
    """The live form that a browser's address names."""
    form, link = models.Form, models.FormLink
    named = or_(link.enketo_id == form_link_id, link.enketo_once_id == form_link_id)
    return db.session.scalar(select(form).join(link, link.form_id == form.id).where(named, form.deleted_at.is_(None)))
