"""What is left of an answer for somebody who is to learn about nobody in particular."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from forms.schema import FormSchema
from forms.submission import (
    READABLE,
    Common,
    Mask,
    Masked,
    Setting,
    clean,
    deidentified_rows,
    parse_submission,
    rows,
)
from forms.submission.deidentify import LEAST_RECORDS, LEFT_OUT, REGIONS, RULES, TOO_FEW, age_band
from forms.submission.values import READERS
from tests.forms.test_masking import schema

FORM = """
    | survey  |                    |            |       |                     |
    |         | type               | name       | label | bind::sportel:class |
    |         | select_one sex     | sex        | L     | quasi               |
    |         | select_one county  | county     | L     | quasi               |
    |         | select_one office  | office     | L     | operational         |
    |         | select_multiple ill | ill       | L     | special:health      |
    |         | integer            | age_years  | L     | quasi               |
    |         | integer            | children   | L     | quasi               |
    |         | integer            | calls      | L     | operational         |
    |         | date               | birth_date | L     | quasi               |
    |         | date               | came       | L     | quasi               |
    |         | dateTime           | met        | L     | operational         |
    |         | time               | at         | L     | open                |
    |         | text               | note       | L     | open                |
    |         | geopoint           | place      | L     | quasi               |
    |         | image              | pic        | L     | open                |
    |         | barcode            | bar        | L     | open                |
    |         | select_one sex     | secret     | L     | identifying         |
    |         | select_one sex     | phone      | L     | contact             |
    |         | select_one sex     | undeclared | L     |                     |
    | choices |           |         |       |
    |         | list_name | name    | label |
    |         | sex       | f       | F     |
    |         | sex       | m       | M     |
    |         | county    | AL11    | A     |
    |         | county    | AL12    | V     |
    |         | office    | tr-01   | T     |
    |         | office    | abroad  | B     |
    |         | ill       | asthma  | A     |
    |         | ill       | cough   | C     |
"""
PLACES: dict[str, str | None] = {**REGIONS, "tr-01": "centre", "abroad": None}
SETTING = Setting(PLACES, date(2026, 5, 10))


def left(form: FormSchema, common: Common | None = None, number: int = 1, **answers: str) -> dict[str, Any]:
    """What is left of a record with these answers."""
    body = "".join(f"<{name}>{text}</{name}>" for name, text in answers.items())
    xml = f'<data id="visit" version="1">{body}<meta><instanceID>uuid:{number}</instanceID></meta></data>'
    record = clean(parse_submission(xml.encode()), form)
    mask = Mask((form,), READABLE, "identifying", frozenset(each.field for each in record.findings))
    tables = deidentified_rows(rows(f"uuid:{number}", record.values, form), form, mask, SETTING, common or Common())
    return dict(tables["Submissions"][0].values)


@pytest.fixture(scope="module")
def form() -> FormSchema:
    return schema(FORM)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("sex", "f", "f"),
        ("sex", "Drita Hoxha", LEFT_OUT),
        ("county", "AL11", "centre"),
        ("county", "AL12", "south"),
        ("office", "tr-01", "centre"),
        ("office", "abroad", LEFT_OUT),
        ("age_years", "17", "14-17"),
        ("age_years", "18", "18-24"),
        ("age_years", "900", LEFT_OUT),
        ("age_years", "Drita", LEFT_OUT),
        ("children", "7", LEFT_OUT),
        ("calls", "3", 3),
        ("birth_date", "2008-05-10", "18-24"),
        ("birth_date", "2008-05-11", "14-17"),
        ("birth_date", "2030-01-01", LEFT_OUT),
        ("came", "2026-04-17", "2026-04"),
        ("met", "2026-04-17T10:11:12.000+02:00", "2026-04"),
        ("at", "10:11:12.000+02:00", LEFT_OUT),
        ("note", "Drita", LEFT_OUT),
        ("place", "41.3 19.8 0 0", LEFT_OUT),
        ("pic", "a.jpg", LEFT_OUT),
        ("bar", "123", LEFT_OUT),
        ("secret", "f", LEFT_OUT),
        ("phone", "f", LEFT_OUT),
        ("undeclared", "f", LEFT_OUT),
    ],
)
def test_what_is_left_of_an_answer(form: FormSchema, name: str, text: str, value: object) -> None:
    assert left(form, **{name: text})[f"/{name}"] == value


def test_what_has_no_rule_is_left_out() -> None:
    without = set(READERS) - set(RULES)
    assert without == {"time", "geopoint", "geotrace", "geoshape", "binary", "barcode"}


def test_no_instance_id_and_no_instance_name_is_left(form: FormSchema) -> None:
    assert left(form)["/meta/instanceID"] == LEFT_OUT


@pytest.mark.parametrize(
    ("years", "band"), [(0, "0-13"), (13, "0-13"), (14, "14-17"), (49, "35-49"), (50, "50+"), (121, None), (-1, None)]
)
def test_age_bands(years: int, band: str | None) -> None:
    assert age_band(years) == band


def answer(form: FormSchema, ill: list[str]) -> list[Any]:
    """The special answers of these records in one answer."""
    common = Common()

    def walk() -> list[dict[str, Any]]:
        return [left(form, common, number, **({"ill": each} if each else {})) for number, each in enumerate(ill)]

    common.learn((str(number), values) for number, values in enumerate(walk()))
    return [values["/ill"] for values in walk()]


def test_a_special_value_is_shown_from_eleven_records_on(form: FormSchema) -> None:
    assert LEAST_RECORDS == 11
    few = Masked(TOO_FEW)
    shown = answer(form, ["asthma"] * 11 + ["cough"] * 10 + [""])
    assert shown[:11] == [("asthma",)] * 11
    assert [type(each) is not tuple for each in shown[11:]] == [True] * 11
    assert shown[-1] == few
    assert {each.sensitivity for each in shown[11:]} == {TOO_FEW}


def test_of_several_chosen_names_all_must_be_common(form: FormSchema) -> None:
    shown = answer(form, ["asthma"] * 11 + ["asthma cough"])
    assert shown[0] == ("asthma",)
    assert shown[-1].sensitivity == TOO_FEW


def test_a_special_value_is_masked_by_whoever_forgets_to_count(form: FormSchema) -> None:
    value = left(form, ill="asthma")["/ill"]
    assert isinstance(value, Masked) and value.sensitivity == TOO_FEW
