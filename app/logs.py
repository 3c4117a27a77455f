"""What is written to the log? Events with names and safe facts; never a token, an answer or an address with either."""

from __future__ import annotations

import logging
import re
import sys
import time
from typing import Any

import structlog
from flask import Flask, Response, g, request

# What may stand in a library's own message: a token in a path or in a query.
_TOKEN_IN_PATH = re.compile(r"(/v1/(?:key|test)/)[^/\s?\"']+")
_TOKEN_IN_QUERY = re.compile(r"([?&]st=)[^&\s\"']+")


def mask(text: str) -> str:
    """The text without the tokens that an address may hold."""
    return _TOKEN_IN_QUERY.sub(r"\1…", _TOKEN_IN_PATH.sub(r"\1…", text))


class MaskTokens(logging.Filter):
    """Masks the finished message of every log record that passes."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = mask(record.getMessage()), None
        return True


def configure_logs(log_format: str) -> None:
    """Send every event to standard error, as text or as one JSON object a line."""
    final: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=24)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            final,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def install_request_log(app: Flask) -> None:
    """One event for each request: the route's pattern (not the address), status, time and who asked."""
    log = structlog.get_logger("sportel.request")

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        if request.endpoint not in ("health.live", "health.ready", "static"):
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
