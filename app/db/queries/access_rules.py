"""Which rules has a list about what phones get of it, and what do they leave?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Row, false, or_, select

from app.db import db, models
from app.db.queries.conditions import property_term

Rule, Property, ActorProperty, Entity = (
    models.DatasetAccessRule,
    models.DatasetProperty,
    models.ActorProperty,
    models.Entity,
)


def rules(dataset_id: int) -> Sequence[Row[models.DatasetProperty, str]]:
    """The properties of a list that count, and the names of the phones' properties that they must equal."""
    statement = (
        select(Property, ActorProperty.name)
        .join(Rule, Rule.property_id == Property.id)
        .join(ActorProperty, ActorProperty.id == Rule.actor_property_id)
        .where(Property.dataset_id == dataset_id)
        .order_by(Rule.id)
    )
    return db.session.execute(statement).all()


def names_by_list(dataset_ids: Collection[int]) -> Mapping[int, list[tuple[str, str]]]:
    """By list, its rules: a property of its cases, and one of phones; a list without any is not in it."""
    statement = (
        select(Property.dataset_id, Property.name, ActorProperty.name)
        .join(Rule, Rule.property_id == Property.id)
        .join(ActorProperty, ActorProperty.id == Rule.actor_property_id)
        .where(Property.dataset_id.in_(dataset_ids))
        .order_by(Rule.id)
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for dataset_id, name, actor_property in db.session.execute(statement):
        found.setdefault(dataset_id, []).append((name, actor_property))
    return found


def is_in_a_rule(property_id: int) -> bool:
    """Does a rule of its list ask for this property?"""
    return db.session.scalar(select(Rule.id).where(Rule.property_id == property_id).limit(1)) is not None


def made_by(actor_id: int) -> ColumnElement[bool]:
    """The cases that this one made."""
    return Entity.creator_id == actor_id


def with_any(values: Iterable[tuple[str, str]]) -> ColumnElement[bool]:
    """The cases that have any of these values in clear, each under the property before it; without values none."""
    return or_(false(), *(property_term(name).sql == value for name, value in values))
