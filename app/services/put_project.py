"""How is a whole project changed at once: its own facts, its forms' states, and who holds roles on them?

All or nothing. What is given is what is to be, as ODK Central's deep PUT has it. Roles that the asker does not reach,
of other offices' people, are not seen, so they are not taken away for being left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from app import problems, problems_administration
from app.clock import now
from app.db import db, models
from app.db.queries import assignments as queries
from app.db.queries import forms as form_queries
from app.db.queries.assignments import Place
from app.permissions import Actor, Role, may, office_scope
from app.problems import Problem
from app.services.assignments import give, role_of, take
from app.services.audit import record
from app.services.change_form import set_state
from app.services.transaction import transaction

_NOT_FOUND = 404.1
# Ends with its link.
_OF_A_LINK = "pub-link"


@dataclass(frozen=True)
class GivenRole:
    """A role that somebody is to hold on a form. `role`: its number or name; `all_offices`: None leaves it as it is."""

    actor_id: int
    role: str
    all_offices: bool | None = None


@dataclass(frozen=True)
class GivenForm:
    """What a form is to be; None leaves it as it is."""

    xml_form_id: str
    state: str | None = None
    roles: Sequence[GivenRole] | None = None


@dataclass(frozen=True)
class GivenProject:
    """What the project is to be. `forms`: all of them, or None to leave them as they are."""

    name: str
    description: str | None
    archived: bool
    forms: Sequence[GivenForm] | None = None


def put_project(by: Actor, project: models.Project, given: GivenProject) -> models.Project:
    """Make the project what is given.

    Raises Problem 400.8 for a form that is given twice, 400.14 for an actor or a role that is not there, 403.1 if any
    part is more than the asker may, 501.2 if not exactly the project's forms are given.
    """
    with transaction():
        project = db.session.get_one(models.Project, project.id, with_for_update=True)
        project.name, project.description, project.archived = given.name, given.description, given.archived
        project.updated_at = now()
        record("project.update", by, project_id=project.id, changed=["archived", "description", "name"])
        if given.forms is not None:
            _put_forms(by, project.id, given.forms)
    return project


def _put_forms(by: Actor, project_id: int, given: Sequence[GivenForm]) -> None:
    forms = {each.form.xml_form_id: each.form for each in form_queries.listed_forms(project_id, offices=False)}
    names = Counter(each.xml_form_id for each in given)
    twice, most = names.most_common(1)[0] if names else ("", 0)
    if most > 1:
        raise problems.unexpected_value("xmlFormId", "it is given twice", twice)
    if set(names) != set(forms):
        raise problems_administration.unexpected_forms_list()
    for each in given:
        form = forms[each.xml_form_id]
        if not may(by, "form.update", project_id=project_id, form_id=form.id):
            raise problems.insufficient_rights()
        if each.state is not None and each.state != form.state:
            set_state(by, form, each.state)
        if each.roles is not None:
            _put_roles(by, form, each.roles)


def _put_roles(by: Actor, form: models.Form, given: Sequence[GivenRole]) -> None:
    place = Place(form.project_id, form.id)
    offices = office_scope(by, "assignment.list", project_id=form.project_id, form_id=form.id)
    rows = [row for row, _ in queries.held(place, offices) if row.role != _OF_A_LINK]
    held = {(row.actor_id, row.role): row.all_offices for row in rows}
    wanted = {(each.actor_id, _role(each.role).system): each for each in given}
    stays = {key for key, one in wanted.items() if key in held and one.all_offices in (None, held[key])}
    for actor_id, role in sorted(held.keys() - stays):
        take(by, place, role_of(role), actor_id)
    for (actor_id, role), one in wanted.items():
        if (actor_id, role) not in stays:
            _give(by, place, role_of(role), one)


def _give(by: Actor, place: Place, role: Role, one: GivenRole) -> None:
    try:
        give(by, place, role, one.actor_id, all_offices=bool(one.all_offices))
    except Problem as problem:
        if problem.code == _NOT_FOUND:
            raise problems_administration.key_does_not_exist("actorId", str(one.actor_id), "actors") from None
        raise


def _role(name: str) -> Role:
    try:
        return role_of(name)
    except Problem:
        raise problems_administration.key_does_not_exist("roleId", name, "roles") from None
