"""Does the phone answer as a person with ODK Collect would, and tell truly what was typed?"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from tests.phone.phone import PhoneDriver, PhoneError
from tests.phone.xlsform import write_form

TIRANE = ZoneInfo("Europe/Tirane")


def texts(xml: bytes) -> dict[str, str]:
    """Leaf path -> text of an instance, namespaces dropped."""
    found: dict[str, str] = {}

    def visit(node: ElementTree.Element, path: str) -> None:
        for child in node:
            visit(child, f"{path}/{child.tag.split('}')[-1]}")
        if len(node) == 0:
            found[path] = node.text or ""

    visit(ElementTree.fromstring(xml), "")
    return found


@pytest.mark.parametrize(
    "question_type, typed, entered, written",
    [
        ("text", "Ë ç < & \U0001f642", "Ë ç < & \U0001f642", "Ë ç < & \U0001f642"),
        ("text", "dy\nrreshta", "dy\nrreshta", "dy\nrreshta"),
        ("integer", -7, -7, "-7"),
        ("decimal", Decimal("12.25"), Decimal("12.25"), "12.25"),
        ("date", dt.date(2024, 2, 29), dt.date(2024, 2, 29), "2024-02-29"),
        (
            "dateTime",
            dt.datetime(2024, 7, 1, 8, 30),
            dt.datetime(2024, 7, 1, 8, 30, tzinfo=TIRANE),
            "2024-07-01T08:30:00.000+02:00",
        ),
        (
            "geopoint",
            [41.3275, 19.8187, 110, 4.5],
            (41.3275, 19.8187, 110.0, 4.5),
            "41.3275 19.8187 110.0 4.5",
        ),
        (
            "geotrace",
            [[41.1, 19.1, 0, 0], [41.2, 19.2, 0, 0]],
            ((41.1, 19.1, 0.0, 0.0), (41.2, 19.2, 0.0, 0.0)),
            "41.1 19.1 0.0 0.0; 41.2 19.2 0.0 0.0",
        ),
        ("barcode", "5901234123457", "5901234123457", "5901234123457"),
        ("acknowledge", "OK", "OK", "OK"),
        ("select_one pets", "cat", "cat", "cat"),
        ("select_multiple pets", ["cat", "dog"], ("cat", "dog"), "cat dog"),
        ("rank pets", ["dog", "owl", "cat"], ("dog", "owl", "cat"), "dog owl cat"),
    ],
)
def test_a_typed_answer_is_told_as_typed_and_written_as_collect_writes_it(
    driver: PhoneDriver, tmp_path: Path, question_type: str, typed: object, entered: object, written: str
) -> None:
    form = write_form(
        tmp_path,
        f"""
        | survey |
        |        | type            | name | label |
        |        | {question_type} | q    | Q     |
        | choices |
        |         | list_name | name | label |
        |         | pets      | cat  | Cat   |
        |         | pets      | dog  | Dog   |
        |         | pets      | owl  | Owl   |
        """,
    )
    filled = driver.fill_file(form, {"/q": typed})
    assert filled.entered == {"/q": entered}
    assert texts(filled.xml)["/q"] == written


def test_a_time_is_the_phones_clock_with_its_offset_today(driver: PhoneDriver, tmp_path: Path) -> None:
    form = write_form(tmp_path, "| survey |\n| | type | name | label |\n| | time | t | T |")
    filled = driver.fill_file(form, {"/t": dt.time(14, 30)})
    offset = dt.datetime.now(TIRANE).replace(hour=14, minute=30).utcoffset()
    assert filled.entered["/t"] == dt.time(14, 30, tzinfo=dt.timezone(offset or dt.timedelta()))
    assert texts(filled.xml)["/t"] == filled.entered["/t"].isoformat(timespec="milliseconds")


GATE = """
| survey |
|        | type    | name  | label | relevant       | constraint | constraint_message | required |
|        | integer | age   | Mosha |                | . < 120    | Kontrolloni        | yes      |
|        | text    | guard | Prindi | ${age} < 18   |            |                    | yes      |
|        | text    | note  | Shënim |               |            |                    |          |
"""


@pytest.mark.parametrize(
    "answers, kind, place, why",
    [
        ({"/age": 130}, "refused", "/age", "constraint"),
        ({"/note": "x"}, "refused", "/age", "required"),
        ({"/age": 12}, "refused", "/guard", "required"),
        ({"/age": 30, "/guard": "x"}, "not-asked", "/guard", "not-asked"),
        ({"/age": 30, "/nothing": "x"}, "not-asked", "/nothing", "not-asked"),
    ],
)
def test_what_the_form_engine_refuses_the_phone_refuses(
    driver: PhoneDriver, tmp_path: Path, answers: dict[str, object], kind: str, place: str, why: str
) -> None:
    with pytest.raises(PhoneError) as refusal:
        driver.fill_file(write_form(tmp_path, GATE), answers)
    assert refusal.value.kind == kind
    assert refusal.value.details == {place: why}


def test_the_constraint_message_is_shown(driver: PhoneDriver, tmp_path: Path) -> None:
    with pytest.raises(PhoneError, match="Kontrolloni"):
        driver.fill_file(write_form(tmp_path, GATE), {"/age": 130})


def test_a_choice_that_is_filtered_out_cannot_be_picked(driver: PhoneDriver, tmp_path: Path) -> None:
    form = write_form(
        tmp_path,
        """
        | survey |
        |        | type             | name | label | choice_filter |
        |        | select_one qark  | qark | Qarku |               |
        |        | select_one town  | town | Qyteti | qark=${qark} |
        | choices |
        |         | list_name | name   | label  | qark   |
        |         | qark      | tirana | Tiranë |        |
        |         | qark      | vlora  | Vlorë  |        |
        |         | town      | kamza  | Kamëz  | tirana |
        |         | town      | himara | Himarë | vlora  |
        """,
    )
    assert driver.fill_file(form, {"/qark": "vlora", "/town": {"label": "Himarë"}}).entered["/town"] == "himara"
    with pytest.raises(PhoneError) as refusal:
        driver.fill_file(form, {"/qark": "vlora", "/town": "kamza"})
    assert refusal.value.details == {"/town": "not-a-choice"}


NESTED = """
| survey |
|        | type         | name  | label  |
|        | begin repeat | house | House  |
|        | text         | name  | Name   |
|        | begin repeat | room  | Room   |
|        | integer      | beds  | Beds   |
|        | end repeat   |       |        |
|        | end repeat   |       |        |
"""


def test_nested_repeats_keep_their_positions(driver: PhoneDriver, tmp_path: Path) -> None:
    answers = {
        "/house[1]/name": "A",
        "/house[1]/room[1]/beds": 1,
        "/house[1]/room[2]/beds": 2,
        "/house[2]/name": "B",
        "/house[2]/room": 0,
        "/house[3]/room[1]/beds": 3,
    }
    filled = driver.fill_file(write_form(tmp_path, NESTED), answers)
    assert filled.entered == {path: value for path, value in answers.items() if path != "/house[2]/room"}
    houses = ElementTree.fromstring(filled.xml).findall("house")
    assert [[beds.text for beds in house.findall("room/beds")] for house in houses] == [["1", "2"], [], ["3"]]


def test_a_repeat_that_nobody_fills_has_no_instance(driver: PhoneDriver, tmp_path: Path) -> None:
    filled = driver.fill_file(write_form(tmp_path, NESTED))
    assert ElementTree.fromstring(filled.xml).find("house") is None


def test_an_accepted_default_counts_as_entered(driver: PhoneDriver, tmp_path: Path) -> None:
    form = write_form(tmp_path, "| survey |\n| | type | name | label | default |\n| | integer | n | N | 5 |")
    assert driver.fill_file(form).entered == {"/n": 5}
    assert driver.fill_file(form, {"/n": None}).entered == {}


def test_an_answer_that_is_hidden_later_is_discarded(driver: PhoneDriver, tmp_path: Path) -> None:
    form = write_form(
        tmp_path,
        """
        | survey |
        |        | type    | name   | label  | relevant      |
        |        | text    | secret | Secret | ${keep} != 'no' |
        |        | text    | keep   | Keep?  |               |
        """,
    )
    filled = driver.fill_file(form, {"/secret": "x", "/keep": "no"})
    assert filled.entered == {"/keep": "no"}
    assert filled.discarded == ("/secret",)
    assert "/secret" not in texts(filled.xml)


def test_calculations_are_told_apart_from_answers(driver: PhoneDriver, tmp_path: Path) -> None:
    form = write_form(
        tmp_path,
        """
        | survey |
        |        | type      | name | label | calculation |
        |        | integer   | n    | N     |             |
        |        | calculate | twice |      | ${n} * 2    |
        """,
    )
    filled = driver.fill_file(form, {"/n": 4})
    assert filled.entered == {"/n": 4}
    assert filled.calculated["/twice"] == "8"


def test_the_person_reads_the_form_in_the_chosen_language(driver: PhoneDriver, tmp_path: Path) -> None:
    form = write_form(
        tmp_path,
        """
        | survey |
        |        | type           | name | label::English (en) | label::Shqip (sq) |
        |        | select_one yn  | q    | Ready?              | Gati?             |
        | choices |
        |         | list_name | name | label::English (en) | label::Shqip (sq) |
        |         | yn        | yes  | Yes                 | Po                |
        """,
    )
    entry = driver.fill_file(form, {"/q": "yes"}, language="sq", labels=True).entries[0]
    assert (entry.label, entry.shown) == ("Gati?", ("Po",))
    with pytest.raises(PhoneError) as refusal:
        driver.fill_file(form, {"/q": "yes"}, language="el")
    assert refusal.value.kind == "language"


def test_an_edit_names_the_instance_that_it_replaces(driver: PhoneDriver, tmp_path: Path) -> None:
    form = write_form(tmp_path, NESTED)
    first = driver.fill_file(form, {"/house[1]/name": "A", "/house[1]/room[1]/beds": 2})
    second = driver.fill_file(form, {"/house[1]/name": "B"}, instance=first.xml, strict=False)
    assert second.instance_id != first.instance_id
    assert texts(second.xml)["/meta/deprecatedID"] == first.instance_id
    assert texts(second.xml)["/house/name"] == "B"
