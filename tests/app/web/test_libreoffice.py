"""LibreOffice opens every table and workbook that is given out, finds each value, and computes nothing."""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.app.shown_forms import entity
from tests.app.web.test_forms import XLSX, add, xlsx
from tests.support.backend import Backend, instance

SURVEY = [
    ["type", "name", "label", "save_to"],
    ["text", "who", "Who", ""],
    ["text", "phone", "Phone", "phone"],
    ["decimal", "owed", "Owed", "owed"],
    ["integer", "age", "Age", ""],
    ["date", "day", "Day", ""],
    ["geopoint", "place", "Place", ""],
    ["begin_repeat", "child", "Child", ""],
    ["text", "name", "Name", ""],
    ["integer", "points", "Points", ""],
    ["end_repeat", "", "", ""],
    ["audit", "audit", "", ""],
]
SETTINGS = [["form_id", "version", "form_title"], ["visit", "1", "A visit"]]
LISTS = [["list_name", "label"], ["cases", "${who}"]]
NAME = '=HYPERLINK("https://evil.example";"Çelës")'
PHONE = "+355 69 123 4567"
LINES = "Two, lines\nand “quotes”"
# As LibreOffice's own dialogue offers it: comma, double quotes, UTF-8, from the first line.
CSV = "--infilter=CSV:44,34,76,1"
Cells = list[dict[str, Any]]


@pytest.fixture
def given_out(lite: Backend, tmp_path: Path) -> Path:
    """A folder with every table and workbook, one of them beginning like a formula."""
    admin, phone, folder = lite.admin, lite.phone(), tmp_path / "given out"
    book = xlsx(survey=SURVEY, settings=SETTINGS, entities=LISTS)
    assert add(admin, book, XLSX, "?publish=true&ignoreWarnings=true").status_code == 200
    for number, name in enumerate([NAME, LINES]):
        who = name.replace("&", "&amp;")
        body = (
            f"<who>{who}</who><phone>{PHONE}</phone><owed>-12.5</owed><age>3{number}</age><day>2026-01-3{number}</day>"
            "<place>-41.25 19.5 -3 0</place><child><name>-Ana</name><points>-7</points></child>"
        )
        meta = "<orx:audit>audit.csv</orx:audit>" + entity(
            f'id="1111111{number}-1111-4111-8111-111111111111" create="1"', who
        )
        log = b'event,node,start,end,old-value,new-value\nquestion,/data/who,1,2,-4,"=1+1"\n'
        sent = phone.send(instance("visit", body, instance_id=f"uuid:{number}", meta=meta), {"audit.csv": log})
        assert sent.status_code == 201
    form = "/projects/1/forms/visit"
    folder.mkdir()
    (folder / "root.csv").write_bytes(admin.get(f"{form}/submissions.csv").data)
    (folder / "cases.csv").write_bytes(admin.get("/projects/1/datasets/cases/entities.csv").data)
    (folder / "form.xlsx").write_bytes(admin.get(f"{form}.xlsx").data)
    with zipfile.ZipFile(io.BytesIO(admin.get(f"{form}/submissions.csv.zip").data)) as archive:
        for each in archive.namelist():
            if each.endswith(".csv") and not each.startswith("media/"):
                (folder / each).write_bytes(archive.read(each))
    return folder


def opened(paths: list[Path], *options: str) -> dict[str, dict[str, Cells]]:
    """What LibreOffice saves of what it has read, by file and sheet: the lines by the header's names."""
    out = paths[0].parent.parent / "opened"
    # A profile of its own, so that one that runs already is not asked; dates and numbers as written here.
    profile = f"-env:UserInstallation={(out.parent / 'profile').as_uri()}"
    command = [
        "soffice",
        profile,
        "--headless",
        *options,
        "--convert-to",
        "xlsx",
        "--outdir",
        str(out),
        *map(str, paths),
    ]
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    subprocess.run(command, check=True, timeout=300, capture_output=True, env=environment)
    found = {}
    for path in paths:
        book = load_workbook(out / f"{path.stem}.xlsx")
        for cell in (cell for sheet in book for line in sheet for cell in line):
            assert cell.data_type != "f", f"{path.name} computes in {cell.coordinate}"
        found[path.name] = {sheet.title: lines(sheet.values) for sheet in book}
    return found


def lines(values: Any) -> Cells:
    header, *rest = values
    return [dict(zip(header, line, strict=True)) for line in rest]


def test_libreoffice_finds_every_value_and_computes_nothing(given_out: Path) -> None:
    tables = sorted(given_out.glob("*.csv"))
    assert [each.name for each in tables] == [
        "cases.csv",
        "root.csv",
        "visit - audit.csv",
        "visit-child.csv",
        "visit.csv",
    ]
    found = {name: next(iter(sheets.values())) for name, sheets in opened(tables, CSV).items()}
    for name in ("root.csv", "visit.csv"):
        plain, tricky = found[name]
        assert (plain["who"], tricky["who"]) == (LINES, f"'{NAME}")
        assert {(each["phone"], each["owed"], each["KEY"]) for each in (plain, tricky)} == {
            (f"'{PHONE}", -12.5, "uuid:0"),
            (f"'{PHONE}", -12.5, "uuid:1"),
        }
        assert (plain["age"], plain["day"]) == (31, datetime(2026, 1, 31))
        assert [plain[f"place-{part}"] for part in ("Latitude", "Longitude", "Altitude")] == [-41.25, 19.5, -3]
    assert [(each["name"], each["points"], each["PARENT_KEY"]) for each in found["visit-child.csv"]] == [
        ("'-Ana", -7, "uuid:1"),
        ("'-Ana", -7, "uuid:0"),
    ]
    assert {(each["old-value"], each["new-value"]) for each in found["visit - audit.csv"]} == {(-4, "'=1+1")}
    assert {(each["label"], each["phone"], each["owed"]) for each in found["cases.csv"]} == {
        (LINES, f"'{PHONE}", -12.5),
        (f"'{NAME}", f"'{PHONE}", -12.5),
    }

    (book,) = opened([given_out / "form.xlsx"]).values()
    assert [each["name"] for each in book["survey"]] == [line[1] or None for line in SURVEY[1:]]
    assert book["settings"][0]["form_id"] == "visit"
