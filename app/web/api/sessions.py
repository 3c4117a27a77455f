"""Signing in and out."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from app import problems
from app.permissions import ANYBODY, HALF_SIGNED_IN, SIGNED_IN
from app.services import sessions
from app.services.api_keys import is_key
from app.services.second_factor_proof import Proof
from app.web.auth import SESSION_COOKIE
from app.web.csrf import CSRF_FIELD
from app.web.door import Door, Here, success
from app.web.schemas import SuccessSchema
from app.web.schemas.access import SessionSchema, SignInSchema

door = Door("sessions", tag="Sessions")


@door.route("POST", "/sessions", verb=ANYBODY, summary="Sign in", body=SignInSchema(), returns=SessionSchema())
def create(here: Here, body: dict[str, Any]) -> Response:
    proof = Proof(body["code"], body["assertion"])
    session, must_enrol = sessions.create_session(body["email"], body["password"], proof, address=request.remote_addr)
    response = jsonify(SessionSchema().dump(session) | ({"mustEnrol": True} if must_enrol else {}))
    if is_key(session.token):
        return response  # a program's; a browser has no use for it
    give_cookies(response, session)
    return response


def give_cookies(response: Response, session: sessions.Session) -> None:
    """The session's two cookies: one for the browser alone, one for its pages to read."""
    for name, value, http_only in ((SESSION_COOKIE, session.token, True), (CSRF_FIELD, session.csrf, False)):
        response.set_cookie(
            name,
            value,
            expires=session.expires_at,
            path="/",
            # __Host- cookies exist on https only; the browser's form comes over https or from this machine.
            secure=True,
            httponly=http_only,
            samesite="Strict",
        )


@door.route("GET", "/sessions/restore", verb=HALF_SIGNED_IN, summary="Is this session alive?", returns=SessionSchema())
def restore(here: Here) -> Any:
    row = sessions.live_session(_token())
    if row is None:
        raise problems.not_found()
    return row


@door.route(
    "DELETE", "/sessions/current", verb=HALF_SIGNED_IN, summary="Sign out of this session", returns=SuccessSchema()
)
def delete_current(here: Here) -> Response:
    sessions.end_session(_token(), here.actor)
    response = jsonify(success())
    for name in (SESSION_COOKIE, CSRF_FIELD):
        response.delete_cookie(name, path="/", secure=True, samesite="Strict")
    return response


@door.route(
    "DELETE",
    "/sessions/<token>",
    verb=SIGNED_IN,
    summary="Sign out, or end a phone's token",
    returns=SuccessSchema(),
)
def delete(here: Here, token: str) -> Any:
    sessions.end_session(token, here.actor)
    return success()


def _token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    if SESSION_COOKIE in request.cookies:
        return request.cookies[SESSION_COOKIE]
    raise problems.not_found()
