"""Where are submissions on a map? GeoJSON of the points, lines and areas that a view shows, and of no other.

The shape is ODK Central's: one feature a submission and question, whose geometry is a collection (a question of a
repeat may be answered often). Without a choice of questions it is the first one of its form version outside of
repeats; if that one is masked there is nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from app.db import models
from app.services.read_submissions import mask_of, record_of, schema_for
from app.services.views import View
from forms.schema import FormSchema
from forms.submission import GeoPoint, GeoShape, GeoTrace, rows
from forms.submission.geo import to_geojson

GEO_TYPES = frozenset({"geopoint", "geotrace", "geoshape"})

Read = tuple[models.Submission, models.SubmissionVersion]


def feature_collection(
    view: View, found: Iterable[Read], paths: frozenset[str], *, own_id: bool = False
) -> Iterator[bytes]:
    """The document, piece by piece. `paths`: the questions; none: the default one.

    `own_id`: a feature is called after its version, not after the submission.
    """
    yield b'{"type":"FeatureCollection","features":['
    is_first = True
    for submission, version in found:
        for feature in _features(view, submission, version, paths, own_id=own_id):
            yield (b"" if is_first else b",") + json.dumps(feature, ensure_ascii=False).encode()
            is_first = False
    yield b"]}"


def _features(
    view: View, submission: models.Submission, version: models.SubmissionVersion, paths: frozenset[str], *, own_id: bool
) -> Iterator[dict[str, Any]]:
    schema = schema_for(version)
    mask = mask_of(view, submission, version)
    wanted = [path for path in _wanted(schema, paths) if mask.of(path) is None]
    if not wanted:
        return  # what the reader may not see is not even opened
    answers = record_of(submission, version).values
    tables = rows(version.instance_id, answers, schema).values()
    geometries = [
        _geometry(row.values[path])
        for path in wanted
        for table in tables
        for row in table
        if isinstance(row.values.get(path), GeoPoint | GeoTrace | GeoShape)
    ]
    if geometries:
        yield {
            "type": "Feature",
            "id": version.instance_id if own_id else submission.instance_id,
            "properties": None if paths else {"fieldpath": wanted[0]},
            "geometry": {"type": "GeometryCollection", "geometries": geometries},
        }


def _wanted(schema: FormSchema, paths: frozenset[str]) -> list[str]:
    fields = [each for each in schema.fields if each.data_type in GEO_TYPES]
    if paths:
        return [each.path for each in fields if each.path in paths]
    return [each.path for each in fields if each.repeat is None][:1]


def _geometry(value: Any) -> dict[str, Any]:
    # Accuracies have no place in GeoJSON.
    return {key: each for key, each in to_geojson(value).items() if key != "properties"}
