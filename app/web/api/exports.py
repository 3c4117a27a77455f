"""The cleaned tables as CSV: the root table alone, or all tables and files in a zip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, stream_with_context
from marshmallow import fields

from app.services import export_zip
from app.services.audit_reads import export_on_record
from app.services.export_tables import CsvTable, Layout, csv_lines, table_rows
from app.services.views import view_of_tables
from app.services.walk_records import Choice, export_schema, learn_common, walk_records
from app.web.api.forms import ONE
from app.web.door import Door, Here
from app.web.downloads import as_download
from app.web.schemas import ApiSchema

door = Door("exports", tag="Cleaned data")


class ExportQuerySchema(ApiSchema):
    """`groupPaths`: column names with their groups in front. `attachments`: with the files. `deidentified`: for who may
    read more, the view that analysts get.
    """

    group_paths = fields.Boolean(load_default=True)
    attachments = fields.Boolean(load_default=True)
    deidentified = fields.Boolean(load_default=False)


@door.route(
    "GET",
    f"{ONE}/submissions.csv",
    verb="deidentified.read",
    summary="The cleaned root table",
    query=ExportQuerySchema(),
    answer_types=("text/csv",),
)
def csv(here: Here, query: dict[str, Any]) -> Response:
    schema = export_schema(here.form)
    table = CsvTable(schema, schema.tables()[0], Layout(query["group_paths"]))
    view = view_of_tables(here.actor, here.project, here.form, deidentified=query["deidentified"])
    choice = Choice(view)
    export = export_on_record(here.actor, here.form, format="csv", **view.on_record)
    if view.recipient is not None:
        learn_common(view, table_rows(walk_records(choice), schema, table.table))

    def lines() -> Iterator[list[str]]:
        yield table.header()
        for record in export.counted(walk_records(choice)):
            yield from table.lines(record)

    response = Response(stream_with_context(export.ended(csv_lines(lines()))), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = as_download(f"{here.form.xml_form_id}.csv")
    return response


@door.route(
    "GET",
    f"{ONE}/submissions.csv.zip",
    verb="deidentified.read",
    summary="The cleaned tables, one file each, with the attachments",
    query=ExportQuerySchema(),
    answer_types=("application/zip",),
)
def csv_zip(here: Here, query: dict[str, Any]) -> Response:
    schema = export_schema(here.form)
    view = view_of_tables(here.actor, here.project, here.form, deidentified=query["deidentified"])
    export = export_on_record(
        here.actor,
        here.form,
        format="zip",
        attachments=query["attachments"],
        **view.on_record,
    )
    chunks = export_zip.zip_of(
        here.form,
        schema,
        Choice(view),
        Layout(query["group_paths"]),
        with_files=query["attachments"],
        counted=export.counted,
    )
    response = Response(stream_with_context(export.ended(chunks)), content_type="application/zip")
    response.headers["Content-Disposition"] = as_download(f"{here.form.xml_form_id}.zip")
    return response
