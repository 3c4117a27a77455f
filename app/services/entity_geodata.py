"""Where are cases, as GeoJSON? The property `geometry` of each, for who may read it.

A place that is masked is left out with its case, and so is what is no place. Source: ODK Central's entity geodata;
RFC 7946.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.services.add_entity import ShownEntity
from forms.errors import ValueUnreadable
from forms.submission.geo import parse_geopoint, parse_geoshape, parse_geotrace, to_geojson

GEOMETRY = "geometry"
# One position is a point; several are an area if they come back to where they began, and a line if not.
_READERS = (parse_geopoint, parse_geoshape, parse_geotrace)


def feature_collection(cases: Iterable[ShownEntity]) -> dict[str, Any]:
    """One feature for each case that has a place, with its UUID."""
    features = [
        {"type": "Feature", "id": each.entity.uuid, "properties": {}, "geometry": geometry}
        for each in cases
        if (geometry := _geometry(each)) is not None
    ]
    return {"type": "FeatureCollection", "features": features}


def _geometry(case: ShownEntity) -> dict[str, Any] | None:
    text = case.content.data.get(GEOMETRY)
    if not isinstance(text, str):
        return None
    for read in _READERS:
        try:
            return {key: each for key, each in to_geojson(read(text)).items() if key != "properties"}
        except ValueUnreadable:
            continue
    return None
