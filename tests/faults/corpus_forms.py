"""Which form definition would hurt its compiler? Workbooks, text tables and XForms (rows 36 to 42 and 50)."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Iterator
from io import BytesIO

from tests.app.shown_forms import xform
from tests.faults.corpus_file import NOWHERE, PASSWD, SEED, HostileFile, Line, files
from tests.forms.test_hostile_workbooks import GOOD_SHEET, HEAD, HEADER, TAIL, cells
from tests.forms.test_hostile_workbooks import package as package_of_today


def package(sheet: str, more: dict[str, bytes] | None = None, prolog: str = "") -> bytes:
    """A workbook with one sheet, packed without the time of day: the corpus is always the same."""
    return _plain(_parts(package_of_today(sheet, more, prolog)))


def _workbook(rows: str = "", more: dict[str, bytes] | None = None, prolog: str = "") -> bytes:
    return package(HEAD + HEADER + cells(2, "text", "t", "T") + rows + TAIL, more, prolog)


def _plain(entries: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _rows(number: int) -> str:
    return "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(3, number + 3))


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENTITY = '<!DOCTYPE w [<!ENTITY x SYSTEM "{}">]>'
RELATION = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="{}"{}/></Relationships>'
)


def workbooks() -> list[Line]:
    """Row 40. Sent with a form ID in X-XlsForm-FormId-Fallback, so that only the fault stands in the way."""
    good = package(GOOD_SHEET)
    relations = "xl/_rels/workbook.xml.rels"
    return [
        ("bomb-of-zeros", 40, 400, "60 MB of zeros in 60 kB", lambda: _workbook(more={"xl/media/zeros.bin": b"\0" * 60_000_000})),
        ("entries-10k", 40, 400, "10,000 entries", lambda: _workbook(more={f"xl/media/{n}": b"" for n in range(10_000)})),
        ("bomb-in-bomb", 40, (200, 400), "an archive in the archive", lambda: _workbook(more={"xl/media/a.zip": _plain({"b": b"\0" * 20_000_000})})),
        ("cell-2m", 40, (200, 400), "a cell of 2 MB", lambda: package(HEAD + HEADER + cells(2, "text", "t", "x" * 2_000_000) + TAIL)),
        ("row-wide", 40, (200, 400), "16,384 columns", lambda: _workbook('<row r="3">' + "".join(f'<c t="inlineStr"><is><t>c{n}</t></is></c>' for n in range(16_384)) + "</row>")),
        ("rows-20k", 40, (200, 400), "20,000 rows of one number", lambda: _workbook(_rows(20_000))),
        ("row-far-away", 40, (200, 400), "a row at the last place that Excel has", _workbook('<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>text</t></is></c></row>')),
        ("row-beyond", 40, (200, 400), "a row beyond it", _workbook('<row r="99999999999"><c r="A1"/></row>')),
        ("row-negative", 40, (200, 400), "a row with a negative number", _workbook('<row r="-1"><c r="A-1"/></row>')),
        ("cell-nowhere", 40, (200, 400), "a cell with an odd address", _workbook('<row r="3"><c r="!!"><v>1</v></c></row>')),
        ("dimension-wrong", 40, (200, 400), "a dimension of all that is possible", package(GOOD_SHEET.replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>'))),
        ("dimension-broken", 40, (200, 400), "a dimension that is none", package(GOOD_SHEET.replace("<sheetData>", '<dimension ref="x"/><sheetData>'))),
        ("shared-string-missing", 40, (200, 400), "a cell that names a text that is not there", _workbook('<row r="3"><c r="A3" t="s"><v>99999</v></c></row>')),
        ("number-odd", 40, (200, 400), "a number that is none", _workbook('<row r="3"><c r="A3" t="n"><v>1e999999</v></c></row>')),
        ("date-odd", 40, (200, 400), "a date of the year 10^9", _workbook('<row r="3"><c r="A3" t="d"><v>999999999-01-01</v></c></row>')),
        ("formula", 40, (200, 400), "a formula that calls a program", _workbook("<row r=\"3\"><c r=\"A3\"><f>cmd|' /C calc'!A1</f><v>1</v></c></row>")),
        ("external-link", 40, (200, 400), "a link to another workbook", _workbook(more={"xl/externalLinks/externalLink1.xml": f'<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><externalBook r:id="{NOWHERE}" xmlns:r="x"/></externalLink>'.encode()})),
        ("sheet-over-http", 40, 400, "a sheet that is somewhere else", _plain({**_parts(good), relations: RELATION.format(NOWHERE, ' TargetMode="External"').encode()})),
        ("sheet-in-a-file", 40, 400, "a sheet that is a file of the server", _plain({**_parts(good), relations: RELATION.format(PASSWD, "").encode()})),
        ("sheet-above", 40, 400, "a sheet above the archive", _plain({**_parts(good), relations: RELATION.format("../../../etc/passwd", "").encode()})),
        ("sheet-missing", 40, 400, "a sheet that is missing", _plain({name: data for name, data in _parts(good).items() if "sheet1" not in name})),
        ("slip", 40, (200, 400), "an entry that would be written above", _workbook(more={"../../../tmp/slip": b"x"})),
        ("macro", 40, (200, 400), "macros", _workbook(more={"xl/vbaProject.bin": OLE + b"\0" * 512})),
        ("entity-in-sheet", 40, 400, "an external entity in a sheet", _workbook(prolog=ENTITY.format(PASSWD))),
        ("entity-used-in-sheet", 40, 400, "and used", package(GOOD_SHEET.replace(">T<", ">&x;<"), prolog=ENTITY.format(PASSWD))),
        ("entity-over-http-in-sheet", 40, 400, "over the network", package(GOOD_SHEET.replace(">T<", ">&x;<"), prolog=ENTITY.format(NOWHERE))),
        ("laughs-in-sheet", 40, 400, "a billion laughs in a sheet", package(GOOD_SHEET.replace(">T<", ">&b;<"), prolog='<!DOCTYPE w [<!ENTITY a "haha"><!ENTITY b "' + "&a;" * 1_000 + '">]>')),
        ("sheet-not-xml", 40, 400, "a sheet that is text", package("not xml")),
        ("sheet-cut", 40, 400, "a sheet that ends early", package(GOOD_SHEET[:-20])),
        ("sheet-deep", 40, (200, 400), "10,000 levels in a cell", lambda: package(GOOD_SHEET.replace(">T<", ">" + "<r>" * 10_000 + "</r>" * 10_000 + "<"))),
        ("workbook-empty", 40, 400, "nothing", b""),
        ("workbook-magic-only", 40, 400, "four bytes", b"PK\x03\x04"),
        ("workbook-cut", 40, 400, "an archive without its directory", good[: len(good) // 2]),
        ("workbook-directory-only", 40, 400, "a directory without its archive", good[-400:]),
        ("workbook-central-lies", 40, 400, "a directory that names places outside", good.replace(b"PK\x01\x02", b"PK\x01\x03")),
        ("workbook-encrypted", 40, 400, "a workbook with a password", OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")),
        ("workbook-of-nothing", 40, 400, "an archive of something else", _plain({"hello.txt": b"hello"})),
        ("workbook-old", 40, 400, "an old workbook of noise", OLE + bytes(range(256)) * 40),
        ("workbook-picture", 40, 400, "a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 100),
        ("workbook-5m", 40, (400, 413), "larger than a workbook may be", lambda: _plain({"a": random.Random(SEED).randbytes(6 * 2**20)})),
        ("workbook-zip64", 40, 400, "a directory that says 2^40 entries", good[:-22] + b"PK\x05\x06" + b"\xff" * 18),
        *_damaged(good),
    ]  # fmt: skip


def _parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _damaged(good: bytes, number: int = 15) -> list[Line]:
    lines: list[Line] = []
    for each in range(number):
        dice = random.Random(SEED * 3 + each)
        content = bytearray(good)
        for _ in range(dice.randint(1, 20)):
            content[dice.randrange(len(content))] = dice.randrange(256)
        lines.append((f"workbook-damaged-{each}", 45, (200, 400, 409), "seeded damage", bytes(content)))
    return lines


def slow_workbooks() -> list[Line]:
    """Those that end at the compiler's limits."""
    return [
        ("rows-300k", 40, 400, "300,000 rows", lambda: _workbook(_rows(300_000))),
        (
            "cell-40m",
            40,
            400,
            "a cell of 40 MB",
            lambda: package(HEAD + HEADER + cells(2, "text", "t", "x" * 40_000_000) + TAIL),
        ),
    ]


