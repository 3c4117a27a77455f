"""A workbook becomes an XForm; its author's mistakes come back with sheet, row and column."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from openpyxl import Workbook

from forms.errors import XLSFormInvalid, XLSFormTooLarge
from forms.schema import read_schema
from forms.xlsform import CompiledForm, CompileLimits, compile_xlsform

Compile = Callable[[str], CompiledForm]
Sheets = dict[str, list[list[object]]]

SURVEY: list[list[object]] = [["type", "name", "label"], ["text", "t", "Tekst ë"]]
SETTINGS: list[list[object]] = [["form_id", "version"], ["f", "3"]]


def xlsx(sheets: Sheets) -> bytes:
    workbook = Workbook()
    workbook.remove(workbook.active)  # type: ignore[arg-type]
    for name, sheet in sheets.items():
        page = workbook.create_sheet(name)
        for row in sheet:
            page.append(row)
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()


def refusal(content: bytes, file_type: str = ".md", **more: object) -> XLSFormInvalid:
    with pytest.raises(XLSFormInvalid) as error:
        compile_xlsform(content, file_type, **more)  # type: ignore[arg-type]
    return error.value


def test_an_xlsx_workbook_compiles() -> None:
    compiled = compile_xlsform(xlsx({"survey": SURVEY, "settings": SETTINGS}), ".xlsx")
    schema = read_schema(compiled.xform)
    assert (schema.xml_form_id, schema.version) == ("f", "3")
    assert schema.field("/t").labels == {"": "Tekst ë"}
    assert compiled.warnings == ()
    assert compiled.itemsets is None


def test_a_csv_workbook_compiles() -> None:
    content = "survey,,,\n,type,name,label\n,text,t,Tekst ë\nsettings,,,\n,form_id,version,\n,f,3,\n"
    assert read_schema(compile_xlsform(content.encode(), ".csv").xform).xml_form_id == "f"


def test_a_workbook_under_the_wrong_extension_is_recognised_by_its_bytes() -> None:
    content = xlsx({"survey": SURVEY, "settings": SETTINGS})
    assert read_schema(compile_xlsform(content, ".xls").xform).xml_form_id == "f"


def test_compiling_twice_gives_the_same_bytes(compiled: Compile) -> None:
    markdown = "| survey |\n|  | type | name | label |\n|  | text | t | T |\n"
    again = compile_xlsform(markdown.encode(), ".md", fallback_form_id="test_form")
    assert again.xform == compiled(markdown).xform


def test_the_fallback_id_serves_a_form_without_one() -> None:
    content = xlsx({"survey": SURVEY})
    assert read_schema(compile_xlsform(content, ".xlsx", fallback_form_id="visit").xform).xml_form_id == "visit"


def test_the_id_in_settings_goes_before_the_fallback() -> None:
    content = xlsx({"survey": SURVEY, "settings": SETTINGS})
    assert read_schema(compile_xlsform(content, ".xlsx", fallback_form_id="visit").xform).xml_form_id == "f"


def test_a_form_without_any_id_is_refused_at_the_settings_sheet() -> None:
    error = refusal(xlsx({"survey": SURVEY}), ".xlsx")
    assert (error.sheet, error.column) == ("settings", "form_id")
    assert "form_id" in error.message


@pytest.mark.parametrize(
    ("survey", "row", "column"),
    [
        ("| text | a b | A |", 2, "name"),
        ("| text | a | A |\n| | text | a | B |", 3, "name"),
        ("| text | a | A |\n| | colour | b | B |", 3, "type"),
        ("| text | a | A |\n| | begin group | g | G |", 3, None),
        ("| text | a | A |\n| | end group | | |", 3, None),
        ("| text | | A |", 2, None),
        ("| range | a | A | start=x |", 2, "parameters"),
    ],
)
def test_a_mistake_on_the_survey_sheet_has_its_row(survey: str, row: int, column: str | None) -> None:
    text = f"| survey |\n| | type | name | label | parameters |\n| {survey}\n"
    error = refusal(text.encode(), fallback_form_id="f")
    assert (error.sheet, error.row) == ("survey", row)
    if column is not None:
        assert error.column == column
    assert error.message
    assert "[row" not in error.message


def test_a_reference_to_nothing_is_refused_with_its_row() -> None:
    text = b"| survey |\n| | type | name | label | relevant |\n| | text | a | A | ${nowhere} = 1 |\n"
    error = refusal(text, fallback_form_id="f")
    assert error.row == 2
    assert "nowhere" in error.message


def test_a_mistake_on_the_choices_sheet_names_that_sheet() -> None:
    text = (
        b"| survey |\n| | type | name | label |\n| | select_one a | q | Q |\n"
        b"| choices |\n| | list_name | name | label |\n| | a | x | X |\n| | a | x | Y |\n"
    )
    error = refusal(text, fallback_form_id="f")
    assert error.sheet == "choices"


@pytest.mark.parametrize("content", [b"", b"hello", b"| survey |\n", b"| nothing |\n| | a |\n| | b |\n"])
@pytest.mark.parametrize("file_type", [".md", ".csv", ".xlsx", ".xls"])
def test_what_is_no_form_at_all_is_refused(content: bytes, file_type: str) -> None:
    assert refusal(content, file_type, fallback_form_id="f").message


@pytest.mark.parametrize("file_type", ["xlsx", ".XLSX", ".ods", "", ".xml"])
def test_other_file_types_are_refused_by_name(file_type: str) -> None:
    assert ".xlsx" in refusal(b"x", file_type).message


def test_warnings_of_the_compiler_have_their_row() -> None:
    compiled = compile_xlsform(
        b"| survey |\n| | type | name | label |\n| | text | a | A |\n| | image | im | I |\n",
        ".md",
        fallback_form_id="f",
    )
    (warning,) = compiled.warnings
    assert (warning.sheet, warning.row) == ("survey", 3)
    assert "max-pixels" in warning.message
    assert "[row" not in warning.message


def test_columns_that_are_not_read_are_warned_about() -> None:
    content = xlsx(
        {
            "survey": [
                ["type", "name", "label::Shqip (sq)", "relevent", "bind::odk:x", "Media::Image::Shqip (sq)"],
                ["text", "t", "T"],
            ],
            "choices": [["list_name", "name", "label::Shqip (sq)", "any_column"], ["l", "a", "A", "x"]],
            "settings": [["form_id", "verzion"], ["f", "1"]],
        }
    )
    warnings = compile_xlsform(content, ".xlsx").warnings
    assert [(w.sheet, w.row, w.column) for w in warnings if "not an XLSForm column" in w.message] == [
        ("survey", 1, "relevent"),
        ("settings", 1, "verzion"),
    ]


@pytest.mark.parametrize(("empty_rows", "is_lost"), [(0, False), (60, False), (61, True), (500, True)])
def test_rows_after_sixty_empty_ones_are_warned_about(empty_rows: int, is_lost: bool) -> None:
    late: list[object] = ["text", "late", "Late"]
    content = xlsx({"survey": [*SURVEY, *[[] for _ in range(empty_rows)], late], "settings": SETTINGS})
    compiled = compile_xlsform(content, ".xlsx")
    assert ("/late" in read_schema(compiled.xform).by_path) is not is_lost
    lost = [(w.sheet, w.row) for w in compiled.warnings if "not read" in w.message]
    assert lost == ([("survey", 3 + empty_rows)] if is_lost else [])


@pytest.mark.parametrize(("empty_columns", "is_lost"), [(19, False), (21, True), (100, True)])
def test_columns_after_twenty_empty_ones_are_warned_about(empty_columns: int, is_lost: bool) -> None:
    gap: list[object] = [None] * empty_columns
    survey = [[*SURVEY[0], *gap, "hint"], [*SURVEY[1], *gap, "Hint"]]
    compiled = compile_xlsform(xlsx({"survey": survey, "settings": SETTINGS}), ".xlsx")
    assert bool(read_schema(compiled.xform).field("/t").hints) is not is_lost
    assert [w.sheet for w in compiled.warnings if "empty columns" in w.message] == (["survey"] if is_lost else [])


def test_a_class_column_without_its_namespace_is_refused_at_the_column() -> None:
    text = b"| survey |\n| | type | name | label | bind::sportel:class |\n| | text | a | A | open |\n"
    error = refusal(text, fallback_form_id="f")
    assert (error.sheet, error.row, error.column) == ("survey", 1, "bind::sportel:class")
    assert "namespaces" in error.message


def test_external_choices_come_as_a_file() -> None:
    text = (
        b"| survey |\n| | type | name | label | choice_filter |\n| | text | q | Q | |\n"
        b"| | select_one_external town | t | T | qark=${q} |\n"
        b"| external_choices |\n| | list_name | name | label | qark |\n| | town | b | Berat | al |\n"
    )
    compiled = compile_xlsform(text, ".md", fallback_form_id="f")
    assert compiled.itemsets is not None
    assert "Berat" in compiled.itemsets
    schema = read_schema(compiled.xform)
    assert [media.name for media in schema.media] == ["itemsets.csv"]
    assert schema.field("/t").choices is None


def test_a_workbook_over_the_size_limit_is_refused_unopened() -> None:
    with pytest.raises(XLSFormTooLarge):
        compile_xlsform(b"PK" + b"x" * 100, ".xlsx", limits=CompileLimits(max_bytes=100))
