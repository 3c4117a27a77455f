"""A backup over the network, encrypted with a passphrase of the asker's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from flask import Response

from app.clock import now
from app.services.take_backup import take_backup
from app.web.door import Door, Here
from app.web.downloads import as_download
from app.web.schemas.access import PassphraseSchema

door = Door("backups", tag="Configuration")

_READ_BYTES = 1 << 16


@door.route(
    "POST",
    "/backup",
    verb="backup.run",
    summary="Take a backup away, encrypted with the passphrase; where the operator allows it",
    body=PassphraseSchema(),
    answer_types=("application/octet-stream",),
)
def run(here: Here, body: dict[str, Any]) -> Response:
    made, size_bytes = take_backup(here.actor, body["passphrase"])
    response = Response(_chunks(made), content_type="application/octet-stream")
    response.call_on_close(made.close)
    response.headers["Content-Length"] = str(size_bytes)
    response.headers["Content-Disposition"] = as_download(f"sportel-{now():%Y-%m-%dT%H-%M-%SZ}.age")
    return response


def _chunks(made: BinaryIO) -> Iterator[bytes]:
    with made:
        while chunk := made.read(_READ_BYTES):
            yield chunk
