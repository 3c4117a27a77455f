"""People with an account."""

from __future__ import annotations

from typing import Any

from flask import request

from app import problems
from app.db import models
from app.db.queries import access
from app.permissions import HALF_SIGNED_IN, SIGNED_IN, verbs_on
from app.services.accounts import change_password, end_user
from app.services.add_user import add_user
from app.services.offices import change_user
from app.services.preferences import preferences_of
from app.web.door import Door, Here, success
from app.web.schemas import SuccessSchema
from app.web.schemas.access import NewUserSchema, UserQuerySchema, UserSchema
from app.web.schemas.identity import PasswordChangeSchema
from app.web.schemas.offices import UserChangeSchema

door = Door("users", tag="Users and offices")


@door.route("GET", "/users/current", verb=HALF_SIGNED_IN, summary="Who am I?", returns=UserSchema())
def current(here: Here) -> dict[str, Any]:
    user = access.user(here.actor.id)
    if user is None:
        raise problems.not_found()
    shown = _shown(*user)
    if request.headers.get("X-Extended-Metadata") == "true":
        shown |= {"verbs": sorted(verbs_on(here.actor)), "preferences": preferences_of(here.actor.id)}
    return shown


@door.route(
    "GET",
    "/users",
    verb="user.list",
    summary="All users, or those whose address or name holds a text",
    query=UserQuerySchema(),
    returns=UserSchema(many=True),
)
def list_users(here: Here, query: dict[str, Any]) -> list[dict[str, Any]]:
    return [_shown(*row) for row in access.users(query["q"])]


@door.route("POST", "/users", verb="user.create", summary="Add a user", body=NewUserSchema(), returns=UserSchema())
def create(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    user = add_user(
        here.actor,
        body["email"],
        body.get("password"),
        display_name=body.get("display_name"),
        office=body.get("office"),
    )
    return _found(user.actor_id)


@door.route("GET", "/users/<int:actor_id>", verb="user.read", summary="One user", returns=UserSchema())
def get(here: Here, actor_id: int) -> dict[str, Any]:
    return _found(actor_id)


@door.route(
    "PATCH",
    "/users/<int:actor_id>",
    verb="user.update",
    summary="Change a person's name, address or office",
    body=UserChangeSchema(),
    returns=UserSchema(),
)
def change(here: Here, actor_id: int, body: dict[str, Any]) -> dict[str, Any]:
    change_user(here.actor, actor_id, body)
    return _found(actor_id)


@door.route(
    "DELETE",
    "/users/<int:actor_id>",
    verb="user.delete",
    summary="End a person's account, with effect on their next request",
    returns=SuccessSchema(),
)
def delete(here: Here, actor_id: int) -> dict[str, bool]:
    end_user(here.actor, actor_id)
    return success()


@door.route(
    "PUT",
    "/users/<int:actor_id>/password",
    verb=SIGNED_IN,
    summary="Change one's own password; all sessions end",
    body=PasswordChangeSchema(),
    returns=SuccessSchema(),
)
def password(here: Here, actor_id: int, body: dict[str, Any]) -> dict[str, bool]:
    change_password(here.actor, actor_id, body["old"], body["new"], address=request.remote_addr)
    return success()


def _found(actor_id: int) -> dict[str, Any]:
    user = access.user(actor_id)
    if user is None:
        raise problems.not_found()
    return _shown(*user)


def _shown(user: models.User, actor: models.Actor, office: str | None) -> dict[str, Any]:
    return {
        "id": actor.id,
        "type": actor.type,
        "display_name": actor.display_name,
        "email": user.email,
        "office": office,
        "created_at": actor.created_at,
        "updated_at": actor.updated_at,
        "deleted_at": actor.deleted_at,
        "last_login_at": user.last_login_at,
    }
