"""Signing in with the institution's account: out to the provider, and back. A browser's doors, so they answer pages."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request

from app.permissions import ANYBODY
from app.problems import Problem
from app.services import oidc_sign_in
from app.services.oidc_provider import CALLBACK, OidcUnavailable
from app.services.oidc_sign_in import OidcRefused
from app.services.oidc_state import HOME, LIVES, local_path
from app.web.api.sessions import give_cookies
from app.web.door import Door, Here
from app.web.errors import RETRY_SECONDS, log
from app.web.schemas.oidc import CallbackSchema, LoginSchema

door = Door("oidc", tag="Sessions")

STATE_COOKIE = "__Host-oidc"
_HTML = ("text/html",)
_TOO_MANY = 429


@door.route(
    "GET",
    "/oidc/login",
    verb=ANYBODY,
    summary="Sign in with the institution's account; `next` is a path of this server",
    query=LoginSchema(),
    status=302,
    answer_types=_HTML,
)
def login(here: Here, query: dict[str, Any]) -> Any:
    try:
        beginning = oidc_sign_in.set_out(query["next"])
    except OidcUnavailable as fault:
        return _unavailable(fault, local_path(query["next"]))
    response = redirect(beginning.address)
    response.set_cookie(
        STATE_COOKIE,
        beginning.cookie,
        max_age=LIVES,
        path="/",
        secure=True,
        httponly=True,
        # Not Strict: it is another site, the provider's, that sends the browser back here.
        samesite="Lax",
    )
    return response


@door.route(
    "GET",
    CALLBACK.removeprefix("/v1"),
    verb=ANYBODY,
    summary="Back from the institution's sign-in",
    query=CallbackSchema(),
    answer_types=_HTML,
)
def callback(here: Here, query: dict[str, Any]) -> Response:
    response = _answer(query)
    response.delete_cookie(STATE_COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
    return response


def _answer(query: dict[str, Any]) -> Response:
    cookie = request.cookies.get(STATE_COOKIE)
    try:
        session, next_path = oidc_sign_in.finish(cookie, query, address=request.remote_addr)
    except OidcRefused as refused:
        return _page("refused", 401, refused.next)
    except OidcUnavailable as fault:
        return _unavailable(fault, HOME)
    except Problem as problem:
        if problem.status != _TOO_MANY or problem.details is None:
            raise
        response = _page("wait", _TOO_MANY, HOME)
        response.headers["Retry-After"] = str(problem.details["retryAfterSeconds"])
        return response
    # A page, not a redirect: the browser still counts the provider as the one who leads here, and would not send the
    # session's cookie, which is SameSite=Strict, to where a redirect points.
    response = make_response(render_template("oidc.html", outcome="done", next=next_path))
    give_cookies(response, session)
    return response


def _unavailable(fault: OidcUnavailable, next_path: str) -> Response:
    log.warning("oidc.unavailable", reason=str(fault))
    response = _page("unavailable", 503, next_path)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _page(outcome: str, status: int, next_path: str) -> Response:
    return make_response(render_template("oidc.html", outcome=outcome, next=next_path), status)
