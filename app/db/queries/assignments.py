"""Who holds which role, where?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import Row, Select, select

from app.db import db, models

Columns = TypeVarTuple("Columns")

Assignment, Actor, Form = models.Assignment, models.Actor, models.Form


@dataclass(frozen=True)
class Place:
    """Where a role is held: on the site (no project), in a project, or on one form of it."""

    project_id: int | None = None
    form_id: int | None = None


SITE = Place()


def held(place: Place, offices: int | bool, role: str | None = None) -> Sequence[Row[models.Assignment, models.Actor]]:
    """The roles held exactly there by people and phones of these offices (True: all), the oldest first."""
    if offices is False:
        return []
    statement = _at(_live(select(Assignment, Actor), offices, role), place)
    return db.session.execute(statement.order_by(Assignment.id)).all()


def held_on_forms(
    project_id: int, offices: int | bool, role: str | None = None
) -> Sequence[Row[models.Assignment, models.Actor, str]]:
    """The roles held on single forms of a project, with the form's ID."""
    if offices is False:
        return []
    statement = (
        _live(select(Assignment, Actor, Form.xml_form_id), offices, role)
        .join(Form, Form.id == Assignment.form_id)
        .where(Form.project_id == project_id, Form.deleted_at.is_(None))
    )
    return db.session.execute(statement.order_by(Assignment.id)).all()


def one_for_update(place: Place, role: str, actor_id: int) -> models.Assignment | None:
    """One role held there, locked until the transaction ends."""
    statement = select(Assignment).where(Assignment.role == role, Assignment.actor_id == actor_id)
    return db.session.scalar(_at(statement, place).with_for_update())


def administrators_for_update() -> list[int]:
    """The live actors who administer the site, locked so that two cannot remove each other at once."""
    statement = (
        select(Assignment)
        .join(Actor, Actor.id == Assignment.actor_id)
        .where(Assignment.role == "admin", Assignment.project_id.is_(None), Actor.deleted_at.is_(None))
        .order_by(Assignment.id)
        .with_for_update(of=Assignment)
    )
    return [row.actor_id for row in db.session.scalars(statement, execution_options={"populate_existing": True})]


def _live(statement: Select[*Columns], offices: int | bool, role: str | None) -> Select[*Columns]:
    statement = statement.join(Actor, Actor.id == Assignment.actor_id).where(Actor.deleted_at.is_(None))
    if offices is not True:
        statement = statement.where(Actor.office_id == offices)
    return statement if role is None else statement.where(Assignment.role == role)


def _at(statement: Select[*Columns], place: Place) -> Select[*Columns]:
    # A comparison with None becomes IS NULL.
    return statement.where(Assignment.project_id == place.project_id, Assignment.form_id == place.form_id)
