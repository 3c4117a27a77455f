"""Which headers make an answer an OpenRosa answer? Without the version, Collect takes it for a login page."""

from __future__ import annotations

from email.utils import format_datetime

from flask import Response

from app.clock import now
from app.runtime import runtime


def openrosa_headers(response: Response) -> Response:
    """Add the version, the server's time and the most that one request may hold."""
    response.headers["X-OpenRosa-Version"] = "1.0"
    response.headers["X-OpenRosa-Accept-Content-Length"] = str(runtime().settings.max_request_bytes)
    response.headers["Date"] = format_datetime(now(), usegmt=True)
    return response


def openrosa_response(document: str, status: int = 200) -> Response:
    """An XML document as OpenRosa clients want it."""
    return openrosa_headers(Response(document, status=status, content_type="text/xml; charset=utf-8"))
