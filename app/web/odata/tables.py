"""The cleaned tables as an OData feed: one table for the submissions, one for each repeat; of forms and of drafts.

Source: OASIS OData 4.0, protocol and JSON format; Central's feed for addresses, names and keys.
"""

from __future__ import annotations

import re
from typing import Any

import orjson
from flask import Response, request

from app import problems
from app.db.queries import feed as queries
from app.db.queries.submissions import Scope
from app.runtime import runtime
from app.services.audit_reads import feed_on_record
from app.services.odata_conditions import asked
from app.services.odata_documents import Documents
from app.services.odata_feed import Page
from app.services.skiptoken import place_of
from app.services.views import View, view_of_form, view_of_tables
from app.services.walk_records import Choice, count_rows, export_schema, find_record, opened
from app.web.addresses import api_url, segment
from app.web.api.forms import ONE
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
from app.web.odata.options import Options, asks_deidentified, read_options
from forms.odata import metadata_of_form
from forms.schema import Table
from forms.submission import type_left

door = Door("odata", tag="Cleaned data", speaks_odata=True)

DRAFT = f"{ONE}/draft"
_ENTITY = "Submissions('<instance_id>')"
_STEP = re.compile(r"(?P<name>\w+)(?:\('(?P<key>(?:[^']|'')*)'\))?(?:/|\Z)")


@door.route(
    "GET",
    f"{ONE}.svc",
    verb="deidentified.read",
    summary="Which tables there are",
    answer_types=("application/json",),
)
def service(here: Here) -> Response:
    return _service(here, is_draft=False)


@door.route(
    "GET",
    f"{DRAFT}.svc",
    verb="submission.read",
    summary="Which tables the draft has",
    answer_types=("application/json",),
)
def draft_service(here: Here) -> Response:
    return _service(here, is_draft=True)


@door.route(
    "GET",
    f"{ONE}.svc/$metadata",
    verb="deidentified.read",
    summary="What the tables hold: EDMX",
    answer_types=("application/xml",),
)
def metadata(here: Here) -> Response:
    return _metadata(here, is_draft=False)


@door.route(
    "GET",
    f"{DRAFT}.svc/$metadata",
    verb="submission.read",
    summary="What the draft's tables hold: EDMX",
    answer_types=("application/xml",),
)
def draft_metadata(here: Here) -> Response:
    return _metadata(here, is_draft=True)


@door.route(
    "GET",
    f"{ONE}.svc/<table>",
    verb="deidentified.read",
    summary="A cleaned table: Submissions, or Submissions.<repeat>",
    answer_types=("application/json",),
)
def read_table(here: Here, table: str) -> Response:
    return _read(here, table, is_draft=False)


@door.route(
    "GET",
    f"{DRAFT}.svc/<table>",
    verb="submission.read",
    summary="A cleaned table of what was sent to try the draft",
    answer_types=("application/json",),
)
def read_draft_table(here: Here, table: str) -> Response:
    return _read(here, table, is_draft=True)


@door.route(
    "GET",
    f"{ONE}.svc/{_ENTITY}",
    verb="submission.read",
    summary="One submission of the table",
    answer_types=("application/json",),
)
def read_one(here: Here, instance_id: str) -> Response:
    return _read_one(here, instance_id, "", is_draft=False)


@door.route(
    "GET",
    f"{DRAFT}.svc/{_ENTITY}",
    verb="submission.read",
    summary="One submission of what was sent to try the draft",
    answer_types=("application/json",),
)
def read_one_of_draft(here: Here, instance_id: str) -> Response:
    return _read_one(here, instance_id, "", is_draft=True)


@door.route(
    "GET",
    f"{ONE}.svc/{_ENTITY}/<path:part>",
    verb="submission.read",
    summary="The rows of a repeat in one submission: <group>/<repeat>, or <repeat>('<key>')/<repeat in it>",
    answer_types=("application/json",),
)
def read_part(here: Here, instance_id: str, part: str) -> Response:
    return _read_one(here, instance_id, part, is_draft=False)


@door.route(
    "GET",
    f"{DRAFT}.svc/{_ENTITY}/<path:part>",
    verb="submission.read",
    summary="The same of what was sent to try the draft",
    answer_types=("application/json",),
)
def read_part_of_draft(here: Here, instance_id: str, part: str) -> Response:
    return _read_one(here, instance_id, part, is_draft=True)


def _service(here: Here, *, is_draft: bool) -> Response:
    tables = export_schema(here.form, is_draft=is_draft).tables()
    return service_answer(_root(here, is_draft), [each.name for each in tables])


def _metadata(here: Here, *, is_draft: bool) -> Response:
    schema = export_schema(here.form, is_draft=is_draft)
    if not is_draft and _view_of_rows(here, deidentified=asks_deidentified()).recipient is not None:
        document = metadata_of_form(schema, type_left)
    else:
        document = metadata_of_form(schema)
    return metadata_answer(document)