def _sheet(*rows: str) -> str:
    return "| survey |\n| | type | name | label | calculation |\n" + "".join(f"| | {row} |\n" for row in rows)


def _settings(name: str) -> str:
    return f"\n| settings |\n| | form_id | version |\n| | {name} | 1 |\n"


def tables() -> list[Line]:
    """Row 41: forms that are large, deep or circular, and names that are none."""
    lines: list[Line] = [
        ("groups-300", 41, (200, 400), "300 groups in one another", _sheet(*(f"begin group | g{n} | G" for n in range(300)), "text | t | T", *["end group | |"] * 300) + _settings("groups300")),
        ("groups-open", 41, 400, "groups that are never closed", _sheet(*(f"begin group | g{n} | G" for n in range(50))) + _settings("open")),
        ("groups-closed-too-often", 41, 400, "groups closed too often", _sheet("text | t | T", "end group | |") + _settings("closed")),
        ("questions-500", 41, 200, "500 questions are a form", _sheet(*(f"text | q{n} | Q{n}" for n in range(500))) + _settings("q500")),
        ("expression-deep", 41, (200, 400), "5,000 brackets", _sheet("text | t | T", "calculate | c | | " + "(" * 5_000 + "1" + ")" * 5_000) + _settings("brackets")),
        ("expression-not", 41, (200, 400), "an expression of 3,000 nots", _sheet("text | t | T", "calculate | c | | " + "not(" * 3_000 + "1" + ")" * 3_000) + _settings("nots")),
        ("circle", 41, (200, 400), "questions that need one another", _sheet("calculate | a | | ${b}+1", "calculate | b | | ${a}+1", "text | t | T") + _settings("circle")),
        ("refers-to-itself", 41, (200, 400), "a question that needs itself", _sheet("text | t | T", "calculate | a | | ${a}+1") + _settings("itself")),
        ("refers-to-nothing", 41, 400, "a question that is not there", _sheet("text | t | ${nothing}") + _settings("nothing")),
        ("names-twice", 41, 400, "one name twice", _sheet("text | t | T", "text | t | T") + _settings("twice")),
        ("type-unknown", 41, 400, "a type that is none", _sheet("texts | t | T") + _settings("unknown")),
        ("choices-missing", 41, 400, "choices that are missing", _sheet("select_one nothing | t | T") + _settings("missing")),
        ("file-above", 50, (200, 400), "choices from a file above", _sheet("select_one_from_file ../../etc/passwd.csv | t | T") + _settings("above")),
        ("no-survey", 41, 400, "no survey sheet", "| choices |\n| | list_name | name | label |\n| | a | b | c |\n"),
        ("no-header", 41, 400, "a survey without columns", "| survey |\n| | text | t | T |\n" + _settings("header")),
        ("nothing-in-it", 41, (200, 400), "a survey without a question", "| survey |\n| | type | name | label |\n" + _settings("empty")),
        ("not-a-table", 41, 400, "prose", "# Hello\n\nThis is not a form.\n"),
        ("pipes-1m", 41, 400, "a megabyte of pipes", "|" * 2**20),
        ("not-utf-8", 41, 400, "in no encoding", b"| survey |\n\xff\xfe| | type |"),
        ("nul-bytes", 41, 400, "zeros", b"\0" * 1_000),
        ("label-markup", 41, 200, "markup in a label", _sheet("text | t | <script>alert(1)</script>") + _settings("markup")),
        ("redos-constraint", 42, 200, "a constraint that backtracks for years", "| survey |\n| | type | name | label | constraint |\n| | text | t | T | regex(., '^(a+)+$') |\n" + _settings("redos")),
        ("redos-brackets", 42, (200, 400), "a pattern that is none", "| survey |\n| | type | name | label | constraint |\n| | text | t | T | regex(., '((((') |\n" + _settings("pattern")),
        ("submission-url", 41, 400, "answers sent elsewhere", _sheet("text | t | T") + f"\n| settings |\n| | form_id | version | submission_url |\n| | away | 1 | {NOWHERE} |\n"),
        ("public-key", 41, 400, "answers sealed for somebody else", _sheet("text | t | T") + "\n| settings |\n| | form_id | version | public_key |\n| | sealed | 1 | MIIBIjAN |\n"),
    ]  # fmt: skip
    for number, name in enumerate(
        ["../x", "a/b", "..", ".", "a\u202eb", "x" * 256, "a.xml", "<b>", "a b", "%2e%2e", "CON", "'; --", "x" * 255]
    ):
        lines.append(
            (
                f"form-id-{number}",
                50,
                (200, 400),
                f"a form called {name[:12]!a}",
                _sheet("text | t | T") + _settings(name),
            )
        )
    for number, name in enumerate(["a/b", "../x", "a b", "1a", "a<b", "a:b:c", "__proto__", "x" * 2_000]):
        lines.append(
            (
                f"question-name-{number}",
                50,
                (200, 400),
                f"a question called {name[:12]!a}",
                _sheet(f"text | {name} | T") + _settings(f"question{number}"),
            )
        )
    return lines


