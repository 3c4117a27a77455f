"""What is an answer's text as a typed value, and how does a value lie in JSON?

    data type                       value            JSON
    string, binary, barcode, …      str              string
    int                             int              number
    decimal                         Decimal          number; a string if a double cannot hold it exactly
    boolean                         bool             true, false
    date, time, dateTime            date, time, …    ISO 8601 string, offset as entered
    geopoint, geotrace, geoshape    Geo…             GeoJSON geometry, accuracy in properties
    select multiple, odk:rank       tuple of str     list of strings

Source: ODK XForms specification, "Data types".
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from forms.errors import ValueUnreadable
from forms.schema.model import Field
from forms.submission.geo import (
    GeoPoint,
    GeoShape,
    GeoTrace,
    from_geojson,
    parse_geopoint,
    parse_geoshape,
    parse_geotrace,
    to_geojson,
)
from forms.submission.model import Selection, Value
from forms.submission.moments import parse_date, parse_datetime, parse_time

_INT = re.compile(r"[+-]?[0-9]{1,19}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_LONGEST_DECIMAL = 400
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_INT64 = range(-(2**63), 2**63)


def parse_string(text: str) -> str:
    """Text is what it is, spaces and line breaks included."""
    return text


def parse_name(text: str) -> str:
    """A file name or bar code, without the spaces around it."""
    return text.strip()


def parse_integer(text: str) -> int:
    """A whole number of 64 bits at most. Raises ValueUnreadable, also for "7.0"."""
    stripped = text.strip()
    if _INT.fullmatch(stripped) is None or int(stripped) not in _INT64:
        raise ValueUnreadable("The answer is not a whole number.", "int")
    return int(stripped)


def parse_decimal(text: str) -> Decimal:
    """A decimal number, also with an exponent, within the range of a double. Raises ValueUnreadable."""
    stripped = text.strip()
    if len(stripped) > _LONGEST_DECIMAL or _DECIMAL.fullmatch(stripped) is None:
        raise ValueUnreadable("The answer is not a decimal number.", "decimal")
    number = Decimal(stripped)
    if not math.isfinite(float(number)):
        raise ValueUnreadable("The answer is too large for a decimal number.", "decimal")
    return number


def parse_boolean(text: str) -> bool:
    """true, false, 1 or 0. Raises ValueUnreadable."""
    try:
        return _BOOLEANS[text.strip()]
    except KeyError:
        raise ValueUnreadable("The answer is neither true nor false.", "boolean") from None


def parse_selection(text: str) -> Selection:
    """Names separated by spaces."""
    return tuple(text.split())


READERS: dict[str, Callable[[str], Value]] = {
    "string": parse_string,
    "int": parse_integer,
    "decimal": parse_decimal,
    "boolean": parse_boolean,
    "date": parse_date,
    "time": parse_time,
    "dateTime": parse_datetime,
    "geopoint": parse_geopoint,
    "geotrace": parse_geotrace,
    "geoshape": parse_geoshape,
    "binary": parse_name,
    "barcode": parse_name,
    "odk:rank": parse_selection,
}
"""Readers by data type. A type that is not here is text."""


def is_selection(field: Field) -> bool:
    """Is the answer a list of names?"""
    return field.select_multiple or field.data_type == "odk:rank"


def read_value(text: str, field: Field) -> Value:
    """The typed value of an answer that is not blank. Raises ValueUnreadable."""
    if is_selection(field):
        return parse_selection(text)
    if field.control == "select1" and field.data_type == "string":
        return parse_name(text)
    return READERS.get(field.data_type, parse_string)(text)


def is_unreadable(value: Value, field: Field) -> bool:
    """Did the answer stay text because it is not of its type?"""
    return isinstance(value, str) and READERS.get(field.data_type, parse_string) not in (
        parse_string,
        parse_name,
    )


def to_json(value: Value) -> Any:
    """The value as `json.dumps` takes it; see the table above."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        number = float(value)
        return number if Decimal(repr(number)) == value else str(value)
    if isinstance(value, datetime | time):
        return value.isoformat(timespec="microseconds" if value.microsecond % 1000 else "milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, GeoPoint | GeoTrace | GeoShape):
        return to_geojson(value)
    if isinstance(value, tuple):
        return list(value)
    return value


def from_json(value: Any, field: Field) -> Value:
    """The typed value of `field` back from its JSON form; text that was unreadable stays text."""
    if isinstance(value, list):
        return tuple(str(name) for name in value)
    if isinstance(value, dict):
        return from_geojson(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return Decimal(repr(value)) if field.data_type == "decimal" else int(value)
    try:
        return read_value(str(value), field)
    except ValueUnreadable:
        return str(value)
