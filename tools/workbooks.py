"""Do the shipped XLSForm workbooks wear the house style and carry the shared choice lists?

Two commands, both on a folder of workbooks (`xlsforms/` unless another is named):

    python -m tools.workbooks check    say what differs; exit 1 if anything does
    python -m tools.workbooks write    put it right, in the workbooks that differ and in no other

The questions, their wording and the lists that only one form uses belong to the administrator and are never
touched. A list that stands in `shared/choices.csv` is the same in every workbook that has it: change it
there, then run `write`. Both commands run the same code (`dress`) and `check` compares before and after:
they cannot disagree.
"""

from __future__ import annotations

import argparse
import csv
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.styles import Border, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation, DataValidationList
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from tools.house_style import (
    AS_TEXT,
    BODY_FONT,
    BOLD_FONT,
    CHOICE_CODE_WIDTH,
    CLASS_COLUMN,
    CLASSES,
    FROZEN,
    GUIDE,
    GUIDE_SHEET,
    HEADER_FILL,
    HEADER_FONT,
    HEADER_WRAPPED,
    HEADINGS,
    LINE_POINTS,
    LISTS_SHEET,
    MOST_LINES,
    NEW_ROWS,
    OTHER_WIDTH,
    PLAIN_TYPES,
    RULE,
    WIDTHS,
    WRAPPED,
    choice_rules,
    survey_rules,
)

FOLDER = Path(__file__).parents[1] / "xlsforms"


@dataclass(frozen=True)
class Choice:
    """One row of `shared/choices.csv`: a code and its label for each language column of the file."""

    code: str
    labels: dict[str, str]


SharedLists = dict[str, tuple[Choice, ...]]


