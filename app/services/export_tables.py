"""What do the cleaned tables look like as CSV? As ODK Central's export.

The columns are those of the published version. A repeat is a table of its own, tied to its parent by keys that stay
the same however often a record is cleaned.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeAlias

from app.clock import to_iso
from app.services.cells import GEOPOINT_PARTS, cell, decimal_cell, geopoint_cells
from app.services.decrypt_submissions import MISSING_DATA, NOT_DECRYPTED
from app.services.spreadsheet_cells import inert, inert_line
from app.services.walk_records import ReadRow, TableRow
from forms.schema import Field, FormSchema, Table
from forms.submission import Mask, Masked

# Central's columns after the answers, each with the fact that it shows; the status is the row's own.
_SYSTEM_COLUMNS = {
    "SubmitterID": "submitter_id",
    "SubmitterName": "submitter_name",
    "AttachmentsPresent": "attachments_present",
    "AttachmentsExpected": "attachments_expected",
    "Status": None,
    "ReviewState": "review_state",
    "DeviceID": "device_id",
    "Edits": "edits",
    "FormVersion": "form_version",
}
_STATUS = list(_SYSTEM_COLUMNS).index("Status")
_STATUS_WORDS = {None: "", NOT_DECRYPTED: "not decrypted", MISSING_DATA: "missing encrypted form data"}
_system_facts = attrgetter(*(name for name in _SYSTEM_COLUMNS.values() if name is not None))
_PIECE_CHARACTERS = 16_384
# The path of no answer.
_NOWHERE = ""
# What a cell may begin with and need no closer look: nothing, a mask, a letter or digit of the Latin alphabets.
_HARMLESS = frozenset(["", "[", *filter(str.isalnum, map(chr, range(0x250)))])

_Put: TypeAlias = Callable[[list[str], int, Any], None]


@dataclass(frozen=True)
class Layout:
    """What the asker of an export chooses. `group_paths`: column names with the groups in front; `split`: for each
    choice of a select multiple a column besides, with 1 where it was chosen and 0 where it was not.
    """

    group_paths: bool = True
    split: bool = False


@dataclass(frozen=True)
class CsvTable:
    """One table on its way into a CSV file."""

    schema: FormSchema
    table: Table
    layout: Layout = Layout()
    _plans: dict[Mask | None, _Plan] = field(default_factory=dict, compare=False, repr=False)

    def header(self) -> list[str]:
        """The column names."""
        names = [name for each in self.table.fields for name in self._names(each)]
        if self.table.path != "":
            return inert_line([*names, "PARENT_KEY", "KEY"])
        return inert_line(["SubmissionDate", *names, "KEY", *_SYSTEM_COLUMNS])

    def _names(self, each: Field) -> list[str]:
        path = each.path.removeprefix(self.table.path).lstrip("/")
        name = path.replace("/", "-") if self.layout.group_paths else each.name
        if each.data_type == "geopoint":
            return [f"{name}-{part}" for part in GEOPOINT_PARTS]
        return [name, *(f"{name}/{choice}" for choice in self._choices(each))]

    def _choices(self, each: Field) -> list[str]:
        """The names that get columns of their own."""
        if not (self.layout.split and each.select_multiple and each.choices is not None):
            return []
        return list(dict.fromkeys(choice.name for choice in each.choices))

    def lines(self, read: ReadRow) -> Iterator[list[str]]:
        """The lines of one submission: one for the root table, any number for a repeat's; no cell is a formula."""
        plan = self._plan(read)
        for row in read.rows(self.schema, self.table):
            yield self.line(read, row, plan)

    def line(self, read: ReadRow, row: TableRow, plan: _Plan | None = None) -> list[str]:
        """One of them."""
        plan = plan or self._plan(read)
        find = row.values.get
        line = _cells(map(find, plan.paths, plan.blanks))
        for path, (index, put) in plan.special.items():
            if path in row.values:
                put(line, index, find(path))
        if self.table.path != "":
            line.append(inert(row.parent_key or ""))
            line.append(inert(row.key))
            return line
        facts = read.facts
        line[0] = to_iso(facts.created_at) or ""
        line.append(inert(row.key))
        system = _cells(_system_facts(facts))
        system.insert(_STATUS, _STATUS_WORDS[read.status])
        line += system
        return line

    def _plan(self, read: ReadRow) -> _Plan:
        # Where the rules of the de-identified view were applied, what is hidden is in the values themselves.
        mask = read.mask if read.setting is None else None
        plan = self._plans.get(mask)
        if plan is None:
            plan = self._make_plan(mask)
            if mask is None or not mask.doubtful:
                self._plans[mask] = plan
        return plan

    def _make_plan(self, mask: Mask | None) -> _Plan:
        columns = [(_NOWHERE, "")] if self.table.path == "" else []
        special: dict[str, tuple[int, _Put]] = {}
        for each in self.table.fields:
            hidden = mask.of(each.path) if mask is not None else None
            width = len(self._names(each))
            if hidden is not None:
                columns += [(_NOWHERE, cell(hidden))] * width
                continue
            put = self._put(each)
            if put is None:
                columns.append((each.path, ""))
                continue
            special[each.path] = (len(columns), put)
            columns += [(_NOWHERE, ""), *[(_NOWHERE, "" if put is _put_point else "0")] * (width - 1)]
        return _Plan(tuple(path for path, _ in columns), tuple(blank for _, blank in columns), special)

    def _put(self, each: Field) -> _Put | None:
        """How an answer goes into its cells; None for the one cell that most have."""
        if each.data_type == "geopoint":
            return _put_point
        choices = self._choices(each)

        def put_split(line: list[str], index: int, value: Any) -> None:
            line[index] = inert(cell(value))
            chosen = value.split() if isinstance(value, str) else value
            for number, choice in enumerate(choices, start=1):
                is_hidden = isinstance(value, Masked)
                line[index + number] = line[index] if is_hidden else "1" if choice in chosen else "0"

        return put_split if choices else None


