"""What is written to the log? Events with names and safe facts; never a token, an answer or an address with either.

Our own events are structlog's; what libraries say through the standard logging goes through SafeFormatter, which
lets pass only what cannot be somebody's words.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
import threading
import time
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog
from flask import Flask, Response, g, request

from app.json_text import json_text

_Event = MutableMapping[str, Any]
_Render = Callable[[Any, str, _Event], Any]

# What may stand in a text: a token in a path or in a query, any long run of a token's characters, credentials in a
# header or an address, what S3 signs with.
_SECRETS = (
    (re.compile(r"((?:/|%2[Ff])(?:key|test)(?:/|%2[Ff]))[^/\s?\"']+"), r"\1…"),
    (re.compile(r"([?&](?:st|X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token)=)[^&\s\"']+"), r"\1…"),
    (re.compile(r"[A-Za-z0-9!$_-]{64,}"), "…"),
    (re.compile(r"\b(Bearer|Basic) +[^\s\"',]+", re.IGNORECASE), r"\1 …"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/\s@\"']+@"), r"\1…@"),
)
# Without one of these, or so many characters, none of the above is in it: most texts are looked at once.
_MAY_HOLD_SECRETS = re.compile(r"[/%=@ ]|.{64}", re.DOTALL)
# Where somebody else's words begin in a library's message: a quotation mark, Python's notation of bytes, a tag.
_QUOTED = re.compile(r"(?<![A-Za-z])[bru]?['\"].*|<.*", re.DOTALL)
_MOST_CHARACTERS = 300
_REQUEST_ID = re.compile(r"[0-9a-f]{16,64}")
# What asks all the time and tells nothing.
_UNLOGGED = frozenset({"health.live", "health.ready", "metrics.metrics", "static"})


def mask(text: str) -> str:
    """The text without the tokens and credentials that it may hold."""
    if _MAY_HOLD_SECRETS.search(text) is None:
        return text
    for pattern, kept in _SECRETS:
        text = pattern.sub(kept, text)
    return text


def place_of(error: BaseException) -> str:
    """The innermost of our own lines that the error came through, such as `services/uploads.py:57`."""
    trace, place = error.__traceback__, "?"
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "/app/" in file or "/forms/" in file:
            place = f"{'/'.join(file.rsplit('/', 2)[-2:])}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _safe_message(record: logging.LogRecord) -> str:
    """The first line of a library's message up to where a quotation begins; of an exception only its type."""
    if isinstance(record.msg, BaseException):
        return type(record.msg).__name__
    if isinstance(record.args, tuple):
        record.args = tuple(type(each).__name__ if isinstance(each, BaseException) else each for each in record.args)
    try:
        message = record.getMessage()
    except Exception:  # noqa: BLE001  (a message that does not fit its arguments must not stop what it tells of)
        message = str(record.msg)
    first_line = message.partition("\n")[0]
    return mask(_QUOTED.sub("…", first_line)[:_MOST_CHARACTERS])


class SafeFormatter(logging.Formatter):
    """A library's record as one of our events. Of an exception it tells type and place: its text may hold an answer."""

    def __init__(self, render: _Render) -> None:
        super().__init__()
        self._render = render

    def format(self, record: logging.LogRecord) -> str:
        event: _Event = {
            "event": _safe_message(record),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            event.update(error=type(error).__name__, place=place_of(error))
        event = structlog.contextvars.merge_contextvars(None, "", event)
        return str(self._render(None, "", event))


class SafeHandler(logging.StreamHandler[TextIO]):
    """Standard error, whatever that is at the moment."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _: TextIO) -> None:
        pass


def _mask_values(_logger: Any, _method: str, event: _Event) -> _Event:
    return {name: mask(value) if isinstance(value, str) else value for name, value in event.items()}


def renderer(log_format: str) -> _Render:
    """Text for people, or one JSON object a line."""
    if log_format == "json":
        return structlog.processors.JSONRenderer(json_text)
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=24)


def configure_logs(log_format: str) -> None:
    """Send every event, ours and the libraries', to standard error."""
    render = renderer(log_format)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _mask_values,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, SafeHandler)]:
        root.removeHandler(handler)
    handler = SafeHandler()
    handler.setFormatter(SafeFormatter(render))
    root.addHandler(handler)
    # Below this, libraries tell what they send and receive.
    root.setLevel(logging.WARNING)


def hook_uncaught() -> None:
    """Log what nobody catches as type and place; Python itself would print its text."""
    log = structlog.get_logger("sportel.process")

    def tell(error: BaseException | None, where: str) -> None:
        if error is not None:
            log.error("uncaught", error=type(error).__name__, place=place_of(error), where=where)

    sys.excepthook = lambda _type, error, _trace: tell(error, "main")
    sys.unraisablehook = lambda found: tell(found.exc_value, "unraisable")
    threading.excepthook = lambda found: tell(found.exc_value, found.thread.name if found.thread else "thread")


def install_request_log(app: Flask, *, behind_proxy: bool = False) -> None:
    """One event for each request: the route's pattern (not the address), status, time, who asked, and the request's ID.

    `behind_proxy`: the proxy's own X-Request-Id is taken over, so that its log and ours can be laid side by side.
    """
    log = structlog.get_logger("sportel.request")

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-Id", "") if behind_proxy else ""
        g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        g.began = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        if request.endpoint not in _UNLOGGED:
            actor = g.get("actor")
            log.info(
                "request",
                method=request.method,
                route=str(request.url_rule) if request.url_rule is not None else None,
                status=response.status_code,
                ms=round((time.perf_counter() - g.began) * 1000, 1),
                actor=actor.id if actor is not None and actor.id else None,
            )
        return response

    @app.teardown_request
    def forget(_error: BaseException | None) -> None:
        structlog.contextvars.clear_contextvars()
