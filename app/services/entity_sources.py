"""From which submission does each version of a case come, where this reader may see that submission?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.db import models
from app.db.queries import entity_sources as queries
from app.db.queries.submissions import Scope
from app.permissions import Actor, office_scope


@dataclass(frozen=True)
class Source:
    """A submission by its names."""

    instance_id: str
    xml_form_id: str


def sources_of(actor: Actor, project_id: int, versions: Iterable[models.EntityVersion]) -> dict[int, Source]:
    """By the number of a version's row; not those made by hand, and those whose submission the actor cannot see."""
    made = {each.submission_version_id: each.id for each in versions if each.submission_version_id is not None}
    found = {}
    for form in queries.forms_of(made):
        offices = office_scope(actor, "submission.read", project_id=project_id, form_id=form.id)
        for submission_version_id, instance_id in queries.seen(made, Scope(form.id, offices)):
            found[made[submission_version_id]] = Source(instance_id, form.xml_form_id)
    return found
