"""What is written down of an act? Who, what, to which record; never a value."""

from __future__ import annotations

from typing import Any

from app.clock import now
from app.db import models
from app.db.insert import insert_row
from app.permissions import Actor


def record(action: str, actor: Actor | None, **said: Any) -> None:
    """Add one line to the audit in the running transaction: it is kept exactly if the act is. See `line_of`."""
    insert_row(models.Audit, **line_of(action, actor, **said))


def line_of(
    action: str,
    actor: Actor | None,
    *,
    project_id: int | None = None,
    form_id: int | None = None,
    submission_id: int | None = None,
    entity_id: int | None = None,
    **details: Any,
) -> dict[str, Any]:
    """The row of a line: who did what to which records, and `details`, which never hold an answer."""
    if actor is not None and actor.key_id is not None:
        details["apiKeyId"] = actor.key_id
    return {
        "actor_id": actor.id if actor is not None and actor.id else None,
        "office_id": actor.office_id if actor is not None else None,
        "action": action,
        "project_id": project_id,
        "form_id": form_id,
        "submission_id": submission_id,
        "entity_id": entity_id,
        "details": details,
        "logged_at": now(),
    }
