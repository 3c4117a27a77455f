"""Who is asking? The first of: token in the path or `?st=`, Bearer, Basic (https only), cookie.

Bearer is a session or an API key; the password in Basic may be an API key, so that spreadsheets work with one.

The order and the answers are Central's: a token that is unknown answers 403, never 401, because a phone would ask
its user for a password.
"""

from __future__ import annotations

import re

from flask import Flask, current_app, request

from app import problems
from app.config import Settings
from app.permissions import ANONYMOUS, Actor
from app.services import sign_in
from app.services.api_keys import holder_of_key, is_key
from app.services.app_users import actor_of_phone
from app.services.limits import SignInLimit
from app.services.lost_phone import actor_without_forms
from app.services.sessions import actor_of_session, check_passwords_count, refuse_password_alone
from app.web.csrf import may_write, sent_by_another_site
from app.web.pace import Pace
from app.web.prefix import KEY_TOKEN
from app.web.storable import is_storable

SESSION_COOKIE = "__Host-session"
_TOKEN = re.compile(r"[A-Za-z0-9!$_-]{64}")
# All that a lost phone may still ask: it is empty.
_FORM_LIST = "openrosa_forms.form_list"


def current_actor() -> Actor:
    """The actor of this request; ANONYMOUS if nothing was given. Raises Problem if what was given is not good."""
    token = request.environ.get(KEY_TOKEN) or request.args.get("st")
    if token is not None:
        return _app_user(token)
    header = request.headers.get("Authorization", "")
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() == "bearer":
        return _bearer(credentials.strip())
    if scheme.lower() == "basic":
        return _basic()
    if SESSION_COOKIE in request.cookies:
        return _cookie(request.cookies[SESSION_COOKIE])
    if header:
        raise problems.authentication_failed()
    return ANONYMOUS


def _app_user(token: str) -> Actor:
    if not _TOKEN.fullmatch(token):
        raise problems.authentication_failed()
    actor = actor_of_phone(token)
    if actor is None and request.endpoint == _FORM_LIST:
        actor = actor_without_forms(token)
    if actor is None:
        raise problems.insufficient_rights()
    if request.method == "POST":
        pace: Pace = current_app.extensions["sportel-pace"]
        seconds = pace.seconds_to_wait(actor.id)
        if seconds:
            raise problems.too_fast(seconds)
    return actor


def install_pace(app: Flask, settings: Settings) -> None:
    """Begin to count what phones send, in this process."""
    app.extensions["sportel-pace"] = Pace(settings.submissions_per_minute, settings.submissions_burst)


def _bearer(token: str) -> Actor:
    if is_key(token):
        return _of_key(token)
    actor = actor_of_session(token)
    if actor is None:
        raise problems.authentication_failed()
    return actor


def _of_key(token: str, email: str | None = None) -> Actor:
    holder = holder_of_key(token, email=email)
    if holder is None:
        raise problems.authentication_failed()
    return holder.actor


def _basic() -> Actor:
    # A browser that was once asked for a password sends it by itself too, and a password has no SameSite.
    if sent_by_another_site():
        raise problems.authentication_failed()
    # On the same machine nothing travels, so that a first try with a command line works.
    local = request.remote_addr in ("127.0.0.1", "::1") and "X-Forwarded-For" not in request.headers
    if not (request.is_secure or local):
        raise problems.https_only()
    given = request.authorization
    if given is None or given.username is None or given.password is None:
        raise problems.authentication_failed()
    if not is_storable(given.username + given.password):
        raise problems.authentication_failed()
    if is_key(given.password):
        return _of_key(given.password, given.username)
    check_passwords_count()
    limit = SignInLimit(given.username, request.remote_addr)
    actor = sign_in.actor_of_password(given.username, given.password, limit).actor
    # First: or whoever knows the password could begin anew to try codes.
    refuse_password_alone(actor)
    limit.right()
    return actor


def _cookie(token: str) -> Actor:
    if sent_by_another_site():
        return ANONYMOUS
    actor = actor_of_session(token)
    if actor is None:
        return ANONYMOUS
    if not may_write(sign_in.csrf_of(token)):
        raise problems.authentication_failed()
    return actor
