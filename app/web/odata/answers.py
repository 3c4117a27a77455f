"""In which documents does a feed answer, and how does a client find the next page?"""

from __future__ import annotations

import json
from collections.abc import Iterable
from urllib.parse import urlencode

from flask import Response, request

from app.web.addresses import api_url, segment
from app.web.odata.options import refuse_old_clients

JSON = "application/json; odata.metadata=minimal; charset=utf-8"


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
