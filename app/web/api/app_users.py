"""The phones of a project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request

from app import problems
from app.db.queries import access, actor_properties
from app.db.queries.access import Phone
from app.permissions import office_scope
from app.runtime import runtime
from app.services import collect_settings
from app.services.app_users import NewPhone, add_app_user, revoke_app_user
from app.services.offices import office_of_new_phone
from app.web.addresses import server_url
from app.web.door import Door, Here, success
from app.web.schemas import SuccessSchema
from app.web.schemas.access import AppUserSchema, NewAppUserSchema

door = Door("app_users", tag="App users")

_ALL = "/projects/<int:project_id>/app-users"


@door.route("GET", _ALL, verb="app_user.list", summary="The phones", returns=AppUserSchema(many=True))
def list_app_users(here: Here) -> list[dict[str, Any]]:
    phones = access.phones(here.project.id, offices=_reach(here, "app_user.list"))
    noted = _noted(phones)
    return [shown(phone) | noted(phone) for phone in phones]


@door.route(
    "POST",
    _ALL,
    verb="app_user.create",
    summary="Add a phone; its token and the code to scan are shown this once",
    body=NewAppUserSchema(),
    returns=AppUserSchema(),
)
def create(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    new = add_app_user(
        here.actor,
        here.project,
        body["display_name"],
        office=office_of_new_phone(here.actor, here.project, body.get("office")),
        forms=body.get("forms"),
        properties=body.get("properties"),
        days=runtime().settings.app_user_days,
    )
    return once(here, new, body["language"])


def once(here: Here, new: NewPhone, language: str) -> dict[str, Any]:
    """A phone with its new token and the code to scan: never shown again."""
    phone = _found(here, new.actor_id, "app_user.create")
    code = collect_settings.settings_code(here.project, phone.actor.display_name, server_url(), new.token, language)
    shown_once = {
        "payload": code.payload,
        "svg": collect_settings.picture(code.payload).decode(),
        "admin_password": code.admin_password,
    }
    return shown(phone) | {"token": new.token, "settings_qr": shown_once}


@door.route("GET", f"{_ALL}/<int:actor_id>", verb="app_user.list", summary="One phone", returns=AppUserSchema())
def get(here: Here, actor_id: int) -> dict[str, Any]:
    phone = _found(here, actor_id, "app_user.list")
    return shown(phone) | _noted([phone])(phone)


@door.route(
    "DELETE",
    f"{_ALL}/<int:actor_id>",
    verb="app_user.revoke",
    summary="Put a phone out: its next request is refused",
    returns=SuccessSchema(),
)
def delete(here: Here, actor_id: int) -> dict[str, bool]:
    _found(here, actor_id, "app_user.revoke")
    revoke_app_user(here.actor, here.project, actor_id)
    return success()


def _noted(phones: list[Phone]) -> Callable[[Phone], dict[str, Any]]:
    """What is noted of a phone, if the client asks for it."""
    if request.headers.get("X-Extended-Metadata") != "true":
        return lambda _: {}
    values = actor_properties.values_of([phone.actor.id for phone in phones])
    return lambda phone: {"properties": values.get(phone.actor.id, {})}


def _reach(here: Here, verb: str) -> int | bool:
    return office_scope(here.actor, verb, project_id=here.project.id)


def _found(here: Here, actor_id: int, verb: str) -> Phone:
    """A phone that the verb reaches: another office's is not told of. Raises Problem 404.1."""
    phones = access.phones(here.project.id, actor_id, offices=_reach(here, verb))
    if not phones:
        raise problems.not_found()
    return phones[0]


def shown(phone: Phone) -> dict[str, Any]:
    """A phone as the API shows it: never its token."""
    creator = phone.creator
    return {
        "id": phone.actor.id,
        "type": phone.actor.type,
        "display_name": phone.actor.display_name,
        "project_id": phone.app_user.project_id,
        "token": None,
        "office": phone.office,
        "created_at": phone.actor.created_at,
        "updated_at": phone.actor.updated_at,
        "deleted_at": phone.actor.deleted_at,
        "created_by": creator,
        "last_used": None,
        "expires_at": phone.token.expires_at if phone.token is not None else None,
    }
