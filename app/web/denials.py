"""How does it come on record that somebody asked for data that is not for them?

One line for each answer 403 or 404 at a door to data, if the person or phone is known: who, which route, which status.
What they asked for is theirs to write, so none of it stands in the line.
"""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import DBAPIError

from app.db import db
from app.permissions import Actor
from app.services.audit_reads import record_read
from app.web.errors import log

# Whose verbs are about data. A phone that asks for a form which is gone asks for nobody's data.
_DATA = frozenset({"audit", "dataset", "deidentified", "entity", "quarantine", "submission"})
_DENIED = frozenset({403, 404})


def install_denials(app: Flask) -> None:
    """Look at every answer."""
    app.after_request(_look_at)


def _look_at(response: Response) -> Response:
    actor: Actor | None = g.get("actor")
    if response.status_code not in _DENIED or actor is None or not actor.id:
        return response
    view = current_app.view_functions.get(request.endpoint or "")
    declared = getattr(view, "declared", None)
    if declared is None or g.get("speaks_openrosa", False) or declared.verb.partition(".")[0] not in _DATA:
        return response
    try:
        db.session.rollback()
        record_read(
            "access.denied",
            actor,
            project_id=(request.view_args or {}).get("project_id"),
            route=declared.endpoint,
            verb=declared.verb,
            status=response.status_code,
        )
    except DBAPIError as error:
        # Nothing was given away, and the answer says so already.
        db.session.rollback()
        log.warning("audit.denial-not-written", error=type(error.orig).__name__)
    return response
