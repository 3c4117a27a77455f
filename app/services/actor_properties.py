"""How is something noted of a phone, under a name that its project knows?"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy import delete

from app import problems
from app.db import db, models
from app.db.insert import insert_if_new
from app.db.queries import actor_properties as queries
from app.permissions import Actor
from app.services.audit import record
from app.services.transaction import transaction

Value = models.ActorPropertyValue

MOST_CHARACTERS = 255
# As Central has it for the properties of entity lists: a letter or _ first, then digits, dots and hyphens too.
_NAME = re.compile(r"(?!__)(?:[^\W\d]|_)[\w.-]*")
_RESERVED = frozenset({"name", "label", "displayname"})


def add_property(by: Actor, project: models.Project, name: str) -> None:
    """Let the project's phones have this property. Raises Problem 400.8, 409.3 if there is one, in any letters."""
    if not _NAME.fullmatch(name) or name.casefold() in _RESERVED:
        raise problems.unexpected_value(
            "name", "begin with a letter, and use letters, digits, _ . and - only; not name, label or displayName"
        )
    with transaction():
        added = insert_if_new(models.ActorProperty, project_id=project.id, name=name, folded_name=name.casefold())
        if added is None:
            raise problems.already_exists(["name", "projectId"], [name, project.id])
        record("actor_property.create", by, project_id=project.id, name=name)


def set_values(project_id: int, actor_id: int, given: Mapping[str, object]) -> list[str]:
    """Note these values of the actor, in the running transaction; the names. A blank or None takes a value away.

    Raises Problem 400.8 for a name that the project does not know, or a value that is no text.
    """
    known = {each.name: each.id for each in queries.properties(project_id)}
    for name, value in given.items():
        if name not in known:
            raise problems.unexpected_value("properties", "the project has no such property; add it first", name)
        text = _text(name, value)
        held = (Value.actor_id == actor_id, Value.property_id == known[name])
        db.session.execute(delete(Value).where(*held), execution_options={"synchronize_session": False})
        if text:
            insert_if_new(Value, actor_id=actor_id, property_id=known[name], value=text)
    return sorted(given)


def _text(name: str, value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise problems.unexpected_value(name, "give a text, or null for none")
    text = (value or "").strip()
    if len(text) > MOST_CHARACTERS:
        raise problems.unexpected_value(name, f"use up to {MOST_CHARACTERS} characters")
    return text
