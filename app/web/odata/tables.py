"""The cleaned tables as JSON: one document for the submissions, one for each repeat.

Source: OASIS OData 4.0 JSON format; Central's feed for names and keys. Unknown options are refused (501.1) rather
than ignored: a filter that is not applied shows too much.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from flask import Response, request, stream_with_context

from app import problems
from app.db.queries import submissions as queries
from app.services.audit_reads import feed_on_record
from app.services.export_tables import odata_repeat, odata_root, table_rows
from app.services.read_submissions import ReadRow, export_schema, learn_common, walk_records
from app.services.views import view_of_tables
from app.web.addresses import api_url, segment
from app.web.api.forms import ONE
from app.web.door import Door, Here
from forms.schema import FormSchema
from forms.submission import Row

door = Door("odata", tag="Cleaned data")

_JSON = "application/json; odata.metadata=minimal; charset=utf-8"
_OPTIONS = frozenset({"$top", "$skip", "$count", "$format", "$wkt", "deidentified"})


@door.route(
    "GET",
    f"{ONE}.svc/<table>",
    verb="deidentified.read",
    summary="A cleaned table: Submissions, or Submissions.<repeat>; $top, $skip, $count, deidentified",
    answer_types=("application/json",),
)
def read_table(here: Here, table: str) -> Response:
    options = _options()
    schema = export_schema(here.form)
    wanted = next((each for each in schema.tables() if each.name == table), None)
    if wanted is None:
        raise problems.not_found()
    view = view_of_tables(here.actor, here.project, here.form, deidentified=bool(options.get("deidentified")))
    top, skip = options.get("$top"), options.get("$skip") or 0
    feed = feed_on_record(here.actor, here.form, table=table, top=top, skip=skip, **view.on_record)
    head: dict[str, Any] = {"@odata.context": _context(here, table)}
    is_root = wanted.path == ""
    if options.get("$count"):
        head["@odata.count"] = (
            queries.count(view.scope()) if is_root else sum(1 for _ in table_rows(walk_records(view), schema, wanted))
        )

    def rows(counted: Callable[[Iterator[ReadRow]], Iterator[ReadRow]]) -> Iterator[tuple[ReadRow, Row]]:
        if is_root:
            return table_rows(counted(walk_records(view, skip=skip, limit=top)), schema, wanted)
        return _cut(table_rows(counted(walk_records(view)), schema, wanted), skip, top)

    if view.recipient is not None:
        learn_common(view, rows(iter))
    documents: Iterator[dict[str, Any]] = (
        odata_root(read, schema, row) if is_root else odata_repeat(wanted, row) for read, row in rows(feed.counted)
    )
    response = Response(stream_with_context(feed.ended(_stream(head, documents))), content_type=_JSON)
    response.headers["OData-Version"] = "4.0"
    return response


@door.route(
    "GET",
    f"{ONE}.svc",
    verb="deidentified.read",
    summary="Which tables there are",
    answer_types=("application/json",),
)
def service(here: Here) -> Response:
    schema: FormSchema = export_schema(here.form)
    document = {
        "@odata.context": _context(here, "").rstrip("#"),
        "value": [{"name": each.name, "kind": "EntitySet", "url": each.name} for each in schema.tables()],
    }
    response = Response(json.dumps(document), content_type=_JSON)
    response.headers["OData-Version"] = "4.0"
    return response


def _context(here: Here, table: str) -> str:
    form = segment(here.form.xml_form_id)
    return f"{api_url()}/projects/{here.project.id}/forms/{form}.svc/$metadata#{table}"


def _options() -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, text in request.args.items():
        if name == "st":
            continue
        if name not in _OPTIONS:
            raise problems.not_implemented(f"The option {name}")
        if name in ("$top", "$skip"):
            if not (text.isascii() and text.isdigit() and len(text) < 10):
                raise problems.unexpected_value(name, "use a whole number from 0")
            given[name] = int(text)
        if name in ("$count", "$wkt", "deidentified"):
            if text.lower() not in ("true", "false"):
                raise problems.unexpected_value(name, "use true or false")
            given[name] = text.lower() == "true"
        if name == "$format" and text != "json":
            raise problems.unacceptable_format(["json"])
    if given.get("$wkt"):
        raise problems.not_implemented("The option $wkt=true")
    return given


def _cut(rows: Iterator[tuple[ReadRow, Row]], skip: int, top: int | None) -> Iterator[tuple[ReadRow, Row]]:
    for number, row in enumerate(rows):
        if top is not None and number >= skip + top:
            return
        if number >= skip:
            yield row


def _stream(head: dict[str, Any], documents: Iterator[dict[str, Any]]) -> Iterator[str]:
    yield json.dumps(head)[:-1] + ', "value": ['
    separator = ""
    for document in documents:
        yield separator + json.dumps(document, ensure_ascii=False)
        separator = ",\n"
    yield "]}"
