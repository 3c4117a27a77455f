"""The offices, and which of them people and phones belong to."""

from __future__ import annotations

from typing import Any

from app import problems
from app.db.queries import access
from app.db.queries import offices as queries
from app.services.offices import add_office, change_office, change_phone
from app.web.api.app_users import shown as shown_phone
from app.web.door import Door, Here
from app.web.schemas.access import AppUserSchema
from app.web.schemas.offices import AppUserChangeSchema, NewOfficeSchema, OfficeChangeSchema, OfficeSchema

door = Door("offices", tag="Users and offices")


@door.route("GET", "/offices", verb="office.list", summary="All offices", returns=OfficeSchema(many=True))
def list_offices(here: Here) -> list[dict[str, Any]]:
    return _all()


@door.route(
    "GET",
    "/projects/<int:project_id>/offices",
    verb="office.list",
    summary="The same, for who runs a project: to whom can be handed over?",
    returns=OfficeSchema(many=True),
)
def list_for_project(here: Here) -> list[dict[str, Any]]:
    return _all()


@door.route(
    "POST", "/offices", verb="office.create", summary="Add an office", body=NewOfficeSchema(), returns=OfficeSchema()
)
def create(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    return _one(add_office(here.actor, body.pop("code"), body))


@door.route(
    "PATCH",
    "/offices/<code>",
    verb="office.update",
    summary="Change an office's names, kind, region or parent",
    body=OfficeChangeSchema(),
    returns=OfficeSchema(),
)
def change(here: Here, code: str, body: dict[str, Any]) -> dict[str, Any]:
    change_office(here.actor, code, body)
    return _one(code)


@door.route(
    "PATCH",
    "/projects/<int:project_id>/app-users/<int:actor_id>",
    verb="app_user.update",
    summary="Rename a phone, or move it to another office",
    body=AppUserChangeSchema(),
    returns=AppUserSchema(),
)
def change_app_user(here: Here, actor_id: int, body: dict[str, Any]) -> dict[str, Any]:
    change_phone(here.actor, here.project, actor_id, body)
    return shown_phone(access.phones(here.project.id, actor_id)[0])


def _all() -> list[dict[str, Any]]:
    found = queries.offices()
    codes = {office.id: office.code for office in found}
    return [
        {
            "id": office.id,
            "code": office.code,
            "kind": office.kind,
            "name_en": office.name_en,
            "name_sq": office.name_sq,
            "region": office.region,
            "parent": codes.get(office.parent_id) if office.parent_id is not None else None,
            "to_confirm": office.to_confirm,
        }
        for office in found
    ]


def _one(code: str) -> dict[str, Any]:
    for shown in _all():
        if shown["code"] == code:
            return shown
    raise problems.not_found()
