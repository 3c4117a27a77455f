"""Is the process alive, and can it take a submission?"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from flask import Flask, Response, current_app, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.db import db
from app.db.head import expected_revision, present_revision
from app.permissions import ANYBODY
from app.problems import Problem
from app.runtime import runtime
from app.sealing.envelope import SealBroken
from app.services.keys import SERVER_KEYS, server_key
from app.storage.free_space import is_almost_full
from app.web.door import Door, Here

door = Door("health", tag="Health")

# Shorter than what watches a service waits for its answer.
ANSWER_SECONDS = 3.0


@door.route("GET", "/live", verb=ANYBODY, summary="Is the process alive?")
def live(here: Here) -> Response:
    return jsonify({"live": True})


@door.route("GET", "/ready", verb=ANYBODY, summary="Can a submission be taken? 503 and the reason if not")
def ready(here: Here) -> Response:
    asked = {name: begin(name, check) for name, check in _CHECKS.items()}
    checks = {name: _outcome(future) for name, future in asked.items()}
    faults = {name: fault for name, fault in checks.items() if fault is not None}
    response = jsonify({"ready": not faults} | {name: fault or "ok" for name, fault in checks.items()})
    response.status_code = 503 if faults else 200
    return response


def _outcome(check: Future[str | None]) -> str | None:
    try:
        return check.result(timeout=ANSWER_SECONDS)
    except TimeoutError:
        return f"did not answer within {ANSWER_SECONDS:g} s"
    except Exception:  # noqa: BLE001  (whatever it is, a submission would meet it too)
        return "cannot be checked"


def begin(name: str, work: Callable[[], Any]) -> Future[Any]:
    """Start the work on a thread of its own and give back its future: nobody waits for what hangs.

    While one of the same name is still running, that one is given back, so that hanging ones do not pile up.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    running: dict[str, Future[Any]] = app.extensions.setdefault("sportel-checks", {})
    with _lock:
        future = running.get(name)
        if future is None or future.done():
            future = running[name] = Future()
            Thread(target=_work, args=(app, work, future), name=f"check-{name}", daemon=True).start()
        return future


_lock = Lock()


def _work(app: Flask, work: Callable[[], Any], future: Future[Any]) -> None:
    try:
        with app.app_context():
            result = work()
    except BaseException as error:  # noqa: BLE001  (told to who asked)
        future.set_exception(error)
    else:
        future.set_result(result)


def _database() -> str | None:
    try:
        db.session.execute(text("SELECT 1"))
        present = present_revision()
    except SQLAlchemyError:
        return "cannot be reached"
    if present != expected_revision():
        return f"is at revision {present or 'none'}, expected {expected_revision()}; run: flask sportel setup"
    url = db.engine.url
    if url.get_backend_name() == "sqlite" and url.database:
        folder = Path(url.database).parent
        if not os.access(folder, os.W_OK):
            return "its folder cannot be written"
        if is_almost_full(folder):
            return "less than 5 % of its disk is free"
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
    return runtime().store.fault()


_CHECKS: dict[str, Callable[[], str | None]] = {"database": _database, "key": _key, "storage": _storage}
