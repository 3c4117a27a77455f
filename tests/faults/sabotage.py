"""Services that break their word on purpose: the drills must find them. And ones that a drill needs a little different.

Each is a WSGI application for gunicorn, the shipped one with something around it (`Service(entry="…sabotage:hasty")`).
"""

from __future__ import annotations

import io
import itertools
import os
import re
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from threading import Thread
from typing import Any

import app.clock as clock
from app.db import engine

# Before the application is loaded, which may make a connection.
engine.BUSY_SECONDS = int(os.environ.get("DRILL_BUSY_SECONDS", str(engine.BUSY_SECONDS)))

from app.services.worker import Worker  # noqa: E402
from wsgi import app  # noqa: E402

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_count = itertools.count(1)
_EVERY_FIFTH = re.compile(rb"<number>\d*[05]</number>")


def _is_submission(environ: Environ) -> bool:
    return environ["REQUEST_METHOD"] == "POST" and str(environ["PATH_INFO"]).endswith("/submission")


def _say_taken(start_response: StartResponse) -> list[bytes]:
    start_response("201 Created", [("Content-Type", "text/xml"), ("Content-Length", "0")])
    return [b""]


def forgetful(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Says 201 to every tenth submission and throws it away."""
    if _is_submission(environ) and next(_count) % 10 == 0:
        environ["wsgi.input"].read()
        return _say_taken(start_response)
    return app(environ, start_response)


def hasty(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Says 201 before anything is written, and writes a moment later: right as long as nobody kills it."""
    if not _is_submission(environ):
        return app(environ, start_response)
    body = environ["wsgi.input"].read()
    later = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}

    def write() -> None:
        time.sleep(0.3)
        for _ in app(later, lambda *_: None):
            pass

    Thread(target=write).start()
    return _say_taken(start_response)


def careless(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Changes one byte of every fifth submission, in each of its requests alike."""
    if _is_submission(environ):
        body = environ["wsgi.input"].read()
        if _EVERY_FIFTH.search(body):
            body = body.replace(b"<who>P", b"<who>Q", 1)
        environ = {**environ, "wsgi.input": io.BytesIO(body)}
    return app(environ, start_response)


# Not a lie, only less patience with another writer than the shipped application has.
impatient = app
# Some of its workers get no thread at first: as many as there are files in a folder.
wanting = app
# Nor is this: its clock is as many seconds off as a file says.
shifted = app


class _Shifted(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + timedelta(seconds=float(Path(os.environ["DRILL_CLOCK"]).read_text("ascii")))


if "DRILL_CLOCK" in os.environ:
    clock.datetime = _Shifted  # type: ignore[misc]

if "DRILL_NO_THREAD" in os.environ:
    _start = Worker.start

    def _start_unless_told(self: Worker) -> None:
        for told in Path(os.environ["DRILL_NO_THREAD"]).iterdir():
            told.unlink(missing_ok=True)
            raise MemoryError
        _start(self)

    Worker.start = _start_unless_told  # type: ignore[method-assign]
