"""Does an administrator who opens a workbook find it readable, and does the tool keep it so?"""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter

from tests.xlsforms.shipped import FOLDER, FORMS
from tools.house_style import CLASS_COLUMN, FROZEN, GUIDE_SHEET, LISTS_SHEET
from tools.workbooks import column, differences, headers, main, read_shared_lists

SHARED_CSV = "list_name,name,label::English (en),label::Shqip (sq),to_confirm\nyn,yes,Yes,Po,\nyn,no,No,Jo,\n"


@pytest.fixture(scope="module", params=sorted(FORMS))
def workbook(request: pytest.FixtureRequest) -> Workbook:
    return load_workbook(FOLDER / f"{request.param}.xlsx")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as `xlsforms/`, with one shipped workbook and the real shared lists."""
    shutil.copytree(FOLDER / "shared", tmp_path / "shared")
    shutil.copy(FOLDER / "consular_update.xlsx", tmp_path)
    return tmp_path


@pytest.mark.parametrize("sheet", FROZEN)
def test_header_is_frozen_styled_and_wide_enough(workbook: Workbook, sheet: str) -> None:
    page = workbook[sheet]
    assert page.freeze_panes == FROZEN[sheet]
    for index, header in enumerate(headers(page), 1):
        cell = page.cell(1, index)
        assert (cell.font.b, cell.fill.fill_type) == (True, "solid"), header
        width = page.column_dimensions[get_column_letter(index)].width
        assert width >= max(len(part) for part in header.split()), header


def test_texts_are_wrapped_and_kept_as_text(workbook: Workbook) -> None:
    for name in FROZEN:
        for row in workbook[name].iter_rows(min_row=2):
            for cell in row:
                if cell.value is not None:
                    assert isinstance(cell.value, str), cell.coordinate
                    assert (cell.alignment.wrap_text, cell.number_format) == (True, "@"), cell.coordinate


def test_no_cell_begins_with_an_apostrophe_that_a_spreadsheet_would_swallow(workbook: Workbook) -> None:
    cells = [cell for name in FROZEN for row in workbook[name].iter_rows() for cell in row]
    assert [cell.coordinate for cell in cells if str(cell.value or "").startswith(("'", "="))] == []


def test_long_texts_fit_into_their_row(workbook: Workbook) -> None:
    survey = workbook["survey"]
    for index, header in enumerate(headers(survey), 1):
        characters = survey.column_dimensions[get_column_letter(index)].width
        for row in range(2, survey.max_row + 1):
            lines = len(str(survey.cell(row, index).value or "")) / characters
            assert survey.row_dimensions[row].height >= min(14 * lines, 300), (header, row)


def test_groups_repeats_and_notes_are_tinted(workbook: Workbook) -> None:
    tints = workbook["survey"].conditional_formatting
    formulas = " ".join(formula for area in tints for rule in area.rules for formula in rule.formula)
    assert all(f'"{word}"' in formulas for word in ("group", "repeat", "note", "calculate"))


def test_type_and_class_are_chosen_from_a_list_that_has_every_value_in_use(workbook: Workbook) -> None:
    survey, lists = workbook["survey"], workbook[LISTS_SHEET]
    rules = {str(rule.sqref).split(":")[0]: rule.formula1 for rule in survey.data_validations.dataValidation}
    for header, letter in (("type", "A"), (CLASS_COLUMN, "C")):
        first = f"{get_column_letter(headers(survey).index(header) + 1)}2"
        last = rules[first].rsplit("$", 1)[1]
        assert rules[first] == f"'{LISTS_SHEET}'!${letter}$2:${letter}${last}"
        offered = {lists[f"{letter}{row}"].value for row in range(2, int(last) + 1)}
        assert set(column(survey, header)) - {""} <= offered
    assert lists.sheet_state == "hidden"


def test_lists_of_choices_stand_together_with_a_blank_row_between(workbook: Workbook) -> None:
    names = list(column(workbook["choices"], "list_name"))
    starts = [name for name, before in zip(names, ["", *names], strict=False) if name and name != before]
    assert len(starts) == len(set(starts))
    assert all(not (one and other and one != other) for one, other in pairwise(names))


def test_a_first_sheet_explains_the_workbook_in_both_languages(workbook: Workbook) -> None:
    guide = workbook[GUIDE_SHEET]
    assert workbook.sheetnames[0] == GUIDE_SHEET
    assert (guide["A1"].value, guide["B1"].value) == ("English", "Shqip")
    assert workbook.active.title == "survey"


def test_shipped_workbooks_are_as_the_tool_would_write_them() -> None:
    shared = read_shared_lists(FOLDER / "shared" / "choices.csv")
    unlike = {stem: differences(FOLDER / f"{stem}.xlsx", shared)[:3] for stem in FORMS}
    assert {stem: places for stem, places in unlike.items() if places} == {}


def test_check_names_the_place_of_a_changed_shared_list_and_write_repairs_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "consular_update.xlsx"
    changed = load_workbook(path)
    cell = changed["choices"]["C3"]
    original, cell.value = cell.value, "Diçka tjetër"
    changed.save(path)
    assert main(["check", str(folder)]) == 1
    assert "consular_update.xlsx: choices: cell C3" in capsys.readouterr().out
    assert main(["write", str(folder)]) == 0
    assert main(["check", str(folder)]) == 0
    assert load_workbook(path)["choices"]["C3"].value == original


def test_a_choice_added_to_the_shared_lists_reaches_the_workbooks_that_have_the_list(folder: Path) -> None:
    with (folder / "shared" / "choices.csv").open("a", encoding="utf-8") as file:
        file.write("danger,unclear,Unclear,E paqartë,\n")
    main(["write", str(folder)])
    choices = load_workbook(folder / "consular_update.xlsx")["choices"]
    danger = [
        code
        for name, code in zip(column(choices, "list_name"), column(choices, "name"), strict=True)
        if name == "danger"
    ]
    assert danger == ["none", "possible", "immediate", "unclear"]
    assert "country" not in set(column(choices, "list_name"))


def test_write_leaves_the_questions_and_other_workbooks_untouched(folder: Path) -> None:
    path = folder / "consular_update.xlsx"
    before = path.read_bytes()
    assert main(["write", str(folder)]) == 0
    assert path.read_bytes() == before
    edited = load_workbook(path)
    edited["survey"]["C6"].value = "Kodi i ri"
    edited["survey"].freeze_panes = None
    edited.save(path)
    main(["write", str(folder)])
    restored = load_workbook(path)["survey"]
    assert (restored["C6"].value, restored.freeze_panes) == ("Kodi i ri", "C2")


def test_a_plain_workbook_is_dressed_and_its_scattered_lists_brought_together(tmp_path: Path) -> None:
    plain = Workbook()
    survey = plain.active
    survey.title = "survey"
    for row in [["type", "name", "label::English (en)"], ["select_one yn", "q", "Well?"]]:
        survey.append(row)
    choices = plain.create_sheet("choices")
    for row in [
        ["list_name", "name", "label::English (en)", "label::Shqip (sq)", "weight"],
        ["yn", "no", "Nope", None, "7"],
        ["own", "a", "A", "A", None],
        ["yn", "yes", None, None, None],
        ["own", "b", "B", "B", None],
    ]:
        choices.append(row)
    plain.save(tmp_path / "plain.xlsx")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "choices.csv").write_text(SHARED_CSV, encoding="utf-8")
    assert main(["write", str(tmp_path)]) == 0
    assert main(["check", str(tmp_path)]) == 0
    rows = list(load_workbook(tmp_path / "plain.xlsx")["choices"].iter_rows(min_row=2, max_row=6, values_only=True))
    assert rows == [
        ("yn", "yes", "Yes", "Po", None),
        ("yn", "no", "No", "Jo", "7"),
        (None, None, None, None, None),
        ("own", "a", "A", "A", None),
        ("own", "b", "B", "B", None),
    ]


def test_what_is_no_workbook_is_named_and_nothing_is_raised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path)]) == 2
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "choices.csv").write_text(SHARED_CSV, encoding="utf-8")
    (tmp_path / "broken.xlsx").write_bytes(b"not a zip")
    assert main(["check", str(tmp_path)]) == 2
    assert "broken.xlsx: not a readable XLSForm workbook" in capsys.readouterr().err
