"""Is the process alive, and can it take a submission?"""

from __future__ import annotations

import os
import shutil
from typing import Any

from flask import Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.db import db
from app.db.head import expected_revision, present_revision
from app.permissions import ANYBODY
from app.problems import Problem
from app.runtime import runtime
from app.sealing.envelope import SealBroken
from app.services.keys import SERVER_KEYS, server_key
from app.web.door import Door, Here

door = Door("health", tag="Health")

_LEAST_FREE_SHARE = 0.05


@door.route("GET", "/live", verb=ANYBODY, summary="Is the process alive?")
def live(here: Here) -> Response:
    return jsonify({"live": True})


@door.route("GET", "/ready", verb=ANYBODY, summary="Can a submission be taken? 503 and the reason if not")
def ready(here: Here) -> Response:
    checks: dict[str, Any] = {"database": _database(), "key": _key(), "storage": _storage()}
    faults = {name: fault for name, fault in checks.items() if fault is not None}
    response = jsonify({"ready": not faults} | {name: fault or "ok" for name, fault in checks.items()})
    response.status_code = 503 if faults else 200
    return response


def _database() -> str | None:
    try:
        db.session.execute(text("SELECT 1"))
        present = present_revision()
    except SQLAlchemyError:
        return "cannot be reached"
    if present != expected_revision():
        return f"is at revision {present or 'none'}, expected {expected_revision()}; run: flask sportel setup"
    return None


def _key() -> str | None:
    try:
        for purpose in SERVER_KEYS:
            server_key(purpose)
    except SQLAlchemyError:
        return "cannot be checked without the database"
    except SealBroken:
        return "the key file is not the one that this database was sealed with"
    except Problem:
        return "is not set up; run: flask sportel setup"
    return None


def _storage() -> str | None:
    folder = runtime().settings.blob_folder
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return "the folder cannot be written"
    usage = shutil.disk_usage(folder)
    if usage.free < usage.total * _LEAST_FREE_SHARE:
        return "less than 5 % of the disk is free"
    return None
