"""Who may be given which role, and what keeps a site from losing its last administrator?"""

from __future__ import annotations

from typing import Any

from app import problems
from app.db import db, models
from app.db.insert import insert_if_new
from app.db.queries import access
from app.db.queries import assignments as queries
from app.db.queries.assignments import Place
from app.permissions import ROLES, Actor, Role, may_grant, office_scope
from app.services.audit import record
from app.services.transaction import transaction

APP_USER = "app-user"
ADMIN = "admin"


def role_of(name: str) -> Role:
    """A role by its number or its system name. Raises Problem 404.1."""
    for role in ROLES.values():
        if name in (str(role.id), role.system):
            return role
    raise problems.not_found()


def give_role(by: Actor, place: Place, role: Role, actor_id: int, *, all_offices: bool) -> None:
    """Let somebody hold the role there, from their next request on.

    Raises Problem 400.8 if this role is not for them or not for this place, 403.1 if the giver does not hold as much,
    404.1 if there is no such actor or it is another office's, 409.3 if they hold it there already.
    """
    with transaction():
        give(by, place, role, actor_id, all_offices=all_offices)


def give(by: Actor, place: Place, role: Role, actor_id: int, *, all_offices: bool) -> None:
    """The same in the running transaction."""
    actor = _actor(by, "assignment.create", place, actor_id)
    _refuse_unfit(role, actor, place, all_offices=all_offices)
    _refuse_more_than_held(by, place, role, actor, all_offices=all_offices, to_self=by.id == actor.id)
    added = insert_if_new(
        models.Assignment,
        actor_id=actor.id,
        role=role.system,
        project_id=place.project_id,
        form_id=place.form_id,
        all_offices=all_offices,
    )
    if added is None:
        raise problems.already_exists(["actorId", "roleId"], [actor.id, role.id])
    record("assignment.create", by, **_facts(place, role, actor, all_offices=all_offices))


def take_role(by: Actor, place: Place, role: Role, actor_id: int) -> None:
    """End the role there, with effect on the holder's next request.

    Raises Problem 403.1 if the role is more than the taker holds, 404.1 if it is not held there, 409.32 for the last
    administrator of the site.
    """
    with transaction():
        take(by, place, role, actor_id)


def take(by: Actor, place: Place, role: Role, actor_id: int) -> None:
    """The same in the running transaction."""
    # Locked before the row, and in one order, so that two administrators cannot remove each other.
    administrators = queries.administrators_for_update() if _administers(role, place) else []
    actor = _actor(by, "assignment.delete", place, actor_id)
    found = queries.one_for_update(place, role.system, actor.id)
    if found is None:
        raise problems.not_found()
    _refuse_more_than_held(by, place, role, actor, all_offices=found.all_offices)
    if administrators == [actor.id]:
        raise problems.last_administrator()
    all_offices = found.all_offices
    db.session.delete(found)
    db.session.flush()
    record("assignment.delete", by, **_facts(place, role, actor, all_offices=all_offices))


def _administers(role: Role, place: Place) -> bool:
    return role.system == ADMIN and place.project_id is None


def _actor(by: Actor, verb: str, place: Place, actor_id: int) -> models.Actor:
    """A live actor whom the verb reaches: what another office's people are is not told."""
    actor = access.actor_row(actor_id)
    offices = office_scope(by, verb, project_id=place.project_id, form_id=place.form_id)
    if actor is None or actor.deleted_at is not None or (offices is not True and actor.office_id != offices):
        raise problems.not_found()
    phone = access.app_user(actor_id)
    if phone is not None and place.project_id is not None and phone.project_id != place.project_id:
        raise problems.not_found()
    return actor


def _refuse_unfit(role: Role, actor: models.Actor, place: Place, *, all_offices: bool) -> None:
    if (actor.type == "public_link") or role.system == "pub-link":
        raise problems.unexpected_value("roleId", "a link has its role from the beginning, and no other")
    is_phone = actor.type == "field_key"
    if is_phone != (role.system == APP_USER):
        raise problems.unexpected_value("roleId", f"an app user holds the role {APP_USER}, and nobody else does")
    if is_phone and place.project_id is None:
        raise problems.unexpected_value("roleId", "an app user belongs to a project; assign it there")
    if is_phone and all_offices:
        raise problems.unexpected_value("allOffices", "an app user has the cases of its own office only")
    if role.system == ADMIN and place.project_id is not None:
        raise problems.unexpected_value("roleId", "an administrator is one on the whole site; assign it there")


def _refuse_more_than_held(
    by: Actor, place: Place, role: Role, actor: models.Actor, *, all_offices: bool, to_self: bool = False
) -> None:
    # An administrator reaches all offices, whatever the row says.
    everywhere = all_offices or _administers(role, place)
    where = {"project_id": place.project_id, "form_id": place.form_id}
    if not may_grant(by, role.system, office_id=actor.office_id, all_offices=everywhere, to_self=to_self, **where):
        raise problems.insufficient_rights()


def _facts(place: Place, role: Role, actor: models.Actor, *, all_offices: bool) -> dict[str, Any]:
    return {
        "project_id": place.project_id,
        "form_id": place.form_id,
        "actorId": actor.id,
        "roleId": role.id,
        "role": role.system,
        "allOffices": all_offices,
    }