def read_shared_lists(path: Path) -> SharedLists:
    """The shared choice lists by name, choices in the file's order. `to_confirm` is not for the phones."""
    lists: dict[str, list[Choice]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            labels = {header: text for header, text in row.items() if header.startswith("label::")}
            lists.setdefault(row["list_name"], []).append(Choice(row["name"], labels))
    return {name: tuple(choices) for name, choices in lists.items()}


def headers(sheet: Worksheet) -> list[str]:
    """The column names of a sheet, left to right, up to the first empty one."""
    names: list[str] = []
    for cell in sheet[1]:
        if cell.value in (None, ""):
            break
        names.append(str(cell.value).strip())
    return names


def column(sheet: Worksheet, header: str) -> Iterator[str]:
    """The texts in a named column, row by row from the second; blank cells give an empty text."""
    if header not in headers(sheet):
        return
    index = headers(sheet).index(header) + 1
    for row in range(2, sheet.max_row + 1):
        value = sheet.cell(row, index).value
        yield "" if value is None else str(value)


def group_choices(sheet: Worksheet, shared: SharedLists) -> None:
    """Bring the rows of each list together, one blank row between lists, shared lists as the CSV has them.

    Lists keep the order in which they first appear. Columns unknown to the CSV keep their value by code.
    """
    names = headers(sheet)
    list_at, code_at = names.index("list_name"), names.index("name")
    lists: dict[str, list[list[Any]]] = {}
    for cells in sheet.iter_rows(min_row=2, max_col=len(names), values_only=True):
        if cells[list_at] is not None:
            lists.setdefault(str(cells[list_at]), []).append(list(cells))
    for list_name in lists.keys() & shared.keys():
        known = {row[code_at]: row for row in lists[list_name]}
        rows = []
        for choice in shared[list_name]:
            values = dict(zip(names, known.get(choice.code, [None] * len(names)), strict=True))
            values |= {"list_name": list_name, "name": choice.code} | choice.labels
            rows.append([values[name] for name in names])
        lists[list_name] = rows
    blank: list[Any] = [None] * len(names)
    wanted: list[list[Any]] = []
    for rows in lists.values():
        wanted += [blank, *rows] if wanted else rows
    for number in range(2, max(sheet.max_row, len(wanted) + 1) + 1):
        for index in range(len(names)):
            value = wanted[number - 2][index] if number - 2 < len(wanted) else None
            sheet.cell(number, index + 1).value = value


def _helper_sheet(workbook: Workbook, name: str, position: int) -> Worksheet:
    if name in workbook.sheetnames:
        workbook.remove(workbook[name])
    sheet: Worksheet = workbook.create_sheet(name, position)
    return sheet


def _write_lists(workbook: Workbook, shared: SharedLists) -> int:
    """Fill the hidden sheet of the drop-downs: types, shared lists, classes. Gives the last row of types."""
    choice_lists = (
        sorted(set(column(workbook["choices"], "list_name")) - {""}) if "choices" in workbook.sheetnames else []
    )
    from_files = {t for t in column(workbook["survey"], "type") if t.startswith("select_one_from_file")}
    types = [
        *PLAIN_TYPES,
        *(f"select_one {name}" for name in choice_lists),
        *(f"select_multiple {name}" for name in choice_lists),
        *sorted(from_files),
    ]
    columns: list[list[str]] = [["type", *types], ["shared", *sorted(shared)], ["class", *CLASSES]]
    sheet = _helper_sheet(workbook, LISTS_SHEET, len(workbook.sheetnames))
    for index, values in enumerate(columns, 1):
        for row, value in enumerate(values, 1):
            sheet.cell(row, index).value = value
    sheet.sheet_state = "hidden"
    return len(types) + 1


def _write_guide(workbook: Workbook) -> None:
    sheet = _helper_sheet(workbook, GUIDE_SHEET, 0)
    sheet.sheet_view.showGridLines = False
    for index, title in enumerate(("English", "Shqip"), 1):
        cell = sheet.cell(1, index, title)
        cell.fill, cell.font, cell.alignment = HEADER_FILL, HEADER_FONT, HEADER_WRAPPED
        sheet.column_dimensions[get_column_letter(index)].width = 80
    for row, texts in enumerate(GUIDE, 2):
        for index, text in enumerate(texts, 1):
            cell = sheet.cell(row, index, text)
            cell.alignment = WRAPPED
            cell.font = BOLD_FONT if texts in HEADINGS else BODY_FONT
    sheet.freeze_panes = "A2"
    _fit_heights(sheet)
    _fit_page(sheet)


def _drop_down(sheet: Worksheet, header: str, formula: str, title: str) -> None:
    names = headers(sheet)
    if header not in names:
        return
    letter = get_column_letter(names.index(header) + 1)
    # A warning, not a refusal: "select_one" with a new list or a computed "required" is legitimate.
    rule = DataValidation(
        type="list", formula1=formula, allow_blank=True, showErrorMessage=True, errorStyle="warning",
        errorTitle=title, error="This is not one of the usual values. Keep it?",
    )  # fmt: skip
    rule.add(f"{letter}2:{letter}{sheet.max_row + NEW_ROWS}")
    sheet.add_data_validation(rule)


def _lines(text: str, width: int) -> int:
    """How many lines a text takes in a column of this width (in characters), wrapped at words."""
    return sum(max(1, len(wrap(line, max(width - 1, 5)))) for line in text.split("\n"))


def _fit_heights(sheet: Worksheet) -> None:
    # Given, because not every spreadsheet works out the height of wrapped rows when it opens a file.
    widths = [int(sheet.column_dimensions[get_column_letter(i)].width) for i in range(1, len(headers(sheet)) + 1)]
    for row in range(2, sheet.max_row + 1):
        texts = [str(sheet.cell(row, index).value or "") for index in range(1, len(widths) + 1)]
        lines = max(_lines(text, width) for text, width in zip(texts, widths, strict=True))
        sheet.row_dimensions[row].height = LINE_POINTS * min(lines, MOST_LINES) + 3


def _fit_page(sheet: Worksheet) -> None:
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _width(sheet: Worksheet, header: str) -> int:
    if sheet.title == "choices" and header == "name":
        return CHOICE_CODE_WIDTH
    return WIDTHS.get(header) or WIDTHS.get(header.split("::")[0], OTHER_WIDTH)


def _dress_sheet(sheet: Worksheet) -> None:
    names = headers(sheet)
    sheet.freeze_panes = FROZEN[sheet.title]
    sheet.sheet_view.zoomScale = 90
    sheet.row_dimensions[1].height = 34
    edge = Side("thin", color=RULE)
    for index, name in enumerate(names, 1):
        dimension = sheet.column_dimensions[get_column_letter(index)]
        dimension.width = _width(sheet, name)
        head = sheet.cell(1, index)
        head.fill, head.font, head.alignment = HEADER_FILL, HEADER_FONT, HEADER_WRAPPED
        for row in range(2, sheet.max_row + 1):
            cell = sheet.cell(row, index)
            cell.font, cell.alignment, cell.number_format = BODY_FONT, WRAPPED, AS_TEXT
            cell.border = Border(bottom=edge)
    _fit_heights(sheet)
    _fit_page(sheet)
    sheet.print_title_rows = "1:1"
    if CLASS_COLUMN in names:
        # On paper a survey is its questions; the expressions would shrink them beyond reading.
        sheet.print_area = f"A1:{get_column_letter(names.index(CLASS_COLUMN) + 1)}{sheet.max_row}"
    sheet.conditional_formatting = ConditionalFormattingList()
    sheet.data_validations = DataValidationList()
    whole = f"A2:{get_column_letter(len(names))}{sheet.max_row + NEW_ROWS}"
    for rule in {"survey": survey_rules, "choices": choice_rules}.get(sheet.title, list)():
        sheet.conditional_formatting.add(whole, rule)


def dress(workbook: Workbook, shared: SharedLists) -> None:
    """Put one XLSForm into the house style and refresh its shared lists, in place. Twice is as once."""
    if "choices" in workbook.sheetnames:
        group_choices(workbook["choices"], shared)
    for name in FROZEN:
        if name in workbook.sheetnames:
            _dress_sheet(workbook[name])
    last_type = _write_lists(workbook, shared)
    survey = workbook["survey"]
    _drop_down(survey, "type", f"'{LISTS_SHEET}'!$A$2:$A${last_type}", "Question type")
    _drop_down(survey, CLASS_COLUMN, f"'{LISTS_SHEET}'!$C$2:$C${len(CLASSES) + 1}", "Class of sensitivity")
    _drop_down(survey, "required", '"yes,no"', "Required")
    _write_guide(workbook)
    workbook.active = workbook.sheetnames.index("survey")
    for sheet in workbook.worksheets:
        # Two selected tabs would be edited together.
        sheet.sheet_view.tabSelected = sheet.title == "survey"


Facts = dict[str, object]


def facts(workbook: Workbook) -> Facts:
    """Everything that `dress` decides, by place: what `check` compares."""
    found: Facts = {}
    for sheet in workbook.worksheets:
        at = sheet.title
        found[f"{at}: frozen panes"] = sheet.freeze_panes
        found[f"{at}: visibility"] = sheet.sheet_state
        found |= {f"{at}: height of row {row}": shape.height for row, shape in sheet.row_dimensions.items()}
        found[f"{at}: drop-downs"] = sorted(
            (str(rule.sqref), str(rule.formula1)) for rule in sheet.data_validations.dataValidation
        )
        found[f"{at}: tints"] = [
            (str(area.sqref), list(rule.formula)) for area in sheet.conditional_formatting for rule in area.rules
        ]
        for index in range(1, len(headers(sheet)) + 1):
            letter = get_column_letter(index)
            found[f"{at}: width of column {letter}"] = sheet.column_dimensions[letter].width
        for row in sheet.iter_rows():
            for cell in row:
                look = (cell.font.b, cell.alignment.wrap_text, cell.number_format, cell.fill.start_color.rgb)
                # An absent cell and an empty one look alike on the screen.
                found[f"{at}: cell {cell.coordinate}"] = (cell.value, *look) if cell.value is not None else None
    return {place: fact for place, fact in found.items() if fact is not None}


def differences(path: Path, shared: SharedLists) -> list[str]:
    """The places where this workbook is not as `write` would leave it; empty if it is."""
    workbook = load_workbook(path)
    before = facts(workbook)
    dress(workbook, shared)
    after = facts(workbook)
    return sorted(place for place in before.keys() | after.keys() if before.get(place) != after.get(place))


def write(path: Path, shared: SharedLists) -> bool:
    """Put one workbook right and say whether it was changed. An untouched file keeps its bytes."""
    if not differences(path, shared):
        return False
    workbook = load_workbook(path)
    dress(workbook, shared)
    workbook.save(path)
    return True


def _report(path: Path, places: list[str], shown: int = 5) -> Iterable[str]:
    yield from (f"{path.name}: {place}" for place in places[:shown])
    if len(places) > shown:
        yield f"{path.name}: and {len(places) - shown} more places"


def main(arguments: list[str] | None = None) -> int:
    """0 all well, 1 something differs (check), 2 a file cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m tools.workbooks", description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["check", "write"])
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    shared_csv = options.folder / "shared" / "choices.csv"
    if not shared_csv.is_file():
        print(f"{shared_csv} is missing: name the folder that holds the workbooks", file=sys.stderr)
        return 2
    shared = read_shared_lists(shared_csv)
    differing = False
    for path in sorted(options.folder.glob("[!~]*.xlsx")):
        try:
            if options.command == "write":
                print(f"{path.name}: {'written' if write(path, shared) else 'nothing to do'}")
                continue
            places = differences(path, shared)
        except (KeyError, ValueError, zipfile.BadZipFile) as fault:
            print(f"{path.name}: not a readable XLSForm workbook ({type(fault).__name__})", file=sys.stderr)
            return 2
        differing = differing or bool(places)
        print("\n".join(_report(path, places)) if places else f"{path.name}: as it should be")
    if differing:
        print("Run: python -m tools.workbooks write")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
