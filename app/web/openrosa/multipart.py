"""What did the phone send? Reads multipart/form-data as a stream: the XML into memory, files sealed into the storage.

Werkzeug's own form parsing answers a cut body with an empty form and no error; this reader says so. It also never
lets a file lie in clear on disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from flask import request
from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser
from werkzeug.http import parse_options_header

from app import problems
from app.config import Settings
from app.services.uploads import StoredFile, discard_files, store_file
from app.web.body import BodyCut, raw_chunks

XML_PART = "xml_submission_file"
_MAX_FIELD_BYTES = 64 * 1024
# A file's name of 255 characters may take four bytes each, and percent-encoding three times that.
_MAX_HEADER_BYTES = 8 * 1024
_MAX_NAME_CHARACTERS = 255

# What the parser gives: a part's head, a piece of its bytes, or None at its end.
Event: TypeAlias = MultipartSegment | bytes | bytearray | None


@dataclass
class Upload:
    """What one request brought. `fields` are small texts such as Collect's `*isIncomplete*`."""

    xml: bytes | None = None
    files: list[StoredFile] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)


def read_upload(settings: Settings) -> Upload:
    """Read the request's body. Raises Problem 400.2, 400.39 or 413.1; nothing is left in the storage then."""
    if request.mimetype != "multipart/form-data":
        raise problems.missing_parameter(XML_PART, "send multipart/form-data with the XML in that part")
    boundary = request.mimetype_params.get("boundary", "")
    if not boundary or len(boundary) > 200 or not boundary.isascii():
        raise problems.multipart_unreadable("its header names no usable boundary")
    upload = Upload()
    try:
        _read_parts(_events(boundary, settings), upload, settings)
        if upload.xml is None:
            raise problems.missing_parameter(XML_PART)
    except BaseException:
        discard_files(upload.files)
        raise
    return upload


def _events(boundary: str, settings: Settings) -> Iterator[Event]:
    """For each part its head, its bytes in pieces, then None. Ends only after the closing boundary, or raises."""
    parser = PushMultipartParser(
        boundary,
        max_header_size=_MAX_HEADER_BYTES,
        max_segment_count=settings.max_request_parts,
        header_charset="utf8",
    )
    try:
        for chunk in _chunks(settings.max_request_bytes):
            if not parser.closed:
                yield from parser.parse(chunk)
        parser.close()
    except ParserLimitReached:
        raise problems.multipart_unreadable(
            f"it has more than {settings.max_request_parts} parts, or one whose header is too long; a file name has at"
            " most 255 characters"
        ) from None
    except MultipartError:
        raise problems.multipart_unreadable("it is cut or malformed") from None


def _chunks(max_bytes: int) -> Iterator[bytes]:
    try:
        yield from raw_chunks("The request", max_bytes)
    except BodyCut:
        raise problems.multipart_unreadable("the connection ended before the whole body had come") from None


def _read_parts(events: Iterator[Event], upload: Upload, settings: Settings) -> None:
    for part in events:
        assert isinstance(part, MultipartSegment)  # a part's bytes are consumed below
        if part.name == XML_PART:
            _take_xml(events, upload, settings)
        elif filename := part.filename or _extended_name(part):
            _take_file(filename, part, events, upload, settings)
        else:
            _take_field(part.name or "", events, upload)


def _extended_name(part: MultipartSegment) -> str | None:
    """A name written as `filename*=UTF-8''…` (RFC 5987), which forms should not use and some clients do."""
    _, options = parse_options_header(part.header("Content-Disposition"))
    return options.get("filename")


def _data(events: Iterator[Event]) -> Iterator[bytes]:
    """The bytes of the part that has begun."""
    for event in events:
        if event is None:
            return
        assert not isinstance(event, MultipartSegment)
        yield bytes(event)


def _collect(events: Iterator[Event], what: str, max_bytes: int) -> bytes:
    content = bytearray()
    for chunk in _data(events):
        content += chunk
        if len(content) > max_bytes:
            raise problems.too_large(what, max_bytes)
    return bytes(content)


def _take_xml(events: Iterator[Event], upload: Upload, settings: Settings) -> None:
    if upload.xml is not None:
        raise problems.multipart_unreadable(f"it has the part {XML_PART} twice")
    upload.xml = _collect(events, "The submission XML", settings.max_xml_bytes)


def _take_file(
    filename: str, part: MultipartSegment, events: Iterator[Event], upload: Upload, settings: Settings
) -> None:
    # The name is data: it names a row, never a path.
    if len(filename) > _MAX_NAME_CHARACTERS or not filename.isprintable():
        raise problems.multipart_unreadable(
            f"a file name is longer than {_MAX_NAME_CHARACTERS} characters or has control characters"
        )
    stated = "".join(each for each in (part.header("Content-Type") or "") if each.isprintable())
    content_type = stated[:255] or "application/octet-stream"
    upload.files.append(store_file(filename, content_type, _data(events), max_bytes=settings.max_file_bytes))


def _take_field(name: str, events: Iterator[Event], upload: Upload) -> None:
    content = _collect(events, "A form field", _MAX_FIELD_BYTES)
    upload.fields[name[:_MAX_NAME_CHARACTERS]] = content.decode("utf-8", "replace")
