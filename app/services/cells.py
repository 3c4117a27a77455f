"""How does a typed answer read in a cell of a CSV file, and in OData JSON?"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from forms.schema import Field
from forms.submission import GeoPoint, GeoShape, GeoTrace, Value, to_json

GEOPOINT_PARTS = ("Latitude", "Longitude", "Altitude", "Accuracy")


def cell(value: Value | None) -> str:
    """One cell: as ODK Central writes it, chosen names with a space between."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, tuple):
        return " ".join(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, GeoTrace | GeoShape):
        return "; ".join(" ".join(_numbers(point)).rstrip() for point in value.points)
    return str(value)


def _numbers(point: GeoPoint) -> list[str]:
    parts = (point.latitude, point.longitude, point.altitude_m, point.accuracy_m)
    return ["" if part is None else format(Decimal(repr(part)), "f") for part in parts]


def geopoint_cells(value: Value | None) -> list[str]:
    """Latitude, longitude (degrees), altitude and accuracy (metres). Text that is no point stays in the first cell."""
    if isinstance(value, GeoPoint):
        return _numbers(value)
    return [cell(value), "", "", ""]


def cells(field: Field, value: Value | None) -> list[str]:
    """The cells of a question: four for a point, one for any other."""
    return geopoint_cells(value) if field.data_type == "geopoint" else [cell(value)]


def json_value(value: Value | None) -> Any:
    """The value in an OData document: numbers as numbers, points and lines as GeoJSON, chosen names as one text."""
    if value is None:
        return None
    if isinstance(value, tuple):
        return " ".join(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return to_json(value)
