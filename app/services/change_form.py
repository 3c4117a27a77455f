"""How is a form opened, closed, taken away and brought back?"""

from __future__ import annotations

from app import problems
from app.clock import now
from app.db import db, models
from app.db.queries import forms as queries
from app.permissions import Actor
from app.services.audit import record
from app.services.transaction import transaction
from app.services.trash import KEPT_FOR


def change_state(actor: Actor, form: models.Form, state: str) -> models.Form:
    """`open`, `closing` (phones that have it may still send) or `closed`."""
    with transaction():
        form = db.session.get_one(models.Form, form.id)
        set_state(actor, form, state)
    return form


def set_state(actor: Actor, form: models.Form, state: str) -> None:
    """The same in the running transaction."""
    form.state = state
    form.updated_at = now()
    record("form.update", actor, project_id=form.project_id, form_id=form.id, state=state)


def delete_form(actor: Actor, form: models.Form) -> None:
    """Phones lose the form; what was sent stays, and its form ID is free again."""
    with transaction():
        form = db.session.get_one(models.Form, form.id)
        form.deleted_at = now()
        record("form.delete", actor, project_id=form.project_id, form_id=form.id)


def restore_form(actor: Actor, project: models.Project, form_id: int) -> None:
    """Bring a deleted form back, as it was. Raises Problem 404.1 after thirty days, 409.3 if its form ID is taken."""
    with transaction():
        form = queries.trashed_form_for_update(project.id, form_id, since=now() - KEPT_FOR)
        if form is None:
            raise problems.not_found()
        if queries.form(project.id, form.xml_form_id) is not None:
            raise problems.already_exists(["projectId", "xmlFormId"], [project.id, form.xml_form_id])
        form.deleted_at = None
        form.updated_at = now()
        record("form.restore", actor, project_id=project.id, form_id=form.id)
