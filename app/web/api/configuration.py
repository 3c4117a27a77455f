"""What an administrator sets for the whole site, and what of it everybody sees.

Usage reports are switched off: this server sends none, and says so where a client asks.
"""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Response

from app import problems, problems_administration
from app.clock import to_iso
from app.db import models
from app.db.queries import configs as queries
from app.permissions import ANYBODY
from app.services import configuration as service
from app.services.configuration import ANALYTICS, LOGIN_APPEARANCE, PICTURES, PUBLIC
from app.services.preview_file import MEDIA_TYPE
from app.web.body import JSON_BYTES, read_body
from app.web.door import Door, Here, parse_json, success
from app.web.files import bytes_response
from app.web.schemas import SuccessSchema

door = Door("configuration", tag="Configuration")

_ONE = "/config/<key>"
_ANY = ("application/json", MEDIA_TYPE)
_SILENT = {"key": ANALYTICS, "value": {"enabled": False}, "setAt": None}


@door.route(
    "GET",
    "/config/public",
    verb=ANYBODY,
    summary="What everybody sees of the site's configuration",
    answer_types=("application/json",),
)
def public(here: Here) -> dict[str, Any]:
    return {each.key: _shown(each) for each in queries.configs(PUBLIC)}


@door.route("GET", "/config/public/<key>", verb=ANYBODY, summary="One of it", answer_types=_ANY)
def public_one(here: Here, key: str) -> Any:
    if key not in PUBLIC:
        raise problems.insufficient_rights()
    return _answer(key)


@door.route("GET", _ONE, verb="config.read", summary="One setting of the site", answer_types=_ANY)
def get(here: Here, key: str) -> Any:
    return _SILENT if key == ANALYTICS else _answer(key)


@door.route(
    "POST",
    _ONE,
    verb="config.set",
    summary="Set one: login-appearance as JSON, logo and hero-image as a picture",
    body_types=("application/json", "image/jpeg", "image/png", "image/webp"),
    answer_types=("application/json",),
)
def post(here: Here, key: str) -> dict[str, Any]:
    if key in PICTURES:
        service.set_picture(here.actor, key, read_body("The picture", service.MOST_PICTURE_BYTES))
    elif key == LOGIN_APPEARANCE:
        service.set_login_appearance(here.actor, _document())
    elif key == ANALYTICS:
        if _document().get("enabled") is True:
            raise problems_administration.analytics_not_configured()
        return _SILENT
    else:
        raise _unknown(key)
    (found,) = queries.configs({key})
    return _shown(found)


@door.route("DELETE", _ONE, verb="config.set", summary="Unset one", returns=SuccessSchema())
def delete(here: Here, key: str) -> dict[str, bool]:
    if key not in PUBLIC | {ANALYTICS}:
        raise _unknown(key)
    service.unset(here.actor, key)
    return success()


@door.route(
    "GET",
    "/analytics/preview",
    verb="config.read",
    summary="The usage report that this server would send: it sends none",
    answer_types=("application/json",),
)
def analytics_preview(here: Here) -> Response:
    raise problems_administration.analytics_not_configured()


def _document() -> dict[str, Any]:
    given = parse_json(read_body("The body", JSON_BYTES) or b"{}", "send an object with named fields")
    if not isinstance(given, dict):
        raise problems.wrong_type("the body", "an object with named fields")
    return given


def _unknown(key: str) -> problems.Problem:
    return problems.unexpected_value("key", "there is no such setting, or it cannot be set", key)


def _answer(key: str) -> Any:
    found = queries.config(key)
    if found is None:
        raise problems.not_found()
    if found.picture is None:
        return _shown(found)
    return bytes_response(found.picture, MEDIA_TYPE, hashlib.sha256(found.picture).hexdigest())


def _shown(found: models.Config) -> dict[str, Any]:
    what = {"blobExists": True} if found.key in PICTURES else {"value": found.value}
    return {"key": found.key, "setAt": to_iso(found.set_at)} | what
