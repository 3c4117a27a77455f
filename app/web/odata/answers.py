"""In which documents does a feed answer, and how does a client find the next page?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from urllib.parse import urlencode

from flask import Response, request, stream_with_context

from app.web.addresses import api_url, segment
from app.web.odata.options import refuse_old_clients

JSON = "application/json; odata.metadata=minimal; charset=utf-8"

# A page of at most so many rows is made whole before it leaves, unless it grows larger than that.
ROWS_HELD, BYTES_HELD = 500, 8_000_000


def is_held(top: int | None) -> bool:
    """Is a page of at most `top` rows made whole before it leaves? Otherwise it is streamed."""
    return top is not None and top <= ROWS_HELD


def held_answer(pieces: Iterator[bytes]) -> Response:
    """A page that is made whole first, and not sent if the client says that it has just this one.

    To ask all rows of a table whether one of them has changed would cost more than a page of them.
    """
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size > BYTES_HELD:
            return streamed_answer(chain(held, pieces), None)
    body = b"".join(held)
    etag = etag_of(body)
    return unchanged(etag) or _with_etag(Response(body, content_type=JSON), etag)


def streamed_answer(pieces: Iterator[bytes], etag: str | None) -> Response:
    """Rows that leave while they are read, however many they are."""
    return _with_etag(Response(stream_with_context(pieces), content_type=JSON), etag)


def unchanged(etag: str | None) -> Response | None:
    """The answer to a client that says that it has what has this ETag; None if it does not."""
    if etag is None or not request.if_none_match.contains_weak(etag):
        return None
    return _with_etag(Response(status=304), etag)


def etag_of(content: bytes) -> str:
    """Of a page, or of all that it depends on."""
    return hashlib.sha256(content).hexdigest()[:32]


def _with_etag(response: Response, etag: str | None) -> Response:
    if etag is not None:
        response.set_etag(etag, weak=True)
    return as_odata(response)


def as_odata(response: Response) -> Response:
    """With the header that says which OData this is."""
    response.headers["OData-Version"] = "4.0"
    return response


def service_answer(root: str, tables: Iterable[str]) -> Response:
    """Which tables there are. `root`: the address of the service. Raises Problem 404.1 for an old client."""
    refuse_old_clients()
    document = {
        "@odata.context": f"{root}/$metadata",
        "value": [{"name": name, "kind": "EntitySet", "url": name} for name in tables],
    }
    return as_odata(Response(json.dumps(document), content_type=JSON))


def metadata_answer(document: str) -> Response:
    """What the tables hold. Raises Problem 404.1 for an old client."""
    refuse_old_clients()
    return as_odata(Response(document, content_type="application/xml; charset=utf-8"))


def next_link(token: str | None, skip: int | None) -> str | None:
    """The address of the next page: this one's, with the place where it begins; None if there is none."""
    if token is None and skip is None:
        return None
    left = {name: text for name, text in request.args.items() if name not in ("$skip", "$skiptoken", "st")}
    where = {"$skip": str(skip)} if skip is not None else {"$skiptoken": str(token)}
    path = "/".join(segment(part) for part in request.path.removeprefix("/v1/").split("/"))
    return f"{api_url()}/{path}?{urlencode(left | where, safe='$*,')}"
