"""How does a fault become an answer? JSON as Central's, XML for OpenRosa clients; never a stack, never an answer."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

import structlog
from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, NoResultFound, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from app import problems
from app.db.engine import is_full
from app.logs import place_of
from app.problems import Problem
from app.sealing.envelope import SealBroken
from app.storage import BlobMissing, StorageFull, StorageUnavailable
from app.web.metrics import problem_answered, storage_failed
from app.web.openrosa.headers import openrosa_headers

log = structlog.get_logger("sportel.web")

RETRY_SECONDS = 5


def openrosa_message(text: str, nature: str) -> str:
    """An OpenRosa response document; Collect shows the message to the user."""
    return (
        '<OpenRosaResponse xmlns="http://openrosa.org/http/response" items="0">'
        f'<message nature="{nature}">{escape(text)}</message></OpenRosaResponse>'
    )


def problem_response(problem: Problem) -> Response:
    """The problem in the language of the door that it happened at."""
    problem_answered(problem)
    if getattr(g, "speaks_openrosa", False):
        body, mimetype = openrosa_message(problem.message, "error"), "text/xml"
    elif getattr(g, "speaks_odata", False) and _asks_for_xml():
        body, mimetype = odata_message(problem), "application/xml"
    else:
        document: dict[str, Any] = {"message": problem.message, "code": problem.code}
        if problem.details is not None:
            document["details"] = problem.details
        body, mimetype = json.dumps(document, ensure_ascii=False), "application/json"
    response = Response(body, status=problem.status, mimetype=mimetype)
    if getattr(g, "speaks_openrosa", False):
        openrosa_headers(response)
    if problem.status == 401 and getattr(g, "speaks_openrosa", False):
        # Only here: in a browser this header opens a window that asks for a password.
        response.headers["WWW-Authenticate"] = 'Basic realm="Sportel", charset="UTF-8"'
    if problem.status == 503:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    if problem.status == 429 and problem.details is not None and "retryAfterSeconds" in problem.details:
        response.headers["Retry-After"] = str(problem.details["retryAfterSeconds"])
    return response


def odata_message(problem: Problem) -> str:
    """The error document of OData clients that read XML."""
    details = "" if problem.details is None else json.dumps(problem.details, ensure_ascii=False)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<error code="{problem.code}">'
        f"<message>{escape(problem.message)}</message><details>{escape(details)}</details></error>"
    )


def _asks_for_xml() -> bool:
    """Of the metadata there is nothing but XML; of the tables JSON, unless the client takes XML alone."""
    kinds = request.accept_mimetypes
    return request.path.endswith("/$metadata") or (
        bool(kinds) and kinds["application/json"] == 0 and kinds["application/xml"] > 0
    )


def install_error_handlers(app: Flask) -> None:
    """Every exception ends here."""
    app.register_error_handler(Problem, problem_response)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(StatementError, _statement_error)
    app.register_error_handler(NoResultFound, _gone_meanwhile)
    app.register_error_handler(PoolTimeout, lambda _: problem_response(problems.unavailable()))
    app.register_error_handler(StorageFull, _storage_full)
    app.register_error_handler(StorageUnavailable, _storage_error)
    app.register_error_handler(MemoryError, _no_memory)
    app.register_error_handler(Exception, _unexpected)


def _http_error(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        return problem_response(problems.too_large("The request", request.max_content_length or 0))
    if error.code in (404, 405):
        return problem_response(_unrouted())
    if error.code == 308 or error.response is not None:
        return error.get_response()  # type: ignore[return-value]  # werkzeug's Response is Flask's here
    status = error.code or 500
    return problem_response(Problem(status + 0.1, error.description or error.name))


def _unrouted() -> Problem:
    first = request.path.lstrip("/").split("/", 1)[0]
    if first == "v1":
        return problems.not_found()
    if first[:1] == "v" and first[1:].isdigit():
        return problems.unexpected_api_version(first[1:])
    return problems.missing_api_version()


def _database_error(error: DBAPIError) -> Response:
    if isinstance(error, IntegrityError):
        # Two at once wanted what can be there once, and this is the one that came second.
        return _lost_race(error)
    if is_full(error):
        log.error("database.full")
        return problem_response(problems.storage_full())
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        log.warning("database.unavailable", kind=type(error.orig).__name__)
        return problem_response(problems.unavailable())
    return _unexpected(error)


def _statement_error(error: StatementError) -> Response:
    """A statement that never got to the driver."""
    return _no_memory(error) if isinstance(error.orig, MemoryError) else _unexpected(error)


def _lost_race(error: IntegrityError) -> Response:
    """Two asked for the same at the same moment, and the database let one of them pass."""
    log.warning("database.conflict", place=place_of(error), route=request.endpoint)
    if getattr(g, "speaks_openrosa", False):
        # A phone sends again by itself, and is answered by what is there then.
        return problem_response(problems.unavailable("the same was changed at the same moment"))
    return problem_response(problems.taken_meanwhile())


def _gone_meanwhile(error: NoResultFound) -> Response:
    """What had just been found was deleted for good before it could be locked or read again."""
    log.warning("database.gone", place=place_of(error), route=request.endpoint)
    if getattr(g, "speaks_openrosa", False):
        # A phone sends again by itself, and hears then what became of it.
        return problem_response(problems.unavailable("the same was deleted at the same moment"))
    return problem_response(problems.not_found())


def _storage_full(error: StorageFull) -> Response:
    storage_failed(error)
    log.error("storage.full")
    return problem_response(problems.storage_full())


def _storage_error(error: StorageUnavailable) -> Response:
    storage_failed(error)
    log.error("storage.unavailable", error=str(error))  # the name of the system's error, such as EROFS
    return problem_response(problems.unavailable("the storage cannot be written"))


def _no_memory(error: Exception) -> Response:
    """This process has none left; another one, or a later moment, may have."""
    log.error("memory.ended", place=place_of(error), route=request.endpoint)
    return problem_response(problems.unavailable("the server has no memory left"))


def _unexpected(error: Exception) -> Response:
    if isinstance(error, BlobMissing):
        storage_failed(error)
    kind = "seal.broken" if isinstance(error, SealBroken) else "unexpected"
    # The text of an exception may hold what a person answered; its type and its place may not.
    log.error(kind, error=type(error).__name__, place=place_of(error), route=request.endpoint)
    problem = problems.internal_error()
    # The log's lines of this request have it too, as `request`.
    problem.details = {"reference": g.request_id}
    return problem_response(problem)
