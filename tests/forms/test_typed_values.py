"""An answer's text becomes a typed value, and comes back from JSON as the same value."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.errors import ValueUnreadable
from forms.schema import Choice, Field
from forms.submission import READERS, GeoPoint, GeoShape, GeoTrace, from_json, read_value, to_json


def field(data_type: str, **more: object) -> Field:
    return Field(path="/q", name="q", kind="field", data_type=data_type, order=0, **more)  # type: ignore[arg-type]


TIRANA_WINTER = timezone(timedelta(hours=1))
UNREADABLE = [
    ("int", "7.0"),
    ("int", "seven"),
    ("int", "1 000"),
    ("int", "1_000"),
    ("int", "0x10"),
    ("int", "٣"),
    ("int", "--1"),
    ("int", "9223372036854775808"),
    ("int", "9" * 5_000),
    ("decimal", "1,5"),
    ("decimal", "NaN"),
    ("decimal", "Infinity"),
    ("decimal", "1e400"),
    ("decimal", "1e99999"),
    ("decimal", "."),
    ("decimal", "1_0.5"),
    ("decimal", "1" * 5_000),
    ("boolean", "yes"),
    ("boolean", "TRUE"),
    ("date", "22.11.2026"),
    ("date", "2026-02-30"),
    ("date", "2026-2-3"),
    ("date", "20261122"),
    ("date", "2026-W01-1"),
    ("date", "0000-01-01"),
    ("date", "2026-11-22T10:00:00Z"),
    ("time", "24:00:00"),
    ("time", "10"),
    ("time", "10:61"),
    ("time", "10:30:00+15:00"),
    ("time", "10:30:00+01:75"),
    ("time", "10:30 PM"),
    ("dateTime", "2026-11-22"),
    ("dateTime", "2026-11-22 10:30:00"),
    ("dateTime", "2026-11-22T"),
    ("dateTime", "2026-11-31T10:30:00Z"),
    ("dateTime", "2026-11-22T10:30:00+99:00"),
    ("geopoint", "41.3"),
    ("geopoint", "91 19"),
    ("geopoint", "41 181"),
    ("geopoint", "nan 19"),
    ("geopoint", "41 19 0 0 0"),
    ("geopoint", "41 19 0 -1"),
    ("geopoint", "41 19 1e308"),
    ("geopoint", "41,3 19,8"),
    ("geotrace", "41 19"),
    ("geotrace", "41 19;"),
    ("geotrace", "41 19;;42 20"),
    ("geotrace", ";"),
    ("geoshape", "41 19;42 19;42 20"),
    ("geoshape", "41 19;42 19;41 19"),
    ("geoshape", "41 19;42 19;42 20;41 20"),
]
READABLE = [
    ("string", " two  words\n", " two  words\n"),
    ("unknown", "x", "x"),
    ("intent", "x", "x"),
    ("binary", " 1.jpg ", "1.jpg"),
    ("barcode", " 400638\n", "400638"),
    ("int", "-7", -7),
    ("int", "+7", 7),
    ("int", " 007 ", 7),
    ("int", "9223372036854775807", 2**63 - 1),
    ("int", "-9223372036854775808", -(2**63)),
    ("decimal", "0.1", Decimal("0.1")),
    ("decimal", "-12.50", Decimal("-12.5")),
    ("decimal", "1.0E-5", Decimal("0.00001")),
    ("decimal", "5.", Decimal(5)),
    ("decimal", ".5", Decimal("0.5")),
    ("decimal", "123456789.123456789123456789", Decimal("123456789.123456789123456789")),
    ("boolean", "true", True),
    ("boolean", "0", False),
    ("date", "2026-11-22", date(2026, 11, 22)),
    ("date", "2024-02-29", date(2024, 2, 29)),
    ("time", "10:30", time(10, 30)),
    ("time", "10:30:15.250+01:00", time(10, 30, 15, 250_000, TIRANA_WINTER)),
    ("time", "23:59:59.999Z", time(23, 59, 59, 999_000, UTC)),
    ("dateTime", "2026-11-22T10:30:00.000+01:00", datetime(2026, 11, 22, 10, 30, tzinfo=TIRANA_WINTER)),
    ("dateTime", "2026-11-22T10:30:00.000+01", datetime(2026, 11, 22, 10, 30, tzinfo=TIRANA_WINTER)),
    ("dateTime", "2026-11-22T10:30:00+0100", datetime(2026, 11, 22, 10, 30, tzinfo=TIRANA_WINTER)),
    (
        "dateTime",
        "2026-11-22T10:30:00-03:30",
        datetime(2026, 11, 22, 10, 30, tzinfo=timezone(-timedelta(hours=3, minutes=30))),
    ),
    ("dateTime", "2026-11-22T10:30", datetime(2026, 11, 22, 10, 30)),
    ("dateTime", "2026-11-22T10:30:00.123456789Z", datetime(2026, 11, 22, 10, 30, 0, 123_456, UTC)),
    ("geopoint", "41.33 19.82 110.5 4.2", GeoPoint(41.33, 19.82, 110.5, 4.2)),
    ("geopoint", "41.33 19.82 110.5", GeoPoint(41.33, 19.82, 110.5)),
    ("geopoint", " -41.33   -19.82 ", GeoPoint(-41.33, -19.82)),
    ("geotrace", "41 19 0 0;42 20 0 0;", GeoTrace((GeoPoint(41, 19, 0, 0), GeoPoint(42, 20, 0, 0)))),
    (
        "geoshape",
        "41 19; 42 19; 42 20; 41 19",
        GeoShape((GeoPoint(41, 19), GeoPoint(42, 19), GeoPoint(42, 20), GeoPoint(41, 19))),
    ),
    ("odk:rank", "c a  b", ("c", "a", "b")),
]


@pytest.mark.parametrize(("data_type", "text", "value"), READABLE)
def test_text_is_read_by_its_type(data_type: str, text: str, value: object) -> None:
    read = read_value(text, field(data_type))
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(("data_type", "text"), UNREADABLE)
def test_text_that_is_not_of_its_type_is_refused_without_quoting_it(data_type: str, text: str) -> None:
    with pytest.raises(ValueUnreadable) as error:
        read_value(text, field(data_type))
    assert error.value.data_type == data_type
    assert text not in error.value.message or len(text) < 3


@pytest.mark.parametrize(("data_type", "text", "value"), READABLE)
def test_a_value_comes_back_from_json(data_type: str, text: str, value: object) -> None:
    stored = json.loads(json.dumps(to_json(read_value(text, field(data_type))), allow_nan=False))
    back = from_json(stored, field(data_type))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(("data_type", "text"), UNREADABLE)
def test_text_that_was_unreadable_stays_text_in_json(data_type: str, text: str) -> None:
    assert from_json(json.loads(json.dumps(text)), field(data_type)) == text


def test_the_offset_of_a_date_time_is_kept_as_entered() -> None:
    stored = to_json(read_value("2026-11-22T10:30:00.000+01:00", field("dateTime")))
    assert stored == "2026-11-22T10:30:00.000+01:00"


def test_a_time_without_offset_stays_without_offset() -> None:
    assert to_json(read_value("10:30", field("time"))) == "10:30:00.000"


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (Decimal("12.50"), 12.5),
        (Decimal("0.1"), 0.1),
        (Decimal("123456789.123456789123456789"), "123456789.123456789123456789"),
        (("b", "a"), ["b", "a"]),
        (True, True),
        (
            GeoPoint(41.3, 19.8, 100.0, 5.0),
            {"type": "Point", "coordinates": [19.8, 41.3, 100.0], "properties": {"accuracy": 5.0}},
        ),
        (GeoPoint(41.3, 19.8), {"type": "Point", "coordinates": [19.8, 41.3]}),
        (GeoTrace((GeoPoint(1, 2), GeoPoint(3, 4))), {"type": "LineString", "coordinates": [[2, 1], [4, 3]]}),
    ],
)
def test_json_forms_are_those_of_the_table(value: object, stored: object) -> None:
    assert to_json(value) == stored  # type: ignore[arg-type]


def test_a_line_keeps_the_accuracy_of_each_point() -> None:
    line = GeoTrace((GeoPoint(1, 2, 3, 4), GeoPoint(5, 6)))
    assert to_json(line)["properties"] == {"accuracies": [4, None]}
    assert from_json(to_json(line), field("geotrace")) == line


def test_a_select_multiple_is_a_tuple_of_names() -> None:
    assert read_value("b a", field("string", control="select", select_multiple=True)) == ("b", "a")


def test_a_select_one_is_its_name_without_spaces_around_it() -> None:
    assert read_value(" a ", field("string", control="select1")) == "a"


def test_a_range_is_read_as_the_number_that_its_bind_says() -> None:
    assert read_value("3", field("int", control="range")) == 3
    assert read_value("0.3", field("decimal", control="range")) == Decimal("0.3")


def test_an_acknowledgement_is_the_word_that_the_phone_sends() -> None:
    assert read_value("OK", field("string", control="trigger")) == "OK"


def test_every_type_of_the_specification_has_a_reader() -> None:
    assert set(READERS) >= {
        "string", "int", "boolean", "decimal", "date", "time", "dateTime",
        "geopoint", "geotrace", "geoshape", "binary", "barcode", "odk:rank",
    }  # fmt: skip


OFFSETS = st.none() | st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
DEGREES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
METRES = st.floats(-1e6, 1e6)
POINTS = st.builds(lambda d, a, c: GeoPoint(*d, a, c), DEGREES, METRES, st.floats(0, 1e6))
VALUES = {
    "int": st.integers(-(2**63), 2**63 - 1),
    "decimal": st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30),
    "date": st.dates(),
    "time": st.times(timezones=OFFSETS),
    "dateTime": st.datetimes(timezones=OFFSETS),
    "geopoint": POINTS,
    "geotrace": st.lists(POINTS, min_size=2, max_size=5).map(lambda points: GeoTrace(tuple(points))),
    "geoshape": st.lists(POINTS, min_size=3, max_size=5).map(lambda points: GeoShape((*points, points[0]))),
    "string": st.text(min_size=1),
    "boolean": st.booleans(),
}


@pytest.mark.parametrize("data_type", sorted(VALUES))
@given(data=st.data())
def test_any_value_survives_json(data_type: str, data: st.DataObject) -> None:
    value = data.draw(VALUES[data_type])
    back = from_json(json.loads(json.dumps(to_json(value), allow_nan=False)), field(data_type))
    assert back == value
    assert getattr(back, "tzinfo", None) == getattr(value, "tzinfo", None)


@given(text=st.text(max_size=40), data_type=st.sampled_from(sorted(READERS)))
def test_no_text_at_all_makes_a_reader_fail_otherwise(text: str, data_type: str) -> None:
    try:
        value = read_value(text, field(data_type))
    except ValueUnreadable:
        return
    assert from_json(to_json(value), field(data_type)) == value


def test_a_field_knows_the_names_of_its_choices() -> None:
    choices = (Choice("a"), Choice("b"))
    assert field("string", choices=choices).choice_names == {"a", "b"}
    assert field("string").choice_names is None
