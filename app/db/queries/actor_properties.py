"""What is noted of a project's phones and links, and under which names?"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import false, select

from app.db import db, models

Property, Value, Actor = models.ActorProperty, models.ActorPropertyValue, models.Actor


def properties(project_id: int) -> list[models.ActorProperty]:
    """The names, in order."""
    return list(db.session.scalars(select(Property).where(Property.project_id == project_id).order_by(Property.name)))


def values_of(actor_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """By actor, each value under its name; an actor without any is not in it."""
    statement = (
        select(Value.actor_id, Property.name, Value.value)
        .join(Property, Property.id == Value.property_id)
        .where(Value.actor_id.in_(actor_ids))
        .order_by(Property.name)
    )
    found: dict[int, dict[str, str]] = {}
    for actor_id, name, value in db.session.execute(statement):
        found.setdefault(actor_id, {})[name] = value
    return found


def used_values(project_id: int, offices: int | bool) -> dict[int, list[str]]:
    """By property, the values that live actors of these offices (True: all) have, each once, in order."""
    statement = (
        select(Value.property_id, Value.value)
        .join(Property, Property.id == Value.property_id)
        .join(Actor, Actor.id == Value.actor_id)
        .where(Property.project_id == project_id, Actor.deleted_at.is_(None))
        .distinct()
        .order_by(Value.property_id, Value.value)
    )
    if offices is not True:
        statement = statement.where(Actor.office_id == offices if offices is not False else false())
    found: dict[int, list[str]] = {}
    for property_id, value in db.session.execute(statement):
        found.setdefault(property_id, []).append(value)
    return found
