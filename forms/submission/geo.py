"""Where was it? Points, lines and areas as ODK writes them, and as GeoJSON.

Degrees are WGS 84. ODK writes latitude first, GeoJSON longitude first.
Source: ODK XForms specification, data types geopoint, geotrace, geoshape; RFC 7946.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from forms.errors import ValueUnreadable

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True)
class GeoPoint:
    """A position; altitude and accuracy in metres, None where the phone gave none."""

    latitude: float
    longitude: float
    altitude_m: float | None = None
    accuracy_m: float | None = None


@dataclass(frozen=True)
class GeoTrace:
    """A line of two points or more."""

    points: tuple[GeoPoint, ...]


@dataclass(frozen=True)
class GeoShape:
    """An area: a closed ring, whose last point is its first."""

    points: tuple[GeoPoint, ...]


def parse_geopoint(text: str) -> GeoPoint:
    """Read "latitude longitude altitude accuracy"; the last two may be absent.

    Raises ValueUnreadable if a part is not a number or is out of range.
    """
    return _point(text, "geopoint")


def parse_geotrace(text: str) -> GeoTrace:
    """Read points separated by semicolons, at least two. Raises ValueUnreadable."""
    points = _points(text, "geotrace")
    if len(points) < 2:
        raise ValueUnreadable("The line has fewer than two points.", "geotrace")
    return GeoTrace(points)


def parse_geoshape(text: str) -> GeoShape:
    """Read a closed ring: points separated by semicolons, at least four. Raises ValueUnreadable."""
    points = _points(text, "geoshape")
    first, last = points[0], points[-1]
    if len(points) < 4 or (first.latitude, first.longitude) != (last.latitude, last.longitude):
        raise ValueUnreadable("The area is not a closed ring of at least three corners.", "geoshape")
    return GeoShape(points)


def _points(text: str, data_type: str) -> tuple[GeoPoint, ...]:
    parts = text.strip().rstrip(";").split(";")
    return tuple(_point(part, data_type) for part in parts)


def _point(text: str, data_type: str) -> GeoPoint:
    parts = text.split()
    if not 2 <= len(parts) <= 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        raise ValueUnreadable("A position is not two to four numbers.", data_type)
    latitude, longitude, *rest = (float(part) for part in parts)
    altitude, accuracy = [*rest, None, None][:2]
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise ValueUnreadable("A position is not on the earth.", data_type)
    if not all(_is_metres(number) for number in rest) or (accuracy is not None and accuracy < 0):
        raise ValueUnreadable("A position has no possible altitude or accuracy.", data_type)
    return GeoPoint(latitude, longitude, altitude, accuracy)


def _is_metres(number: float) -> bool:
    """Finite and nearer than the moon; an exponent of three digits may overflow."""
    return abs(number) < 1e8


def to_geojson(value: GeoPoint | GeoTrace | GeoShape) -> dict[str, Any]:
    """GeoJSON geometry; accuracies are in `properties`, since coordinates have no place for them."""
    if isinstance(value, GeoPoint):
        geometry: dict[str, Any] = {"type": "Point", "coordinates": _coordinates(value)}
        if value.accuracy_m is not None:
            geometry["properties"] = {"accuracy": value.accuracy_m}
        return geometry
    positions = [_coordinates(point) for point in value.points]
    if isinstance(value, GeoTrace):
        geometry = {"type": "LineString", "coordinates": positions}
    else:
        geometry = {"type": "Polygon", "coordinates": [positions]}
    accuracies = [point.accuracy_m for point in value.points]
    if any(accuracy is not None for accuracy in accuracies):
        geometry["properties"] = {"accuracies": accuracies}
    return geometry


def to_wkt(value: GeoPoint | GeoTrace | GeoShape) -> str:
    """Well-known text: longitude, latitude and, where it is known, altitude. Source: OGC 06-103r4."""
    points = (value,) if isinstance(value, GeoPoint) else value.points
    positions = ",".join(" ".join(repr(part) for part in _coordinates(point)) for point in points)
    if isinstance(value, GeoPoint):
        return f"POINT ({positions})"
    return f"LINESTRING ({positions})" if isinstance(value, GeoTrace) else f"POLYGON (({positions}))"


def from_geojson(geometry: dict[str, Any]) -> GeoPoint | GeoTrace | GeoShape:
    """The inverse of `to_geojson`."""
    properties = geometry.get("properties", {})
    coordinates = geometry["coordinates"]
    if geometry["type"] == "Point":
        return _from_position(coordinates, properties.get("accuracy"))
    positions = coordinates if geometry["type"] == "LineString" else coordinates[0]
    accuracies = properties.get("accuracies", [None] * len(positions))
    points = tuple(_from_position(*pair) for pair in zip(positions, accuracies, strict=True))
    return GeoTrace(points) if geometry["type"] == "LineString" else GeoShape(points)


def _coordinates(point: GeoPoint) -> list[float]:
    position = [point.longitude, point.latitude]
    return position if point.altitude_m is None else [*position, point.altitude_m]


def _from_position(position: Sequence[float], accuracy: float | None) -> GeoPoint:
    longitude, latitude, *altitude = position
    return GeoPoint(latitude, longitude, altitude[0] if altitude else None, accuracy)
