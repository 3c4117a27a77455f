"""Cases on a map: each with its place, for who may read it."""

from __future__ import annotations

from app.permissions import Grant
from tests.support.backend import Backend

AT = "/projects/1/datasets/trees/entities"

PLACES = {
    "point": ("41.33 19.82 110 5", {"type": "Point", "coordinates": [19.82, 41.33, 110.0]}),
    "line": (
        "41.33 19.82 0 0; 41.34 19.83 0 0",
        {"type": "LineString", "coordinates": [[19.82, 41.33, 0.0], [19.83, 41.34, 0.0]]},
    ),
    "area": (
        "41 19; 41 20; 42 20; 41 19",
        {"type": "Polygon", "coordinates": [[[19.0, 41.0], [20.0, 41.0], [20.0, 42.0], [19.0, 41.0]]]},
    ),
    "no place": ("under the bridge", None),
    "nothing": ("", None),
}


def test_each_case_with_a_place_is_a_feature_for_who_may_read_it(backend: Backend) -> None:
    admin, uuids = backend.admin, {}
    admin.post("/projects/1/datasets", json={"name": "trees"})
    admin.post("/projects/1/datasets/trees/properties", json={"name": "geometry"})
    for label, (text, _) in PLACES.items():
        made = admin.post(AT, json={"label": label, "data": {"geometry": text}})
        uuids[label] = made.json["uuid"]
    answer = admin.get(f"{AT}.geojson")
    assert (answer.content_type, answer.json["type"]) == ("application/geo+json", "FeatureCollection")
    assert {each["id"]: each["geometry"] for each in answer.json["features"]} == {
        uuids[label]: geometry for label, (_, geometry) in PLACES.items() if geometry is not None
    }
    for label, (_, geometry) in PLACES.items():
        features = admin.get(f"{AT}/{uuids[label]}/geojson").json["features"]
        assert [each["geometry"] for each in features] == ([geometry] if geometry is not None else [])
    blind = backend.person(Grant("viewer", 1, all_offices=True))
    elsewhere = backend.person(Grant("case-reader", 1), office=backend.office("tr-01"))
    for reader in (blind, elsewhere):
        assert reader.get(f"{AT}.geojson").json["features"] == []
    assert elsewhere.get(f"{AT}/{uuids['point']}/geojson").json["code"] == 404.1
    assert admin.get("/projects/1/datasets/nothing/entities.geojson").json["code"] == 404.1
