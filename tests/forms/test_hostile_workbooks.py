"""No workbook, however it is made, costs more than the limits or fails other than by a refusal."""

from __future__ import annotations

import contextlib
import struct
import zipfile
from io import BytesIO

import pytest

from forms.errors import XLSFormInvalid, XLSFormTooLarge, XLSFormTooSlow
from forms.schema import read_schema
from forms.xlsform import CompileLimits, compile_xlsform

GOOD = b"| survey |\n| | type | name | label |\n| | text | t | T |\n"
# Tests use tighter limits than production, so that reaching one takes a second and not twenty.
TIGHT = CompileLimits(cpu_seconds=1, wall_seconds=10)

CONTENT_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"/>'
    "</Relationships>"
)
WORKBOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="survey" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
TAIL = "</sheetData></worksheet>"


def cells(row: int, *texts: str) -> str:
    inner = "".join(
        f'<c r="{chr(65 + column)}{row}" t="inlineStr"><is><t>{text}</t></is></c>' for column, text in enumerate(texts)
    )
    return f'<row r="{row}">{inner}</row>'


def package(sheet: str, more: dict[str, bytes] | None = None, prolog: str = "") -> bytes:
    """An .xlsx with one sheet, written by hand so that it may be as odd as it likes."""
    parts = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": RELATIONS.format(kind="officeDocument", target="xl/workbook.xml"),
        "xl/workbook.xml": WORKBOOK,
        "xl/_rels/workbook.xml.rels": RELATIONS.format(kind="worksheet", target="worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": prolog + sheet,
    }
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
        for name, data in (more or {}).items():
            archive.writestr(name, data)
    return out.getvalue()


HEADER = cells(1, "type", "name", "label")
GOOD_SHEET = HEAD + HEADER + cells(2, "text", "t", "T") + TAIL


def refused(content: bytes, file_type: str = ".xlsx", limits: CompileLimits = TIGHT) -> XLSFormInvalid:
    with pytest.raises(XLSFormInvalid) as error:
        compile_xlsform(content, file_type, fallback_form_id="f", limits=limits)
    assert error.value.message
    return error.value


@pytest.fixture(autouse=True)
def the_compiler_still_works_afterwards() -> object:
    yield
    assert read_schema(compile_xlsform(GOOD, ".md", fallback_form_id="after").xform).xml_form_id == "after"


def test_the_hand_written_package_is_a_form() -> None:
    compiled = compile_xlsform(package(GOOD_SHEET), ".xlsx", fallback_form_id="f")
    assert "/t" in read_schema(compiled.xform).by_path


def test_a_zip_bomb_is_refused_by_its_directory() -> None:
    bomb = package(GOOD_SHEET, {"xl/media/zeros.bin": b"\0" * 60_000_000})
    assert len(bomb) < 100_000
    assert isinstance(refused(bomb), XLSFormTooLarge)


def test_ten_thousand_parts_are_refused_by_the_directory() -> None:
    many = package(GOOD_SHEET, {f"xl/media/{n}": b"" for n in range(10_000)})
    assert isinstance(refused(many), XLSFormTooLarge)


def test_a_directory_that_understates_sizes_does_not_inflate_more() -> None:
    honest = package(HEAD + HEADER + cells(2, "text", "t", "x" * 20_000_000) + TAIL)
    size = struct.pack("<I", len(HEAD + HEADER + cells(2, "text", "t", "x" * 20_000_000) + TAIL))
    lying = honest.replace(size, struct.pack("<I", 1_000))
    assert lying != honest
    refused(lying)


def test_a_cell_of_forty_megabytes_is_refused_or_compiled_within_the_limits() -> None:
    sheet = HEAD + HEADER + cells(2, "text", "t", "x" * 40_000_000) + TAIL
    refused(package(sheet))


def test_three_hundred_thousand_rows_end_at_the_limit() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(2, 300_002))
    error = refused(package(HEAD + HEADER + rows + TAIL))
    assert isinstance(error, XLSFormTooSlow)
    assert "split" in error.message


