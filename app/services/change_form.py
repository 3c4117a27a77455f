"""How is a form opened, closed or taken away?"""

from __future__ import annotations

from app.clock import now
from app.db import db, models
from app.permissions import Actor
from app.services.audit import record
from app.services.transaction import transaction


def change_state(actor: Actor, form: models.Form, state: str) -> models.Form:
    """`open`, `closing` (phones that have it may still send) or `closed`."""
    with transaction():
        form = db.session.get_one(models.Form, form.id)
        form.state = state
        form.updated_at = now()
        record("form.update", actor, project_id=form.project_id, form_id=form.id, state=state)
    return form


def delete_form(actor: Actor, form: models.Form) -> None:
    """Phones lose the form; what was sent stays, and its form ID is free again."""
    with transaction():
        form = db.session.get_one(models.Form, form.id)
        form.deleted_at = now()
        record("form.delete", actor, project_id=form.project_id, form_id=form.id)
