"""How does a person set something for themselves, such as the order of a list?

The value is the client's own and is given back as it came. It concerns nobody else, so the audit has no line of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from app import problems
from app.db import db, models
from app.db.insert import insert_if_new
from app.db.queries import access
from app.db.queries import preferences as queries
from app.permissions import Actor
from app.services.transaction import transaction

MOST_CHARACTERS = 10_000
MOST = 500
MOST_LEVELS = 32


def set_preference(by: Actor, project_id: int | None, name: str, value: Any) -> None:
    """Set one, on the whole site without a project. Raises Problem 400.8 for what is too much, 403.1."""
    _refuse_stranger(by)
    if _is_deeper(value, MOST_LEVELS):
        raise problems.unexpected_value("propertyValue", f"it has more than {MOST_LEVELS} levels; nest it less deep")
    text = json.dumps(value)
    if not name or len(name) > 255 or len(text) > MOST_CHARACTERS:
        raise problems.unexpected_value("propertyValue", f"a preference holds up to {MOST_CHARACTERS} characters")
    with transaction():
        found = queries.one_for_update(by.id, project_id, name)
        if found is not None:
            found.value = text
        elif queries.how_many(by.id) >= MOST:
            raise problems.unexpected_value("propertyName", f"there are {MOST} preferences; delete some first")
        else:
            # A rival that has just set the same has set it: the last one in counts, whoever that is.
            insert_if_new(models.Preference, actor_id=by.id, project_id=project_id, name=name, value=text)


def delete_preference(by: Actor, project_id: int | None, name: str) -> None:
    """Forget one. Raises Problem 403.1, 404.1 if it is not set."""
    _refuse_stranger(by)
    with transaction():
        found = queries.one_for_update(by.id, project_id, name)
        if found is None:
            raise problems.not_found()
        db.session.delete(found)


def preferences_of(actor_id: int) -> dict[str, Any]:
    """All that a person has set: `site` by name, `projects` by the project's number and name."""
    site: dict[str, Any] = {}
    projects: dict[str, dict[str, Any]] = {}
    for each in queries.preferences(actor_id):
        kept = site if each.project_id is None else projects.setdefault(str(each.project_id), {})
        kept[each.name] = json.loads(each.value)
    return {"site": site, "projects": projects}


def _is_deeper(value: Any, levels: int) -> bool:
    """Are there lists or objects in one another, more than so many? Level by level, for it may be very deep."""
    inside = [value]
    for _ in range(levels):
        inside = [inner for each in inside for inner in _parts(each)]
    return any(isinstance(each, dict | list) for each in inside)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _refuse_stranger(by: Actor) -> None:
    """Preferences are a person's; neither a phone nor a program has any."""
    if by.key_id is not None or access.user(by.id) is None:
        raise problems.insufficient_rights()
