"""How does an answer read in a cell of a CSV file, and in OData JSON? Typed, or as it is stored (JSON)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from app.services.spreadsheet_cells import inert
from forms.submission import GeoPoint, GeoShape, GeoTrace, Masked, from_geojson, to_json, to_wkt

GEOPOINT_PARTS = ("Latitude", "Longitude", "Altitude", "Accuracy")


def cell(value: Any) -> str:
    """One cell: as ODK Central writes it, chosen names with a space between, and a text for what is masked."""
    return next((write(value) for kind, write in _CELLS if isinstance(value, kind)), str(value))


def decimal_cell(value: float) -> str:
    """A number as it was written, without an exponent."""
    text = repr(value)
    return format(Decimal(text), "f") if "e" in text else text


def _line(value: GeoTrace | GeoShape) -> str:
    return "; ".join(" ".join(_numbers(point)).rstrip() for point in value.points)


def _numbers(point: GeoPoint) -> list[str]:
    parts = (point.latitude, point.longitude, point.altitude_m, point.accuracy_m)
    return ["" if part is None else decimal_cell(part) for part in parts]


# The first that fits counts: a truth is a whole number too, to Python.
_CELLS: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (str, str),
    (type(None), lambda _: ""),
    (Masked, lambda value: f"[masked: {value.sensitivity}]"),
    (bool, lambda value: "true" if value else "false"),
    (tuple | list, " ".join),
    (float, decimal_cell),
    (Decimal, lambda value: format(value, "f")),
    (date | time, lambda value: value.isoformat()),
    (dict, lambda value: cell(from_geojson(value))),
    (GeoTrace | GeoShape, _line),
    (GeoPoint, lambda value: " ".join(_numbers(value)).rstrip()),
)


def geopoint_cells(value: Any) -> list[str]:
    """Latitude, longitude (degrees), altitude and accuracy (metres). Text that is no point stays in the first cell."""
    if isinstance(value, dict):
        value = from_geojson(value)
    if isinstance(value, GeoPoint):
        return _numbers(value)
    if isinstance(value, Masked):
        return [cell(value)] * len(GEOPOINT_PARTS)
    return [inert(cell(value)), "", "", ""]


# What stands beside a masked value in JSON: its class, as the reason.
MASKED = "@sportel.masked"


def json_value(value: Any, *, wkt: bool = False) -> Any:
    """The value in an OData document: numbers as numbers, chosen names as one text, places as GeoJSON or as WKT."""
    if value is None or isinstance(value, Masked):
        return None
    if isinstance(value, tuple | list):
        return " ".join(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return to_wkt(from_geojson(value)) if wkt else value
    return to_json(value)
