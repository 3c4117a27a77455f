"""Choosing a password with a code that was mailed."""

from __future__ import annotations

from typing import Any

from flask import g, request

from app import problems
from app.permissions import ANYBODY, may
from app.services import password_reset
from app.web.auth import current_actor
from app.web.door import Door, Here, success
from app.web.schemas import SuccessSchema
from app.web.schemas.identity import NewPasswordSchema, ResetQuerySchema, ResetSchema

door = Door("password_resets", tag="Users and offices")


@door.route(
    "POST",
    "/users/reset/initiate",
    verb=ANYBODY,
    summary="Have a code mailed, for choosing a password; by an administrator also to end the one until now",
    query=ResetQuerySchema(),
    body=ResetSchema(),
    returns=SuccessSchema(),
)
def initiate(here: Here, query: dict[str, Any], body: dict[str, Any]) -> dict[str, bool]:
    if query["invalidate"]:
        # Whose right this is, is asked before anything is known of the address.
        g.actor = actor = current_actor()
        if not may(actor, "user.update"):
            raise problems.insufficient_rights() if actor.id else problems.authentication_failed()
        password_reset.invalidate(actor, body["email"])
    else:
        password_reset.ask(body["email"], address=request.remote_addr)
    return success()


@door.route(
    "POST",
    "/users/reset/verify",
    verb=ANYBODY,
    summary="Choose the password; the mailed code is the Bearer token",
    body=NewPasswordSchema(),
    returns=SuccessSchema(),
)
def verify(here: Here, body: dict[str, Any]) -> dict[str, bool]:
    scheme, _, code = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise problems.authentication_failed()
    password_reset.choose_password(code, body["new"])
    return success()
