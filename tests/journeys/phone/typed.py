"""What does a cell say, as a typed Python value: in the JSON of a cleaned table, in a CSV file, in the engine's text?

Written from ODK's documentation of the two exports, not from our code, so that the two can be held against each
other. Points are (latitude, longitude, altitude, accuracy), as `Filled.entered` has them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.services.spreadsheet_cells import inert

POINT_PARTS = ("Latitude", "Longitude", "Altitude", "Accuracy")


@dataclass(frozen=True)
class Question:
    """One field of the form as the API lists it; `type` is ODK's data type, "selection" for several names."""

    path: str
    type: str

    @classmethod
    def of(cls, field: Mapping[str, Any]) -> Question:
        several = field["selectMultiple"] or field["type"] == "odk:rank"
        return cls(field["path"], "selection" if several else field["type"])


def _json_number(value: Any) -> Decimal:
    assert isinstance(value, int | Decimal), "a decimal must be a number"
    assert not isinstance(value, bool)
    return Decimal(value)


def _json_integer(value: Any) -> int:
    assert type(value) is int, "an integer must be a whole number"
    return value


def _json_boolean(value: Any) -> bool:
    assert type(value) is bool
    return value


def _json_text(value: Any) -> str:
    assert type(value) is str
    return value


def _position(coordinates: Sequence[Any], accuracy: Any) -> tuple[float, ...]:
    longitude, latitude, altitude = (float(part) for part in coordinates)
    return latitude, longitude, altitude, float(accuracy)


def _json_point(value: Any) -> tuple[float, ...]:
    assert value["type"] == "Point"
    return _position(value["coordinates"], value["properties"]["accuracy"])


def _json_line(kind: str) -> Callable[[Any], Any]:
    def read(value: Any) -> tuple[tuple[float, ...], ...]:
        assert value["type"] == kind
        ring = value["coordinates"][0] if kind == "Polygon" else value["coordinates"]
        return tuple(map(_position, ring, value["properties"]["accuracies"]))

    return read


def _text_line(text: str) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(part) for part in point.split()) for point in text.split(";"))


def _text_boolean(text: str) -> bool:
    return {"true": True, "false": False}[text]


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(" "))


FROM_JSON: dict[str, Callable[[Any], Any]] = {
    "int": _json_integer,
    "decimal": _json_number,
    "boolean": _json_boolean,
    "date": lambda value: dt.date.fromisoformat(_json_text(value)),
    "time": lambda value: dt.time.fromisoformat(_json_text(value)),
    "dateTime": lambda value: dt.datetime.fromisoformat(_json_text(value)),
    "geopoint": _json_point,
    "geotrace": _json_line("LineString"),
    "geoshape": _json_line("Polygon"),
    "selection": lambda value: _names(_json_text(value)),
}
FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "int": int,
    "decimal": Decimal,
    "boolean": _text_boolean,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "dateTime": dt.datetime.fromisoformat,
    "geotrace": _text_line,
    "geoshape": _text_line,
    "selection": _names,
}


def from_json(question: Question, value: Any) -> Any:
    """The typed value; None where the cell is null."""
    return None if value is None else FROM_JSON.get(question.type, _json_text)(value)


def from_text(question: Question, text: str) -> Any:
    """The typed value of a CSV cell, or of a calculation as the form engine has it; None where there is no text."""
    return FROM_TEXT.get(question.type, str)(text) if text else None


def from_csv(question: Question, line: Mapping[str, str]) -> Any:
    """The typed value of a question in a line of the root's CSV; a point has four columns.

    A text that a spreadsheet would run as a formula stands behind an apostrophe there, and only such a text.
    """
    column = question.path.strip("/").replace("/", "-")
    if question.type != "geopoint":
        cell = line[column]
        plain = cell[1:] if cell.startswith("'") and inert(cell[1:]) == cell else cell
        return from_text(question, plain)
    parts = [line[f"{column}-{part}"] for part in POINT_PARTS]
    return tuple(float(part) for part in parts) if any(parts) else None


def same(left: Any, right: Any) -> bool:
    """Equal, of the same type, and with the same offset from UTC."""
    if isinstance(left, dt.time | dt.datetime) and isinstance(right, type(left)):
        return left.replace(tzinfo=None) == right.replace(tzinfo=None) and left.utcoffset() == right.utcoffset()
    return type(left) is type(right) and bool(left == right)
