"""The cases of an entity list as an OData feed, at ODK Central's addresses.

Source: OASIS OData 4.0, protocol and JSON format; Central's feed for addresses, names and keys.
"""

from __future__ import annotations

from typing import Any

from flask import Response, request

from app import problems
from app.db.queries import entity_feed as queries
from app.services.audit_reads import record_read
from app.services.entity_feed import (
    CaseDocuments,
    asked_of_list,
    case_page,
    properties_by_odata_name,
    stamp,
    wanted_cases,
)
from app.services.odata_feed import document_pieces
from app.services.views import view_of_cases
from app.web.addresses import api_url, segment
from app.web.api.datasets import LIST, found
from app.web.door import Door, Here
from app.web.odata.answers import (
    etag_of,
    held_answer,
    is_held,
    metadata_answer,
    next_link,
    service_answer,
    streamed_answer,
    unchanged,
)
from app.web.odata.options import Options, read_options
from forms.odata import metadata_of_list

door = Door("odata_lists", tag="Entities", speaks_odata=True)

TABLE = "Entities"


@door.route(
    "GET",
    f"{LIST}.svc",
    verb="dataset.read",
    summary="Which tables a list has: one",
    answer_types=("application/json",),
)
def service(here: Here, name: str) -> Response:
    return service_answer(_root(here, found(here, name).name), [TABLE])


@door.route(
    "GET",
    f"{LIST}.svc/$metadata",
    verb="dataset.read",
    summary="What the cases of a list hold: EDMX",
    answer_types=("application/xml",),
)
def metadata(here: Here, name: str) -> Response:
    dataset = found(here, name)
    return metadata_answer(metadata_of_list(dataset.name, properties_by_odata_name(dataset)))


@door.route(
    "GET",
    f"{LIST}.svc/{TABLE}",
    verb="entity.list",
    summary="The cases of a list as a table",
    answer_types=("application/json",),
)
def read(here: Here, name: str) -> Response:
    options, dataset = _options(), found(here, name)
    view = view_of_cases(here.actor, here.project)
    whole = None if is_held(options.top) else _etag(stamp(view, dataset))
    documents = CaseDocuments(properties_by_odata_name(dataset), options.select)
    asked = asked_of_list(view, dataset, filter=options.filter, order=options.order, search=options.search)
    wanted = wanted_cases(view, dataset, asked)
    page = case_page(view, dataset, wanted, skip=options.skip, top=options.top, after=options.skiptoken)
    about = {"dataset": dataset.name, "count": len(page.numbers), **asked.on_record}
    record_read("entity.list", here.actor, project_id=here.project.id, **about)
    if asked.changes_with_time:
        whole = None
    same = unchanged(whole)
    if same is not None:
        return same
    head: dict[str, Any] = {"@odata.context": f"{_root(here, dataset.name)}/$metadata#{TABLE}"}
    if options.count:
        head["@odata.count"] = queries.count(wanted)
    rows = (documents.document(case, maker) for case, maker in page.cases())
    link = next_link(page.next_token, page.next_skip)
    pieces = document_pieces(head, rows, lambda: link)
    return held_answer(pieces) if is_held(options.top) else streamed_answer(pieces, whole)


def _etag(seen: tuple[object, ...]) -> str:
    return etag_of(repr((seen, request.path, sorted(request.args.items()), api_url())).encode())


def _options() -> Options:
    """Raises Problem 501 for what a list has no use for: passed over, it would mean something else than was asked."""
    options = read_options(can_search=True)
    for option, is_asked in (
        ("$expand", options.expand),
        ("$wkt", options.wkt),
        ("deidentified", options.deidentified),
    ):
        if is_asked:
            raise problems.not_implemented(f"{option} of an entity list")
    return options


def _root(here: Here, name: str) -> str:
    return f"{api_url()}/projects/{here.project_id}/datasets/{segment(name)}.svc"
