"""What would the author lose without being told?

pyxform ignores columns that it does not know, and stops reading a sheet after 60 empty rows and a header row
after 20 empty cells.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from posixpath import join, normpath
from typing import Any

from lxml import etree
from pyxform.xls2json_backends import DefinitionData

from forms.compiler.columns import BY_SHEET, is_read

_SHEETS = ("survey", "choices", "settings", "entities", "external_choices")
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_BIND_PREFIX = re.compile(r"bind\s*::\s*([A-Za-z_][\w.-]*):[^:]", re.IGNORECASE)
_BUILT_IN_PREFIXES = frozenset({"jr", "orx", "odk", "h", "ev", "xsd", "entities"})


def missing_namespace(workbook: DefinitionData) -> dict[str, Any] | None:
    """A refusal for a `bind::prefix:name` column whose prefix no settings declare: it would break the XML."""
    settings = workbook.settings[0] if workbook.settings else {}
    declared = str(next((v for k, v in settings.items() if k.strip().lower() == "namespaces"), ""))
    prefixes = {part.partition("=")[0].strip() for part in declared.split() if "=" in part}
    for header in _headers(workbook, "survey"):
        match = _BIND_PREFIX.match(header)
        if match is not None and match.group(1) not in prefixes | _BUILT_IN_PREFIXES:
            prefix = match.group(1)
            return {
                "message": f"The column uses the prefix {prefix} without declaring it; add it to the column "
                f'namespaces of the settings sheet, for example {prefix}="urn:sportel:xforms".',
                "sheet": "survey",
                "row": 1,
                "column": header,
            }
    return None


def review(content: bytes, file_type: str, workbook: DefinitionData) -> list[dict[str, Any]]:
    """Warnings for columns and content that were not read."""
    warnings = [
        {
            "message": f"The column {header} is not an XLSForm column and is not read; rename or remove it.",
            "sheet": sheet,
            "row": 1,
            "column": header,
        }
        for sheet in BY_SHEET
        for header in _headers(workbook, sheet)
        if not is_read(sheet, header)
    ]
    if file_type == ".xlsx":
        cells = _xlsx_cells
    elif file_type == ".xls":
        cells = _xls_cells
    else:
        return warnings
    try:
        for sheet, filled in cells(content):
            warnings.extend(_unread(sheet, filled, workbook))
    except (KeyError, ValueError, zipfile.BadZipFile, etree.XMLSyntaxError):
        pass  # An unusual package that pyxform could read all the same: only these warnings are missing.
    return warnings


def _unread(sheet: str, cells: Iterator[tuple[int, int]], workbook: DefinitionData) -> Iterator[dict[str, Any]]:
    """Warnings for cells beyond the last row or header that pyxform read."""
    last_row = len(getattr(workbook, sheet) or ()) + 1
    read_headers = len(list(_headers(workbook, sheet)))
    headers_found = 0
    row_reported = False
    for row, _ in cells:
        if row == 1:
            headers_found += 1
        elif row > last_row and not row_reported:
            row_reported = True
            yield {
                "message": "Rows from here on are not read, since more than 60 empty rows stand before them; "
                "delete the empty rows.",
                "sheet": sheet,
                "row": row,
            }
    if headers_found > read_headers:
        yield {
            "message": "The last columns are not read, since more than 20 empty columns stand before them; "
            "delete the empty columns.",
            "sheet": sheet,
            "row": 1,
        }


def _headers(workbook: DefinitionData, sheet: str) -> Iterator[str]:
    header = getattr(workbook, f"{sheet}_header") or ()
    return iter(header[0] if header else ())


def _xlsx_cells(content: bytes) -> Iterator[tuple[str, Iterator[tuple[int, int]]]]:
    """For each XLSForm sheet, the places (row, column) of its filled cells."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        relations = {
            each.get("Id", ""): each.get("Target", "") for each in _parse(archive.read("xl/_rels/workbook.xml.rels"))
        }
        for sheet in _parse(archive.read("xl/workbook.xml")).iter(f"{_MAIN}sheet"):
            name = sheet.get("name", "").lower()
            target = relations.get(sheet.get(_RELATION_ID, ""), "")
            part = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
            if name in _SHEETS and part in archive.namelist():
                yield name, _filled(archive.read(part))


def _filled(part: bytes) -> Iterator[tuple[int, int]]:
    for cell in _parse(part).iter(f"{_MAIN}c"):
        if cell.find(f"{_MAIN}v") is None and cell.find(f"{_MAIN}is") is None:
            continue
        match = _REFERENCE.fullmatch(cell.get("r", ""))
        if match is not None:
            yield int(match.group(2)), _column_number(match.group(1))


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _parse(part: bytes) -> etree._Element:
    return etree.fromstring(part, parser=etree.XMLParser(resolve_entities=False, no_network=True))


def _xls_cells(content: bytes) -> Iterator[tuple[str, Iterator[tuple[int, int]]]]:
    import xlrd  # type: ignore[import-untyped]  # Rare, so imported when needed; it has no types.

    book = xlrd.open_workbook(file_contents=content)
    for sheet in book.sheets():
        if sheet.name.lower() in _SHEETS:
            yield (
                sheet.name.lower(),
                (
                    (row + 1, column + 1)
                    for row in range(sheet.nrows)
                    for column in range(sheet.ncols)
                    if str(sheet.cell_value(row, column)).strip()
                ),
            )
