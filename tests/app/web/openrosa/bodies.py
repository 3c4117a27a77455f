"""Multipart bodies byte by byte, for what a well-behaved client never sends."""

from __future__ import annotations

import io
from typing import Any

from werkzeug.test import TestResponse

from tests.support.backend import AppUser

BOUNDARY = "----Boundary7"


def part(headers: str, content: bytes) -> bytes:
    """One part: `headers` without the trailing line break."""
    return f"--{BOUNDARY}\r\n{headers}\r\n\r\n".encode() + content + b"\r\n"


def xml_part(xml: str | bytes, filename: str | None = "s.xml") -> bytes:
    """The XML's part."""
    content = xml.encode() if isinstance(xml, str) else xml
    name = "" if filename is None else f'; filename="{filename}"'
    return part(f'Content-Disposition: form-data; name="xml_submission_file"{name}\r\nContent-Type: text/xml', content)


def file_part(filename: str, content: bytes) -> bytes:
    """A file's part, named like the file as Collect does."""
    return part(
        f'Content-Disposition: form-data; name="{filename}"; filename="{filename}"\r\nContent-Type: image/jpeg', content
    )


def body(*parts: bytes) -> bytes:
    """A whole body."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def post(phone: AppUser, content: bytes, **options: Any) -> TestResponse:
    """POST these bytes."""
    return phone.client.post(
        f"{phone.at}/submission", data=content, content_type=f"multipart/form-data; boundary={BOUNDARY}", **options
    )


def post_chunked(phone: AppUser, content: bytes) -> TestResponse:
    """POST these bytes without a length, as a server hands on a chunked body."""
    return phone.client.post(
        f"{phone.at}/submission",
        input_stream=io.BytesIO(content),
        content_type=f"multipart/form-data; boundary={BOUNDARY}",
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
