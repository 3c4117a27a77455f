"""Which cases of its office does a list keep for a phone? All, those that it made, or those that rules leave.

A rule is fulfilled by a case whose property equals what the project notes of the phone; one of several is enough, and
who has nothing noted gets nothing. A rule asks for what may lie in clear only: otherwise whoever makes rules and phones
could ask who a case is about. Source: ODK Central's access filters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select

from app import problems
from app.db import db, models
from app.db.queries import access_rules as queries
from app.db.queries import actor_properties as actor_property_queries
from app.db.queries import entities as entity_queries
from app.permissions import Actor
from app.services.entity_feed import is_plain
from forms.schema import CLEAR


@dataclass(frozen=True)
class AccessRule:
    """A case is kept for a phone if the case's property says what is noted of the phone under the other name."""

    dataset_property: str
    actor_property: str


def kept_for(actor: Actor, dataset: models.Dataset) -> ColumnElement[bool] | None:
    """What is asked of the cases that the actor fills forms with; None for all of the office."""
    if dataset.owner_only:
        return queries.made_by(actor.id)
    rules = queries.rules(dataset.id)
    if not rules:
        return None
    noted = actor_property_queries.values_of([actor.id]).get(actor.id, {})
    return queries.with_any((each.name, noted[name]) for each, name in rules if name in noted and _may_be_asked(each))


def _may_be_asked(asked: models.DatasetProperty) -> bool:
    # Its class may have become stricter since the rule was made: then nobody has it by the rule.
    return asked.published_at is not None and asked.sensitivity in CLEAR and is_plain(asked.name)


def set_rules(dataset: models.Dataset, rules: Iterable[AccessRule]) -> None:
    """Give the list these rules and no others, in the running transaction.

    Raises Problem 400.8 for a property that the list or the project does not have, or whose class may not lie in clear.
    """
    properties = {each.name: each for each in entity_queries.properties(dataset.id)}
    names = {each.name: each.id for each in actor_property_queries.properties(dataset.project_id)}
    rows = []
    for rule in dict.fromkeys(rules):
        asked = properties.get(rule.dataset_property)
        if asked is None:
            raise _refused("the list has no such property", rule.dataset_property)
        if not _may_be_asked(asked):
            raise _refused(f"what is {asked.sensitivity} does not go to phones", rule.dataset_property)
        if rule.actor_property not in names:
            raise _refused("the project notes no such property of phones; add it first", rule.actor_property)
        rows.append(models.DatasetAccessRule(property_id=asked.id, actor_property_id=names[rule.actor_property]))
    own = select(models.DatasetProperty.id).where(models.DatasetProperty.dataset_id == dataset.id)
    db.session.execute(delete(models.DatasetAccessRule).where(models.DatasetAccessRule.property_id.in_(own)))
    db.session.add_all(rows)
    db.session.flush()


def _refused(reason: str, name: str) -> problems.Problem:
    return problems.unexpected_value("accessFilter", reason, name)
