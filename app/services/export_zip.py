"""How do all tables of a form, and its files, go into one zip without lying in memory or on disk?"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator

from app.db import db, models
from app.services.deidentified import Facts
from app.services.export_tables import CsvTable, Layout, csv_lines, table_rows
from app.services.keys import data_key
from app.services.read_submissions import files_of
from app.services.uploads import read_file
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
    """The zip in pieces: `form.csv`, `form-repeat.csv`, `media/…`, named as ODK Central's export.

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
        for table in schema.tables():
            csv_table = CsvTable(schema, table, layout)
            suffix = table.name.removeprefix("Submissions").replace(".", "-")

            records = walk_records(choice) if table.parent else counted(walk_records(choice))

            def lines(each: CsvTable = csv_table, records: Iterator[ReadRow] = records) -> Iterator[list[str]]:
                yield each.header()
                for record in records:
                    yield from each.lines(record)

            with archive.open(f"{safe_name(form.xml_form_id)}{suffix}.csv", "w") as entry:
                for piece in csv_lines(lines()):
                    entry.write(piece)
                    yield pipe.take()
        if with_files and choice.view.recipient is None:
            yield from _files(archive, pipe, choice)
    yield pipe.take()


def _files(archive: zipfile.ZipFile, pipe: _Pipe, choice: Choice) -> Iterator[bytes]:
    taken: set[str] = set()
    for record in walk_records(choice):
        if isinstance(record.facts, Facts) or not record.facts.attachments_present:
            continue
        submission = db.session.get_one(models.Submission, record.facts.id)
        version = db.session.get_one(models.SubmissionVersion, record.facts.version_id)
        for file in files_of(choice.view, submission, version):
            row = file.row
            # What is hidden is masked in the table, where its name would be.
            if file.hidden is not None or row.blob_key is None or row.file_key_sealed is None:
                continue
            name = safe_name(row.name)
            # Two phones may name their photos alike: the later one gets its submission's name in front.
            if name in taken:
                name = safe_name(f"{record.facts.instance_id}-{row.name}")
            taken.add(name)
            with archive.open(f"media/{name}", "w") as entry:
                for chunk in read_file(data_key(submission.data_key_id), row.blob_key, row.file_key_sealed):
                    entry.write(chunk)
                    yield pipe.take()


def safe_name(name: str) -> str:
    """A name that unpacks nowhere but in its folder, on any system."""
    return _UNSAFE.sub("_", name).lstrip(". ") or "file"
