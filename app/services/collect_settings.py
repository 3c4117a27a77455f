"""What does ODK Collect need to know, and how does it fit in a code to scan?

The code is base64(zlib(JSON)); the keys are those of Collect's settings schema. Settings that are not given take
Collect's defaults, so what protects the person is given: delete after sending, no screen for changing the server,
no list of sent forms, no analytics; and a password of the administrator's before any of that can be changed.
Sources: docs.getodk.org/collect-import-export; getodk/collect, settings/.../client-settings.schema.json.
"""

from __future__ import annotations

import base64
import io
import json
import secrets
import zlib
from dataclasses import dataclass
from typing import Any

import segno

from app.db import models

# One colour for each programme, so that a shared phone shows at a glance where one is.
_COLOURS = ("#00568f", "#7a3b00", "#2f6b2f", "#5b2a83")


@dataclass(frozen=True, repr=False)
class SettingsCode:
    """What is scanned, and the password that unlocks the phone's settings afterwards."""

    payload: str
    admin_password: str


def settings_code(project: models.Project, name: str, server_url: str, token: str, language: str) -> SettingsCode:
    """The code for one phone, with a fresh administrator's password."""
    password = f"{secrets.randbelow(10**8):08d}"
    settings = settings_of(project, name, server_url, token, language)
    settings["admin"]["admin_pw"] = password
    return SettingsCode(payload(settings), password)


def settings_of(project: models.Project, name: str, server_url: str, token: str, language: str) -> dict[str, Any]:
    """The settings document, without the administrator's password."""
    return {
        "general": {
            "protocol": "odk_default",
            "server_url": f"{server_url}/v1/key/{token}/projects/{project.id}",
            "username": "",
            "password": "",
            "form_update_mode": "match_exactly",
            "periodic_form_updates_check": "every_fifteen_minutes",
            "automatic_update": True,
            "autosend": "wifi_and_cellular",
            "delete_send": True,
            "constraint_behavior": "on_swipe",
            "app_language": language,
            "analytics": False,
            "metadata_username": name,
        },
        "admin": {
            "change_server": False,
            "delete_saved": False,
            "view_sent": False,
            "edit_saved": False,
            "save_as_draft": False,
            "save_mid": False,
            "analytics": False,
        },
        "project": {
            "name": project.name,
            "icon": project.name[:1].upper(),
            "color": _COLOURS[project.id % len(_COLOURS)],
        },
    }


def payload(settings: dict[str, Any]) -> str:
    """The text of the code."""
    document = json.dumps(settings, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(document, 9)).decode()


def picture(text: str, *, kind: str = "svg") -> bytes:
    """The code as a picture, `svg` or `png`, black on white with the quiet border that cameras need."""
    target = io.BytesIO()
    segno.make(text, error="l", micro=False).save(target, kind=kind, scale=4, border=4, light="#fff")
    return target.getvalue()


def terminal(text: str) -> str:
    """The code in characters, for a terminal."""
    target = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(target, compact=True)
    return target.getvalue()
