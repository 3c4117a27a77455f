"""How do all tables of a form, and its files, go into one zip without lying in memory or on disk?"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from app.db import models
from app.services.client_audits import LOG_COLUMNS, log_lines
from app.services.decrypt_submissions import media_of, rows_of
from app.services.deidentified import Facts
from app.services.export_tables import CsvTable, Layout, csv_lines, table_rows
from app.services.read_submissions import content_of, files_of, hidden_file, questions_of_files
from app.services.spreadsheet_cells import inert_line
from app.services.walk_records import Choice, ReadRow, learn_common, walk_records
from forms.schema import FormSchema

_UNSAFE = re.compile(r"[^\w.() -]+")


class _Pipe(io.RawIOBase):
    """Where the zip is written; what has been written is taken from it piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        piece = bytes(data)  # type: ignore[call-overload]  # zipfile writes bytes-like objects
        self._pieces.append(piece)
        return len(piece)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def zip_of(
    form: models.Form,
    schema: FormSchema,
    choice: Choice,
    layout: Layout,
    *,
    with_files: bool,
    counted: Callable[[Iterator[ReadRow]], Iterator[ReadRow]],
) -> Iterator[bytes]:
    """The zip in pieces: `form.csv`, `form-repeat.csv`, `media/…`, `form - audit.csv`, named as ODK Central's export.

    `counted` goes around the submissions once, however many tables are drawn from them.
    """
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        if choice.view.recipient is not None:
            reads = walk_records(choice)
            learn_common(
                choice.view,
                (pair for read in reads for table in schema.tables() for pair in table_rows([read], schema, table)),
            )
        for table, name in zip(schema.tables(), _file_names(form, schema), strict=True):
            csv_table = CsvTable(schema, table, layout)
            records = walk_records(choice) if table.parent else counted(walk_records(choice))

            def lines(each: CsvTable = csv_table, records: Iterator[ReadRow] = records) -> Iterator[list[str]]:
                yield each.header()
                for record in records:
                    yield from each.lines(record)

            with archive.open(name, "w") as entry:
                for piece in csv_lines(lines()):
                    entry.write(piece)
                    yield pipe.take()
        if with_files and choice.view.recipient is None:
            yield from _files(archive, pipe, choice)
        if schema.has_client_audit and choice.view.recipient is None:
            yield from _client_audits(archive, pipe, choice, form)
    yield pipe.take()


def _file_names(form: models.Form, schema: FormSchema) -> list[str]:
    """A file for each table; of repeats that are called alike the first is `~1`."""
    base, repeats = safe_name(form.xml_form_id), [table.path.rpartition("/")[2] for table in schema.tables()[1:]]
    names = [f"{base}.csv"]
    for number, repeat in enumerate(repeats):
        alike = f"~{repeats[: number + 1].count(repeat)}" if repeats.count(repeat) > 1 else ""
        names.append(f"{base}-{safe_name(repeat)}{alike}.csv")
    return names


def _files(archive: zipfile.ZipFile, pipe: _Pipe, choice: Choice) -> Iterator[bytes]:
    taken: set[str] = set()
    for record, file in _sent_files(choice):
        # What is hidden is masked in the table, where its name would be; the phones' logs have a table of their own.
        if file.is_hidden or file.name == _log_name(record):
            continue
        name = safe_name(file.name)
        # Two phones may name their photos alike: the later one gets its submission's name in front.
        if name in taken:
            name = safe_name(f"{record.facts.instance_id}-{file.name}")
        taken.add(name)
        with archive.open(f"media/{name}", "w") as entry:
            for chunk in file.content:
                entry.write(chunk)
                yield pipe.take()


@dataclass(frozen=True, repr=False)
class _File:
    """A file that arrived, under the name that the answers have for it, in clear."""

    name: str
    is_hidden: bool
    content: Iterator[bytes]


def _sent_files(choice: Choice) -> Iterator[tuple[ReadRow, _File]]:
    """Every file that arrived and is no answer sheet under a phone's lock, with its submission."""
    for record in walk_records(choice):
        if isinstance(record.facts, Facts) or not record.facts.attachments_present:
            continue
        submission, version = rows_of(record.facts.version_id)
        files = _decrypted(record, submission, version) if record.encrypted else _plain(choice, submission, version)
        for file in files:
            yield record, file


def _plain(choice: Choice, submission: models.Submission, version: models.SubmissionVersion) -> Iterator[_File]:
    for file in files_of(choice.view, submission, version):
        if file.row.blob_key is not None:
            yield _File(file.row.name, file.hidden is not None, content_of(submission, file.row))


def _decrypted(record: ReadRow, submission: models.Submission, version: models.SubmissionVersion) -> Iterator[_File]:
    """The files of what was decrypted, as hidden as those of what came in clear; of what was not, none."""
    if record.encrypted is None or record.encrypted.record is None:
        return
    named = questions_of_files(record.facts.instance_id, record.encrypted.record.values, record.schema)
    for name, content in media_of(submission, version, record.encrypted):
        is_hidden = not record.mask.hides_nothing and hidden_file(record.mask, named.get(name, set())) is not None
        yield _File(name, is_hidden, content)


def _log_name(record: ReadRow) -> str | None:
    """The file that the phone's log of the filling is in, as far as it was opened."""
    answers = record.clear if record.sealed is None else record.clear | record.sealed
    name: str | None = answers.get("/meta/audit")
    return name


def _client_audits(archive: zipfile.ZipFile, pipe: _Pipe, choice: Choice, form: models.Form) -> Iterator[bytes]:
    """The phones' logs in one table. They hold answers of any class: those of records alone of which all is read."""
    logs = (
        (record, file)
        for record, file in _sent_files(choice)
        if record.mask.hides_nothing and file.name == _log_name(record)
    )
    first = next(logs, None)
    if first is None:
        return
    with archive.open(f"{safe_name(form.xml_form_id)} - audit.csv", "w") as entry:
        entry.write(b"".join(csv_lines([inert_line(LOG_COLUMNS)])))
        for record, file in chain([first], logs):
            lines = log_lines(record.facts.instance_id, file.content)
            for piece in csv_lines(lines):
                entry.write(piece)
                yield pipe.take()


def safe_name(name: str) -> str:
    """A name that unpacks nowhere but in its folder, on any system."""
    return _UNSAFE.sub("_", name).lstrip(". ") or "file"
