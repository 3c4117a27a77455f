"""How is a request's body read, whole or not at all?

A server may end the input where the connection ended. So what came is counted and compared with what was announced:
a body that is cut must never pass for a smaller whole one.
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from app import problems

_READ_BYTES = 64 * 1024
JSON_BYTES = 1024 * 1024
_READ = "sportel.body"


class BodyCut(Exception):
    """The connection ended before the whole body had come."""


def raw_chunks(what: str, max_bytes: int) -> Iterator[bytes]:
    """The body in pieces. Raises Problem 413.1 over the limit, BodyCut at its end if a part is missing."""
    announced = request.content_length
    if announced is not None and announced > max_bytes:
        raise problems.too_large(what, max_bytes)
    total = 0
    while True:
        try:
            chunk = request.stream.read(_READ_BYTES)
        except RequestEntityTooLarge:
            # Over the limit of the whole request, which may be the lower one.
            raise problems.too_large(what, min(max_bytes, request.max_content_length or max_bytes)) from None
        except (ClientDisconnected, OSError, ParseException):
            # The last is gunicorn's: a chunk that is malformed, or cut at its end.
            raise BodyCut from None
        if not chunk:
            break
        total += len(chunk)
        if total > max_bytes:
            raise problems.too_large(what, max_bytes)
        yield chunk
    if announced is not None and total != announced:
        raise BodyCut


def body_chunks(what: str, max_bytes: int) -> Iterator[bytes]:
    """The body in pieces. Raises Problem 413.1 over the limit, 400.1 at its end if it was cut."""
    try:
        yield from raw_chunks(what, max_bytes)
    except BodyCut:
        raise problems.unparseable(
            "a whole body", "the connection ended before all of it had come; send it again"
        ) from None


def read_body(what: str, max_bytes: int) -> bytes:
    """The whole body; the same again for a second reader. Raises Problem 400.1 or 413.1."""
    # The proof against forged requests may lie in the form that the view then reads.
    body: bytes | None = request.environ.get(_READ)
    if body is None:
        body = request.environ[_READ] = b"".join(body_chunks(what, max_bytes))
    if len(body) > max_bytes:
        raise problems.too_large(what, max_bytes)
    return body
