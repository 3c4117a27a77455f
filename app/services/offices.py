"""How does an office come to be, how is it changed, and how does somebody come to belong to another one?"""

from __future__ import annotations

from typing import Any

from app import problems
from app.clock import now
from app.db import db, models
from app.db.insert import insert_if_new
from app.db.queries import access, password_resets
from app.db.queries import offices as queries
from app.permissions import Actor, office_scope
from app.services import mails
from app.services.actor_properties import set_values
from app.services.add_user import office_id_of
from app.services.audit import record
from app.services.transaction import transaction

# What an office can be: the kinds of the shared list that ships, which forms ask about too.
KINDS = (
    "police_point",
    "border_crossing",
    "mobile_unit",
    "reception_centre",
    "shelter",
    "migration_counter",
    "consulate",
    "ministry",
    "coordinator",
    "organization",
)


def add_office(by: Actor, code: str, values: dict[str, Any]) -> str:
    """Add an office; its code. `values`: kind, name_en, name_sq, and perhaps region, parent (a code), to_confirm.

    Raises Problem 400.8 for an unknown parent, 409.3 if the code is taken.
    """
    with transaction():
        columns = _columns(values)
        office_id = insert_if_new(models.Office, code=code, **({"to_confirm": False} | columns))
        if office_id is None:
            raise problems.already_exists(["code"], [code])
        record("office.create", by, officeId=office_id, code=code)
    return code


def change_office(by: Actor, code: str, values: dict[str, Any]) -> None:
    """Change some of an office's values. Its code stays: answers and cases name it.

    Raises Problem 400.8 for an unknown parent or one that is below the office itself, 404.1.
    """
    with transaction():
        # All of them: two that become each other's parent at once would make a ring.
        everything = {office.code: office for office in queries.offices_for_update()}
        office = everything.get(code)
        if office is None:
            raise problems.not_found()
        columns = _columns(values)
        if columns.get("parent_id") is not None and office.id in _upwards(everything, columns["parent_id"]):
            raise problems.unexpected_value("parent", "an office cannot be above itself")
        for name, value in columns.items():
            setattr(office, name, value)
        record("office.update", by, officeId=office.id, code=code, changed=sorted(values))


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    columns = dict(values)
    if "parent" in columns:
        columns["parent_id"] = _parent_id(columns.pop("parent"))
    return columns


def _parent_id(code: str | None) -> int | None:
    if code is None:
        return None
    office = queries.office_by_code(code)
    if office is None:
        raise problems.unexpected_value("parent", "there is no office with this code; GET /v1/offices lists them", code)
    return office.id


def _upwards(everything: dict[str, models.Office], office_id: int) -> set[int]:
    """The office and all above it."""
    parents = {office.id: office.parent_id for office in everything.values()}
    found: set[int] = set()
    at: int | None = office_id
    while at is not None and at not in found:
        found.add(at)
        at = parents[at]
    return found


def change_user(by: Actor, actor_id: int, changes: dict[str, Any]) -> None:
    """Change a person's `display_name`, `email` or `office` (a code, or None), with effect on their next request.

    What they sent before stays with the office that they sent it from.

    Raises Problem 400.8 for an unknown office, 404.1, 409.3 if the address is taken.
    """
    with transaction():
        found = access.user(actor_id)
        if found is None:
            raise problems.not_found()
        user, actor = found[0], found[1]
        if "email" in changes:
            address = changes["email"].strip().lower()
            if address != user.email and access.user_by_email(address) is not None:
                raise problems.already_exists(["email"], [address])
            old, user.email = user.email, address
            # The row first: a code that is made just now waits for it, and is then refused, or is ended here.
            db.session.flush()
            if address != old:
                # To the old one: whoever took the account over would get what goes to the new one.
                mails.send_later(mails.ADDRESS_CHANGED, old)
                password_resets.end_codes(actor_id)
        moved = _change_actor(actor, changes)
        record("user.update", by, actorId=actor_id, changed=sorted(changes), **moved)


def change_phone(by: Actor, project: models.Project, actor_id: int, changes: dict[str, Any]) -> None:
    """Change a phone's `display_name` or `office`: from its next request it has the cases of the other office.

    `properties`: what is noted of it. Who reaches one office only neither finds another's phone nor gives one away.

    Raises Problem 400.8 for an unknown office or property, 403.1 for one that the asker does not reach, 404.1.
    """
    changes = dict(changes)
    properties = changes.pop("properties", {})
    offices = office_scope(by, "app_user.update", project_id=project.id)
    with transaction():
        phones = access.phones(project.id, actor_id, offices=offices)
        if not phones:
            raise problems.not_found()
        moved = _change_actor(phones[0].actor, changes)
        if offices is not True and phones[0].actor.office_id != offices:
            raise problems.insufficient_rights()
        about = {"project_id": project.id, "actorId": actor_id}
        if properties:
            record("field_key.property.set", by, **about, names=set_values(project.id, actor_id, properties))
        if changes or not properties:
            record("field_key.update", by, **about, changed=sorted(changes), **moved)


def office_of_new_phone(by: Actor, project: models.Project, code: str | None) -> str | None:
    """The office that a phone gets: who reaches only their own gives no phone to another, whose cases it would get.

    Raises Problem 403.1.
    """
    offices = office_scope(by, "app_user.create", project_id=project.id)
    if offices is True:
        return code
    own = db.session.get(models.Office, offices) if offices is not False else None
    if own is None or code not in (None, own.code):
        raise problems.insufficient_rights()
    return own.code


def _change_actor(actor: models.Actor, changes: dict[str, Any]) -> dict[str, int | None]:
    """What the audit tells of a move: from which office to which."""
    actor.updated_at = now()
    if "display_name" in changes:
        actor.display_name = changes["display_name"]
    before = actor.office_id
    if "office" in changes:
        actor.office_id = office_id_of(changes["office"])
    db.session.flush()
    return {"fromOfficeId": before, "toOfficeId": actor.office_id} if actor.office_id != before else {}