def test_too_little_memory_ends_at_the_limit() -> None:
    sheet = HEAD + HEADER + cells(2, "text", "t", "x" * 45_000_000) + TAIL
    error = refused(package(sheet), limits=CompileLimits(memory_bytes=150 * 1024 * 1024))
    assert isinstance(error, XLSFormTooLarge)
    assert "memory" in error.message


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_entities_in_a_sheet_are_refused(prolog: str) -> None:
    refused(package(GOOD_SHEET.replace(">T<", ">&a;<"), prolog=prolog))


def test_a_wrong_dimension_does_not_matter() -> None:
    sheet = GOOD_SHEET.replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')
    assert "/t" in read_schema(compile_xlsform(package(sheet), ".xlsx", fallback_form_id="f").xform).by_path


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        b"PK\x03\x04" + b"\0" * 50,
        b"hello, world",
        b"\x89PNG\r\n\x1a\n",
        package(GOOD_SHEET)[:-30],
        package(GOOD_SHEET)[:400],
        package(GOOD_SHEET)[200:],
        package("not xml at all"),
        package(GOOD_SHEET[:-20]),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2_000,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 20,
    ],
)
@pytest.mark.parametrize("file_type", [".xlsx", ".xls"])
def test_damaged_workbooks_are_refused_with_a_remedy(content: bytes, file_type: str) -> None:
    assert "save" in refused(content, file_type).message


def test_an_archive_that_is_no_workbook_is_refused() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert "save" in refused(out.getvalue()).message


def test_a_workbook_with_a_password_is_refused_by_name() -> None:
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    assert "password" in refused(content).message


def markdown(*rows: str) -> bytes:
    return (
        "| survey |\n| | type | name | label | calculation |\n" + "".join(f"| | {row} |\n" for row in rows)
    ).encode()


def test_two_thousand_nested_groups_are_refused() -> None:
    nested = [f"begin group | g{n} | G" for n in range(2_000)] + ["end group | |"] * 2_000
    error = refused(markdown(*nested), ".md", CompileLimits())
    assert error.sheet == "survey" or isinstance(error, XLSFormTooSlow)


def test_references_in_a_circle_end() -> None:
    content = markdown("calculate | a | | ${b} + 1", "calculate | b | | ${a} + 1", "text | t | T")
    with contextlib.suppress(XLSFormInvalid):
        compile_xlsform(content, ".md", fallback_form_id="f")


def test_ten_thousand_questions_compile_or_end_at_the_limit() -> None:
    content = markdown(*(f"text | q{n} | Q{n}" for n in range(10_000)))
    try:
        compiled = compile_xlsform(content, ".md", fallback_form_id="f", limits=TIGHT)
    except XLSFormTooSlow:
        return
    assert len(read_schema(compiled.xform).fields) > 10_000


def test_an_expression_of_a_megabyte_ends() -> None:
    content = markdown("text | t | T", "calculate | c | | " + "${t} + " * 130_000 + "1")
    with contextlib.suppress(XLSFormInvalid):
        compile_xlsform(content, ".md", fallback_form_id="f", limits=TIGHT)


def test_markup_in_labels_stays_text() -> None:
    content = markdown('text | t | <script>alert("x")</script> & co')
    schema = read_schema(compile_xlsform(content, ".md", fallback_form_id="f").xform)
    assert schema.field("/t").labels == {"": '<script>alert("x")</script> & co'}


@pytest.mark.parametrize("name", ["a/b", "../x", "a b", "1a", "a<b", 'a"b', "a:b:c", ""])
def test_a_name_that_is_no_xml_name_is_refused(name: str) -> None:
    refused(markdown(f"text | {name} | T"), ".md")


@pytest.mark.parametrize("text", [b"\xff\xfe\x00", b"| survey |\n\xff| | type |", b"\x00" * 100])
@pytest.mark.parametrize("file_type", [".md", ".csv"])
def test_text_that_is_not_utf_8_is_refused(text: bytes, file_type: str) -> None:
    refused(text, file_type)
