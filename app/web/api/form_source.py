"""In which format did the administrator send the form? Told by the Content-Type, as Central's clients send it."""

from __future__ import annotations

from urllib.parse import unquote

from flask import request

from app import problems
from app.services.compile_form import FormSource
from app.web.body import read_body

# The compiler has a lower limit of its own for workbooks; this one is for what is read into memory at all.
_MOST_BYTES = 20 * 1024 * 1024

TYPES = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-excel": ".xls",
    "text/csv": ".csv",
    "text/markdown": ".md",
    "application/xml": ".xml",
    "text/xml": ".xml",
}


def read_source() -> FormSource | None:
    """The form in the request's body; None without a body. Raises Problem 400.2, 413.1 or 415.1."""
    content = read_body("The form", _MOST_BYTES)
    if not content:
        return None
    kind = TYPES.get(request.mimetype)
    if kind is None:
        raise problems.unsupported_media_type(sorted(TYPES))
    fallback = request.headers.get("X-XlsForm-FormId-Fallback")
    return FormSource(content, kind, unquote(fallback) if fallback else None)
