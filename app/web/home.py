"""What does a person see who opens the server's address: where to go, and the description of the API."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, redirect, render_template

from app.permissions import ANYBODY
from app.runtime import runtime
from app.web import openapi
from app.web.addresses import server_url
from app.web.door import Door, Here

door = Door("home", tag="Pages")

_HTML = ("text/html",)


@door.route("GET", "/", verb=ANYBODY, summary="Where to go", answer_types=_HTML)
def index(here: Here) -> str:
    settings = runtime().settings
    sign_in = settings.oidc_label if settings.oidc_issuer is not None else None
    return render_template("home.html", server=server_url(), sign_in=sign_in)


@door.route("GET", "/docs", verb=ANYBODY, summary="The API for people", answer_types=_HTML)
def docs(here: Here) -> str:
    document = openapi.document()
    return render_template("docs.html", document=document, groups=_groups(document))


@door.route("GET", "/v1/openapi.json", verb=ANYBODY, summary="The API as an OpenAPI document")
def description(here: Here) -> Response:
    return jsonify(openapi.document())


@door.route("GET", "/favicon.ico", verb=ANYBODY, summary="Where the icon is", status=302, answer_types=_HTML)
def icon(here: Here) -> Any:
    return redirect("/static/icon.svg")


def _groups(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The operations by tag, in the order in which the doors declare them."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            entry = {"path": path, "method": method.upper(), **operation}
            groups.setdefault(operation["tags"][0], []).append(entry)
    return groups