def slow_tables() -> list[Line]:
    """Those that cost pyxform seconds."""
    return [
        ("expression-100k", 41, (200, 400), "an expression of 100 kB", _sheet("text | t | T", "calculate | c | | " + "${t} + " * 14_000 + "1") + _settings("expression")),
    ]  # fmt: skip


def xforms() -> list[Line]:
    """XForms that an administrator uploads as XML."""

    def changed(name: str, old: str, new: str) -> bytes:
        return xform(name).replace(old.encode(), new.encode())

    def behind(name: str, head: str) -> bytes:
        return xform(name).replace(b'<?xml version="1.0"?>', f'<?xml version="1.0"?>{head}'.encode())

    return [
        ("doctype", 36, 400, "a DOCTYPE", behind("x1", "<!DOCTYPE h:html>")),
        ("entity-file", 36, 400, "an external entity", behind("x2", ENTITY.format(PASSWD)).replace(b">Who<", b">&x;<")),
        ("entity-http", 36, 400, "over the network", behind("x3", ENTITY.format(NOWHERE)).replace(b">Who<", b">&x;<")),
        ("entity-behind-odd-comment", 36, 400, "behind a comment that seems to end", behind("x4", f"<!--> <h:html> -->{ENTITY.format(PASSWD)}")),
        ("stylesheet", 36, 400, "a stylesheet", behind("x5", f'<?xml-stylesheet href="{NOWHERE}"?>')),
        ("instance-over-http", 36, (200, 400), "an instance from the network", changed("x6", "</instance>", f'</instance><instance id="l" src="{NOWHERE}"/>')),
        ("instance-file", 36, (200, 400), "an instance from a file", changed("x7", "</instance>", f'</instance><instance id="l" src="{PASSWD}"/>')),
        ("instance-above", 50, (200, 400), "an instance from above", changed("x8", "</instance>", '</instance><instance id="l" src="jr://file-csv/../../../etc/passwd"/>')),
        ("submission-element", 41, 400, "answers sent elsewhere", changed("x9", "</model>", f'<submission action="{NOWHERE}" method="post"/></model>')),
        ("submission-key", 41, 400, "answers sealed for somebody else", changed("x10", "</model>", '<submission base64RsaPublicKey="MIIB"/></model>')),
        ("not-a-form", 41, 400, "XML that is not a form", b"<data/>"),
        ("not-xml", 41, 400, "not XML", b"hello"),
        ("cut", 41, 400, "cut", xform("x11")[:-30]),
        ("no-instance", 41, 400, "no primary instance", changed("x12", "<instance>", "<nothing>").replace(b"</instance>", b"</nothing>")),
        ("no-model", 41, 400, "no model", b'<h:html xmlns:h="http://www.w3.org/1999/xhtml"><h:head/><h:body/></h:html>'),
        ("no-id", 41, 400, "no form ID", changed("x13", ' id="x13"', "")),
        ("id-above", 50, 400, "a form ID with a slash", xform("../x14")),
        ("bind-circle", 41, (200, 400), "a calculation that needs itself", changed("x15", 'type="string"/>', 'type="string" calculate="/data/who"/>')),
        ("bind-nowhere", 41, (200, 400), "a bind of nothing", changed("x16", "/data/who", "/data/nothing")),
        ("bind-xpath", 41, (200, 400), "an XPath that reads documents", changed("x17", 'type="string"/>', 'type="string" calculate="document(\'file:///etc/passwd\')"/>')),
        ("bind-long", 41, (200, 400), "an expression of 1 MB", lambda: changed("x18", 'type="string"/>', f'type="string" calculate="{"1+" * 500_000}1"/>')),
        ("bind-brackets", 41, (200, 400), "an expression of 20,000 brackets", lambda: changed("x19", 'type="string"/>', f'type="string" calculate="{"(" * 20_000}1{")" * 20_000}"/>')),
        ("bind-minus", 41, (200, 400), "20,000 minus signs", lambda: changed("x20", 'type="string"/>', f'type="string" calculate="{"-" * 20_000}1"/>')),
        ("deep", 38, 400, "deeper than is read", lambda: changed("x21", "<who/>", "<g>" * 300 + "</g>" * 300)),
        ("deep-150", 38, (200, 400), "150 levels", lambda: changed("x22", "<who/>", "<who/>" + "<g>" * 150 + "</g>" * 150)),
        ("wide-100k", 38, (200, 400), "100,000 nodes", lambda: changed("x23", "<who/>", "<who/>" + "".join(f"<q{n}/>" for n in range(100_000)))),
        ("choices-100k", 38, (200, 400), "100,000 choices", lambda: changed("x31", "</instance>", '</instance><instance id="l"><root>' + "".join(f"<item><name>n{n}</name><label>l</label></item>" for n in range(100_000)) + "</root></instance>")),
        ("choices-300k", 38, 400, "300,000 choices", lambda: changed("x32", "</instance>", '</instance><instance id="l"><root>' + "<item><name>n</name><label>l</label></item>" * 300_000 + "</root></instance>")),
        ("itext-languages", 41, (200, 400), "1,000 languages", lambda: changed("x24", "</instance>", "</instance><itext>" + "".join(f'<translation lang="l{n}"><text id="a"><value>x</value></text></translation>' for n in range(1_000)) + "</itext>")),
        ("utf-16", 39, (200, 400), "in UTF-16", xform("x25").decode().replace('<?xml version="1.0"?>', "").encode("utf-16")),
        ("latin-1", 39, 400, "in Latin-1", b'<?xml version="1.0" encoding="ISO-8859-1"?>' + xform("x26")[21:]),
        ("version-long", 41, 400, "a version of 300 characters", xform("x27", "1" * 300)),
        ("version-lines", 41, (200, 400), "a version with a line break", xform("x28", "1&#10;2")),
        ("title-markup", 41, 200, "markup in the title", xform("x29", title="&lt;script>alert(1)&lt;/script>")),
        ("entities-odd", 41, 400, "an entity list with a bad name", changed("x30", "<orx:meta>", '<orx:meta><entity xmlns="http://www.opendatakit.org/xforms/entities" dataset="__x.y" id="" create="1"><label/></entity>')),
        ("large-51m", 37, 413, "larger than a form may be", lambda: b"<" * (51 * 2**20)),
    ]  # fmt: skip


def form_definition_files() -> Iterator[HostileFile]:
    """All of them, for the door where administrators add forms."""
    yield from files("workbook", workbooks())
    yield from files("workbook", slow_workbooks(), is_slow=True)
    yield from files("markdown", tables())
    yield from files("markdown", slow_tables(), is_slow=True)
    yield from files("xform", xforms())
