"""How does a project come to be, and how is it changed?"""

from __future__ import annotations

from typing import Any

from app.clock import now
from app.db import db, models
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
