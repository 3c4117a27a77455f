"""How do files go out? Byte for byte; a form's with the ETag that lets a phone fetch once, people's kept nowhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from flask import Response, request, stream_with_context
from werkzeug.utils import get_content_type

from app import problems
from app.db import models
from app.db.queries import forms as queries
from app.permissions import Actor
from app.services.audit_reads import read_phone_list
from app.services.open_forms import entity_list_file
from app.web.downloads import as_download


def bytes_response(
    content: bytes, content_type: str, etag: str, *, download: str | None = None, keep: bool = True
) -> Response:
    """The bytes, or 304 if the client has them. `download` is the name to save them under.

    A form is nobody's secret among those who may fill it: a cache of the client's own may `keep` it.
    """
    if "charset" not in content_type.lower():
        content_type = get_content_type(content_type, "utf-8")
    response = Response(content, content_type=content_type)
    response.set_etag(etag)
    if keep:
        response.headers["Cache-Control"] = "private, must-revalidate"
    if download is not None:
        response.headers["Content-Disposition"] = as_download(download)
    response.make_conditional(request)
    return response


def sent_file_response(chunks: Iterator[bytes], name: str, size_bytes: int | None) -> Response:
    """A file that somebody sent. Its type is the sender's word: a browser is told to save it, never to show it."""
    response = Response(stream_with_context(chunks), content_type="application/octet-stream")
    response.headers["Content-Disposition"] = as_download(name)
    if size_bytes is not None:
        response.headers["Content-Length"] = str(size_bytes)
    return response


def xform_response(version: models.FormVersion) -> Response:
    """The XForm as it was compiled or uploaded."""
    return bytes_response(queries.version_xml(version.id), "text/xml; charset=utf-8", version.sha256)


XLSFORM_MEDIA_TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xls": "application/vnd.ms-excel",
    ".csv": "text/csv",
    ".md": "text/markdown",
}


def xlsform_response(form: models.Form, version: models.FormVersion) -> Response:
    """The workbook that the version was compiled from. Raises Problem 404.1 if it came as XML."""
    content = queries.version_xlsform(version.id)
    if content is None or version.xlsform_type is None:
        raise problems.not_found()
    return bytes_response(
        content,
        XLSFORM_MEDIA_TYPES[version.xlsform_type],
        hashlib.sha256(content).hexdigest(),
        download=form.xml_form_id + version.xlsform_type,
    )


def form_file_response(file: models.FormAttachment, actor: Actor) -> Response:
    """A form's file; an entity list is drawn for the actor's office. Raises Problem 404.1 while it is not there."""
    if file.dataset_id is not None:
        drawn = entity_list_file(file, actor)
        if actor.id:  # who tries a draft without signing in gets an empty list
            read_phone_list(actor, file.dataset_id, drawn.count)
        return bytes_response(drawn.content, "text/csv; charset=utf-8", drawn.md5, download=file.name, keep=False)
    if file.content is None or file.md5 is None:
        raise problems.not_found()
    return bytes_response(file.content, file.content_type or "application/octet-stream", file.md5, download=file.name)
