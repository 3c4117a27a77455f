"""Submissions on a map: the questions that were asked for, and never one that its reader may not see."""

from __future__ import annotations

from typing import Any

import pytest

from app.permissions import Grant
from tests.support.backend import Backend, Person, instance

FORM = """
| survey |              |       |       |                     |
|        | type         | name  | label | bind::sportel:class |
|        | begin_repeat | stop  | Stop  |                     |
|        | geopoint     | point | Point | quasi               |
|        | end_repeat   |       |       |                     |
|        | geopoint     | place | Place | quasi               |
|        | geotrace     | way   | Way   | identifying         |
|        | geoshape     | area  | Area  | quasi               |
| settings |         |         |                              |
|          | form_id | version | namespaces                   |
|          | trip    | 1       | sportel="urn:sportel:xforms" |
"""
ALL = "/projects/1/forms/trip/submissions"
BODY = (
    "<stop><point>41 19 1 2</point></stop><stop><point>42 20</point></stop><place>41.5 19.5 7 3</place>"
    "<way>41 19;42 20</way><area>1 2;3 4;5 6;1 2</area>"
)
PLACE = {"type": "Point", "coordinates": [19.5, 41.5, 7.0]}
STOPS = [{"type": "Point", "coordinates": [19.0, 41.0, 1.0]}, {"type": "Point", "coordinates": [20.0, 42.0]}]
WAY = {"type": "LineString", "coordinates": [[19.0, 41.0], [20.0, 42.0]]}
AREA = {"type": "Polygon", "coordinates": [[[2.0, 1.0], [4.0, 3.0], [6.0, 5.0], [2.0, 1.0]]]}


def feature(name: str, geometries: list[Any], path: str | None = None) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": name,
        "properties": None if path is None else {"fieldpath": path},
        "geometry": {"type": "GeometryCollection", "geometries": geometries},
    }


def features(person: Person, path: str) -> list[dict[str, Any]]:
    answer = person.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json["type"] == "FeatureCollection"
    found: list[dict[str, Any]] = answer.json["features"]
    return found


@pytest.fixture
def sent(backend: Backend) -> Backend:
    """Two submissions, the second without an answer on a map, the first edited to another place."""
    backend.admin.publish(FORM)
    phone = backend.phone()
    old = BODY.replace("41.5 19.5 7 3", "40 20")
    edit = "<orx:deprecatedID>uuid:1</orx:deprecatedID>"
    assert phone.send(instance("trip", old, instance_id="uuid:1")).status_code == 201
    assert phone.send(instance("trip", BODY, instance_id="uuid:2", meta=edit)).status_code == 201
    assert phone.send(instance("trip", "<place/>", instance_id="uuid:3")).status_code == 201
    return backend


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [feature("uuid:1", [PLACE], "/place")]),
        ("?fieldpath=/stop/point", [feature("uuid:1", STOPS)]),
        ("?fieldpath=/way&fieldpath=/area", [feature("uuid:1", [WAY, AREA])]),
        ("?fieldpath=/nothing", []),
        ("?reviewState=edited", [feature("uuid:1", [PLACE], "/place")]),
        ("?reviewState=null", []),
        ("?submitterId=999999", []),
        ("?limit=1", []),
    ],
)
def test_the_map_has_the_questions_that_were_asked_for(
    sent: Backend, query: str, expected: list[dict[str, Any]]
) -> None:
    assert features(sent.admin, f"{ALL}.geojson{query}") == expected


def test_one_submission_and_each_of_its_versions_has_a_map(sent: Backend) -> None:
    before = {"type": "Point", "coordinates": [20.0, 40.0]}
    assert features(sent.admin, f"{ALL}/uuid:1.geojson") == [feature("uuid:2", [PLACE], "/place")]
    assert features(sent.admin, f"{ALL}/uuid:1/versions/uuid:1.geojson") == [feature("uuid:1", [before], "/place")]
    for missing in ("uuid:9.geojson", "uuid:1/versions/uuid:9.geojson"):
        assert sent.admin.get(f"{ALL}/{missing}").json["code"] == 404.1


def test_a_masked_question_is_on_no_map(sent: Backend) -> None:
    viewer = sent.person(Grant("viewer", 1, all_offices=True))
    assert features(viewer, f"{ALL}.geojson?fieldpath=/way") == []
    assert features(viewer, f"{ALL}.geojson?fieldpath=/way&fieldpath=/area") == [feature("uuid:1", [AREA])]
    assert features(viewer, f"{ALL}/uuid:1.geojson?fieldpath=/way") == []


@pytest.mark.parametrize(
    "query", ["submitterId=x", "submitterId=1&submitterId=x", "reviewState=burned", "limit=0", "limit=x"]
)
def test_a_filter_that_is_none_is_refused(sent: Backend, query: str) -> None:
    assert sent.admin.get(f"{ALL}.geojson?{query}").json["code"] == 400.8
