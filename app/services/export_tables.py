"""What do the cleaned tables look like outside: CSV as ODK Central's export, and OData JSON?

The columns are those of the published version. A repeat is a table of its own, tied to its parent by keys that stay
the same however often a record is cleaned.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from app.clock import to_iso
from app.services.cells import GEOPOINT_PARTS, cells, put_json
from app.services.read_submissions import ReadRow
from app.services.spreadsheet_cells import inert_line
from forms.schema import Field, FormSchema, Table, odata_name
from forms.submission import Row

# Central's columns after the answers, with where each comes from.
_SYSTEM_COLUMNS = (
    ("SubmitterID", lambda facts: facts.submitter_id),
    ("SubmitterName", lambda facts: facts.submitter_name),
    ("AttachmentsPresent", lambda facts: facts.attachments_present),
    ("AttachmentsExpected", lambda facts: facts.attachments_expected),
    ("Status", lambda _: None),
    ("ReviewState", lambda facts: facts.review_state),
    ("DeviceID", lambda facts: facts.device_id),
    ("Edits", lambda facts: facts.edits),
    ("FormVersion", lambda facts: facts.form_version),
)


@dataclass(frozen=True)
class CsvTable:
    """One table on its way into a CSV file. `group_paths`: column names with the groups in front."""

    schema: FormSchema
    table: Table
    group_paths: bool = True

    def header(self) -> list[str]:
        """The column names."""
        names = [name for field in self.table.fields for name in self._names(field)]
        if self.table.path == "":
            return ["SubmissionDate", *names, "KEY", *(name for name, _ in _SYSTEM_COLUMNS)]
        return [*names, "PARENT_KEY", "KEY"]

    def _names(self, field: Field) -> list[str]:
        path = field.path.removeprefix(self.table.path).lstrip("/")
        name = path.replace("/", "-") if self.group_paths else field.name
        return [f"{name}-{part}" for part in GEOPOINT_PARTS] if field.data_type == "geopoint" else [name]

    def lines(self, read: ReadRow) -> Iterator[list[str]]:
        """The lines of one submission: one for the root table, any number for a repeat's."""
        for row in read.rows(self.schema).get(self.table.name, []):
            answers = [text for field in self.table.fields for text in cells(field, row.values.get(field.path))]
            if self.table.path == "":
                system = [_text(value(read.facts)) for _, value in _SYSTEM_COLUMNS]
                yield [to_iso(read.facts.created_at) or "", *answers, row.key, *system]
            else:
                yield [*answers, row.parent_key or "", row.key]


def _text(value: object) -> str:
    return "" if value is None else str(value)


def csv_lines(lines: Iterator[list[str]]) -> Iterator[bytes]:
    """Encoded CSV for people, in pieces of some thousand bytes. RFC 4180, UTF-8; no cell is a formula."""
    target = io.StringIO()
    writer = csv.writer(target)
    for line in lines:
        writer.writerow(inert_line(line))
        if target.tell() > 16_384:
            yield target.getvalue().encode()
            target.seek(0)
            target.truncate()
    yield target.getvalue().encode()


def odata_root(read: ReadRow, schema: FormSchema, row: Row) -> dict[str, Any]:
    """A submission as an OData row: groups as objects, repeats as links to their own table."""
    table, facts = schema.tables()[0], read.facts
    document: dict[str, Any] = {"__id": row.key, "__system": _system(facts)}
    _nest(document, table, row)
    for other in schema.tables()[1:]:
        if other.parent == table.name:
            *groups, name = [odata_name(part) for part in other.path.strip("/").split("/")]
            target = document
            for group in groups:
                target = target.setdefault(group, {})
            target[f"{name}@odata.navigationLink"] = f"Submissions('{row.key}')/" + "/".join([*groups, name])
    return document


def table_rows(records: Iterable[ReadRow], schema: FormSchema, table: Table) -> Iterator[tuple[ReadRow, Row]]:
    """The rows of a table, each with the submission that it is of."""
    for read in records:
        for row in read.rows(schema).get(table.name, []):
            yield read, row


def odata_repeat(table: Table, row: Row) -> dict[str, Any]:
    """A row of a repeat: `__id`, the parent's key, then the answers."""
    parent = (table.parent or "Submissions").split(".")
    document: dict[str, Any] = {"__id": row.key, "__" + "-".join([*parent, "id"]): row.parent_key}
    _nest(document, table, row)
    return document


def _nest(document: dict[str, Any], table: Table, row: Row) -> None:
    for field in table.fields:
        *groups, name = [odata_name(part) for part in field.path.removeprefix(table.path).strip("/").split("/")]
        target = document
        for group in groups:
            target = target.setdefault(group, {})
        put_json(target, name, row.values.get(field.path))


def _system(facts: Any) -> dict[str, Any]:
    return {
        "submissionDate": to_iso(facts.created_at),
        "updatedAt": to_iso(facts.updated_at),
        "deletedAt": to_iso(facts.deleted_at),
        "submitterId": None if facts.submitter_id is None else str(facts.submitter_id),
        "submitterName": facts.submitter_name,
        "attachmentsPresent": facts.attachments_present,
        "attachmentsExpected": facts.attachments_expected,
        "status": None,
        "reviewState": facts.review_state,
        "deviceId": facts.device_id,
        "edits": facts.edits,
        "formVersion": facts.form_version,
    }