@dataclass(frozen=True)
class _Plan:
    """Of each column where its answer is found, and what is written if there is none: a mask, where the answer is
    hidden. By path, what goes into several columns, from which one on, and how. Made once for all rows with a mask.
    """

    paths: tuple[str, ...]
    blanks: tuple[str, ...]
    special: dict[str, tuple[int, _Put]]


def _put_point(line: list[str], index: int, value: Any) -> None:
    line[index : index + len(GEOPOINT_PARTS)] = geopoint_cells(value)


def _cells(values: Iterable[Any]) -> list[str]:
    # Most are text that cannot compute anything; a look at the first character tells.
    return [
        value if type(value) is str and value[:1] in _HARMLESS else _WRITE.get(type(value), _inert_cell)(value)
        for value in values
    ]


def _inert_cell(value: Any) -> str:
    return inert(cell(value))


# Numbers, and what is not there: they compute nothing either.
_WRITE: dict[type, Callable[[Any], str]] = {int: str, float: decimal_cell, type(None): lambda _: ""}


def csv_lines(lines: Iterable[list[str]]) -> Iterator[bytes]:
    """Encoded CSV, in pieces of some thousand bytes. RFC 4180, UTF-8."""
    target = io.StringIO()
    writer = csv.writer(target)
    for line in lines:
        text = ",".join(line)
        # Most lines have nothing to be quoted; to look for that once is quicker than cell by cell.
        if text.count(",") == len(line) - 1 > 0 and not ('"' in text or "\n" in text or "\r" in text):
            target.write(text)
            target.write("\r\n")
        else:
            writer.writerow(line)
        if target.tell() > _PIECE_CHARACTERS:
            yield target.getvalue().encode()
            target.seek(0)
            target.truncate()
    yield target.getvalue().encode()


def table_rows(records: Iterable[ReadRow], schema: FormSchema, table: Table) -> Iterator[tuple[ReadRow, TableRow]]:
    """The rows of a table, each with the submission that it is of."""
    for read in records:
        for row in read.rows(schema, table):
            yield read, row
