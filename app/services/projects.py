"""How does a project come to be, how is it changed, and how does it end?"""

from __future__ import annotations

from typing import Any

from app import problems_administration
from app.clock import now
from app.db import db, models
from app.db.queries import access, identity
from app.db.queries import forms as form_queries
from app.permissions import Actor
from app.services.audit import record
from app.services.transaction import transaction


def add_project(actor: Actor | None, name: str, description: str | None, *, code: str | None = None) -> models.Project:
    """A new, empty project."""
    with transaction():
        project = models.Project(name=name, description=description, code=code, created_at=now())
        db.session.add(project)
        db.session.flush()
        record("project.create", actor, project_id=project.id)
    return project


def change_project(actor: Actor, project: models.Project, changes: dict[str, Any]) -> models.Project:
    """Change its name, description or whether it is archived."""
    with transaction():
        project = db.session.get_one(models.Project, project.id)
        for name, value in changes.items():
            setattr(project, name, value)
        project.updated_at = now()
        record("project.update", actor, project_id=project.id, changed=sorted(changes))
    return project


def delete_project(actor: Actor, project: models.Project) -> None:
    """Nobody finds the project any more, and its phones are out; no row of it is taken away.

    Raises Problem 409.46 while it has forms: a deleted form can be restored, a deleted project cannot.
    """
    with transaction():
        project = db.session.get_one(models.Project, project.id, with_for_update=True)
        forms = form_queries.listed_forms(project.id, offices=False)
        if forms:
            raise problems_administration.project_not_empty(len(forms))
        moment = now()
        for phone in access.phones(project.id):
            phone.actor.deleted_at = moment
            identity.end_tokens(phone.actor.id, moment)
        project.deleted_at = moment
        record("project.delete", actor, project_id=project.id)
