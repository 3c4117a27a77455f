"""The cleaned tables as CSV: the root table alone, or all tables and files in a zip; by GET and by POST."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response, stream_with_context
from marshmallow import fields

from app.problems import Problem
from app.services import export_zip
from app.services.audit_reads import ExportOnRecord, export_on_record, record_read
from app.services.decrypt_submissions import Decryptor, decryptor
from app.services.export_columns import export_columns
from app.services.export_tables import CsvTable, Layout, csv_lines, table_rows
from app.services.odata_conditions import asked
from app.services.views import view_of_form, view_of_tables
from app.services.walk_records import Choice, export_schema, learn_common, walk_records
from app.web.api.forms import ONE
from app.web.door import Door, Here
from app.web.downloads import as_download
from app.web.passphrases import FORM, JSON, given_passphrases
from app.web.schemas import ApiSchema
from forms.schema import FormSchema

door = Door("exports", tag="Cleaned data")

CSV = f"{ONE}/submissions.csv"
DRAFT_ZIP = f"{ONE}/draft/submissions.csv.zip"


class ExportQuerySchema(ApiSchema):
    """`groupPaths`: column names with their groups in front. `splitSelectMultiples`: a column for each choice besides.
    `deletedFields`: with questions that only earlier versions had. `$filter`: as in the OData feed. `attachments`: with
    the files. `deidentified`: for who may read more, the view that analysts get.
    """

    group_paths = fields.Boolean(load_default=True)
    split_select_multiples = fields.Boolean(load_default=False)
    deleted_fields = fields.Boolean(load_default=False)
    attachments = fields.Boolean(load_default=True)
    deidentified = fields.Boolean(load_default=False)
    filter = fields.String(data_key="$filter", load_default=None)


@door.route(
    "GET",
    CSV,
    verb="deidentified.read",
    summary="The cleaned root table",
    query=ExportQuerySchema(),
    answer_types=("text/csv",),
)
def csv(here: Here, query: dict[str, Any]) -> Response:
    return _csv(here, query)


@door.route(
    "POST",
    CSV,
    verb="deidentified.read",
    summary="The same; the body may give passphrases, by the number of the key",
    query=ExportQuerySchema(),
    body_types=(FORM, JSON),
    answer_types=("text/csv",),
    only_reads=True,
)
def csv_by_post(here: Here, query: dict[str, Any]) -> Response:
    return _csv(here, query)


@door.route(
    "GET",
    f"{CSV}.zip",
    verb="deidentified.read",
    summary="The cleaned tables, one file each, with the attachments and the phones' logs in one",
    query=ExportQuerySchema(),
    answer_types=("application/zip",),
)
def csv_zip(here: Here, query: dict[str, Any]) -> Response:
    return _zip(here, query, is_draft=False)


@door.route(
    "POST",
    f"{CSV}.zip",
    verb="deidentified.read",
    summary="The same; the body may give passphrases, by the number of the key",
    query=ExportQuerySchema(),
    body_types=(FORM, JSON),
    answer_types=("application/zip",),
    only_reads=True,
)
def csv_zip_by_post(here: Here, query: dict[str, Any]) -> Response:
    return _zip(here, query, is_draft=False)


@door.route(
    "GET",
    DRAFT_ZIP,
    verb="submission.read",
    summary="The cleaned tables of what was sent to try the draft",
    query=ExportQuerySchema(),
    answer_types=("application/zip",),
)
def draft_csv_zip(here: Here, query: dict[str, Any]) -> Response:
    return _zip(here, query, is_draft=True)


@door.route(
    "POST",
    DRAFT_ZIP,
    verb="submission.read",
    summary="The same; the body may give passphrases, by the number of the key",
    query=ExportQuerySchema(),
    body_types=(FORM, JSON),
    answer_types=("application/zip",),
    only_reads=True,
)
def draft_csv_zip_by_post(here: Here, query: dict[str, Any]) -> Response:
    return _zip(here, query, is_draft=True)


def _csv(here: Here, query: dict[str, Any]) -> Response:
    schema = export_columns(here.form, with_deleted=query["deleted_fields"])
    table = CsvTable(schema, schema.tables()[0], _layout(query))
    choice, export = _chosen(here, query, format="csv")
    if choice.view.recipient is not None:
        learn_common(choice.view, table_rows(walk_records(choice), schema, table.table))

    def lines() -> Iterator[list[str]]:
        yield table.header()
        for record in export.counted(walk_records(choice)):
            yield from table.lines(record)

    response = Response(stream_with_context(export.ended(csv_lines(lines()))), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = as_download(f"{here.form.xml_form_id}.csv")
    return response


def _zip(here: Here, query: dict[str, Any], *, is_draft: bool) -> Response:
    schema: FormSchema = export_columns(here.form, is_draft=is_draft, with_deleted=query["deleted_fields"])
    with_files = query["attachments"]
    choice, export = _chosen(here, query, is_draft=is_draft, format="zip", attachments=with_files)
    chunks = export_zip.zip_of(here.form, schema, choice, _layout(query), with_files=with_files, counted=export.counted)
    response = Response(stream_with_context(export.ended(chunks)), content_type="application/zip")
    response.headers["Content-Disposition"] = as_download(f"{here.form.xml_form_id}.zip")
    return response


def _layout(query: dict[str, Any]) -> Layout:
    return Layout(query["group_paths"], query["split_select_multiples"])


def _chosen(
    here: Here, query: dict[str, Any], *, is_draft: bool = False, **details: Any
) -> tuple[Choice, ExportOnRecord]:
    """Which submissions are asked for; that they are is on record."""
    passphrases = given_passphrases()
    if is_draft:
        view, details = view_of_form(here.actor, here.project, here.form), {"draft": True} | details
    else:
        view = view_of_tables(here.actor, here.project, here.form, deidentified=query["deidentified"])
    schema = export_schema(here.form, is_draft=is_draft)
    wanted = asked(view, schema, schema.tables()[0], filter=query["filter"], order=None, is_draft=is_draft)
    details |= wanted.on_record
    details |= {"keys": sorted(passphrases)} if passphrases else {}
    opens = _decryptor(here, passphrases)
    export = export_on_record(here.actor, here.form, **details, **view.on_record)
    return Choice(view, is_draft, wanted.condition, decryptor=opens), export


def _decryptor(here: Here, passphrases: Mapping[int, str]) -> Decryptor:
    """Raises Problem 400.12 for a passphrase that does not open its key, 429.1 for too many; the try is on record."""
    try:
        return decryptor(here.actor, here.project.id, passphrases)
    except Problem:
        about = {"project_id": here.project.id, "form_id": here.form.id}
        record_read("form.submission.decrypt.refuse", here.actor, **about, keys=sorted(passphrases))
        raise
