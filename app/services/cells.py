"""How does a typed answer read in a cell of a CSV file, and in OData JSON?"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from forms.schema import Field
from forms.submission import GeoPoint, GeoShape, GeoTrace, Masked, Value, to_json

GEOPOINT_PARTS = ("Latitude", "Longitude", "Altitude", "Accuracy")


def cell(value: Value | Masked | None) -> str:
    """One cell: as ODK Central writes it, chosen names with a space between, and a text for what is masked."""
    if isinstance(value, Masked):
        return f"[masked: {value.sensitivity}]"
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


def geopoint_cells(value: Value | Masked | None) -> list[str]:
    """Latitude, longitude (degrees), altitude and accuracy (metres). Text that is no point stays in the first cell."""
    if isinstance(value, GeoPoint):
        return _numbers(value)
    if isinstance(value, Masked):
        return [cell(value)] * len(GEOPOINT_PARTS)
    return [cell(value), "", "", ""]


def cells(field: Field, value: Value | Masked | None) -> list[str]:
    """The cells of a question: four for a point, one for any other."""
    return geopoint_cells(value) if field.data_type == "geopoint" else [cell(value)]


# What stands beside a masked value in JSON: its class, as the reason.
MASKED = "@sportel.masked"


def put_json(target: dict[str, Any], name: str, value: Value | Masked | None) -> None:
    """The value under its name; for what is masked null, and beside it the class as the reason."""
    target[name] = json_value(value)
    if isinstance(value, Masked):
        target[name + MASKED] = value.sensitivity


def json_value(value: Value | Masked | None) -> Any:
    """The value in an OData document: numbers as numbers, points and lines as GeoJSON, chosen names as one text."""
    if value is None or isinstance(value, Masked):
        return None
    if isinstance(value, tuple):
        return " ".join(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return to_json(value)