def _view_of_rows(here: Here, *, deidentified: bool) -> View:
    return view_of_tables(here.actor, here.project, here.form, deidentified=deidentified)


def _read(here: Here, name: str, *, is_draft: bool) -> Response:
    options = read_options()
    # Before anything is read that depends on them: what is published meanwhile would pass for seen.
    versions = None if is_held(options.top) else queries.versions_of_form(Scope(here.form.id, True, is_draft))
    if is_draft:
        view = view_of_form(here.actor, here.project, here.form)
    else:
        view = _view_of_rows(here, deidentified=options.deidentified)
    table = _table(here, name, is_draft=is_draft)
    schema = export_schema(here.form, is_draft=is_draft)
    wanted = asked(view, schema, table, filter=options.filter, order=options.order, is_draft=is_draft)
    choice = Choice(view, is_draft, wanted.condition, wanted.order)
    # Before it is said that nothing changed: the row that it names may be gone for good.
    after = None if options.skiptoken is None else place_of(view, options.skiptoken, is_draft=is_draft)
    whole = None
    if not (versions is None or wanted.changes_with_time):
        whole = _etag(view, versions, is_draft=is_draft)
        same = unchanged(whole)
        if same is not None:
            return same
    page = Page(choice, _documents(here, table, options, is_draft=is_draft), options.skip, options.top, after)
    details: dict[str, Any] = {"draft": True} if is_draft else {}
    details |= wanted.on_record
    feed = feed_on_record(
        here.actor, here.form, table=table.name, top=options.top, skip=options.skip, **view.on_record, **details
    )
    head = _head(here, table, is_draft)
    if options.count:
        head["@odata.count"] = count_rows(choice, table)
    pieces = feed.ended(page.pieces(head, feed.counted, _next_link))
    return held_answer(pieces) if is_held(options.top) else streamed_answer(pieces, whole)


def _read_one(here: Here, instance_id: str, part: str, *, is_draft: bool) -> Response:
    """A submission by its key, or the rows of a repeat in it. `part`: the names after the key."""
    options = read_options()
    if options.filter is not None or options.order is not None:
        raise problems.not_implemented("$filter and $orderby of one submission")
    if options.deidentified:
        raise problems.not_implemented("The option deidentified for one submission")
    steps = list(_STEP.finditer(part))
    if "".join(each.group() for each in steps) != part:
        raise problems.not_found()
    table = _table(here, ".".join(["Submissions", *(each["name"] for each in steps)]), is_draft=is_draft)
    documents = _documents(here, table, options, is_draft=is_draft)
    choice = Choice(view_of_form(here.actor, here.project, here.form), is_draft)
    facts = find_record(choice, _unquoted(instance_id))
    feed = feed_on_record(here.actor, here.form, table=table.name, instanceId=facts.instance_id)
    keys = [_unquoted(each["key"]) for each in steps if each["key"] is not None]
    rows = [
        document
        for row, document in documents.documents(opened(choice, next(feed.counted(iter([facts]))), runtime().keyring))
        if not keys or keys[-1] in (row.key, row.parent_key)
    ]
    head = _head(here, table, is_draft)
    if options.count:
        head["@odata.count"] = len(rows)
    end = None if options.top is None else options.skip + options.top
    document = orjson.dumps(head | {"value": rows[options.skip : end]})
    return streamed_answer(feed.ended([document]), None)


def _unquoted(key: str) -> str:
    return key.replace("''", "'")


def _documents(here: Here, table: Table, options: Options, *, is_draft: bool) -> Documents:
    schema = export_schema(here.form, is_draft=is_draft)
    return Documents(schema, table, options.select, options.expand, options.wkt)


def _table(here: Here, name: str, *, is_draft: bool) -> Table:
    tables = export_schema(here.form, is_draft=is_draft).tables()
    wanted = next((each for each in tables if each.name == name), None)
    if wanted is None:
        raise problems.not_found()
    return wanted


def _root(here: Here, is_draft: bool) -> str:
    form = segment(here.form.xml_form_id)
    return f"{api_url()}/projects/{here.project.id}/forms/{form}{'/draft' if is_draft else ''}.svc"


def _head(here: Here, table: Table, is_draft: bool) -> dict[str, Any]:
    # Who chose this view finds its types with the same choice; an analyst has no other.
    which = "?deidentified=true" if asks_deidentified() else ""
    return {"@odata.context": f"{_root(here, is_draft)}/$metadata{which}#{table.name}"}


def _next_link(page: Page) -> str | None:
    return next_link(page.next_token, page.next_skip)


def _etag(view: View, versions: list[tuple[int, str]], *, is_draft: bool) -> str | None:
    """Of what leaves while it is read: what changes with the rows, their reader and the question. None for rows
    without people, which are counted anew for each answer.
    """
    if view.recipient is not None:
        return None
    seen = (queries.stamp(view.scope(is_draft=is_draft)), versions)
    who = (view.offices, sorted(view.reach.items()), view.default)
    return etag_of(repr((seen, who, request.path, sorted(request.args.items()), api_url())).encode())
