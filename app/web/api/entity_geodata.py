"""Where the cases are, for maps."""

from __future__ import annotations

import json

from flask import Response

from app.services.add_entity import reached_entity, visible_entities, visible_entity
from app.services.audit_reads import record_read
from app.services.entity_geodata import feature_collection
from app.services.views import view_of_cases
from app.web.api.datasets import LIST, found
from app.web.api.entities import ONE, read_entity
from app.web.door import Door, Here

door = Door("entity_geodata", tag="Entities")

GEOJSON = "application/geo+json"


@door.route(
    "GET",
    f"{LIST}/entities.geojson",
    verb="entity.list",
    summary="Where the cases are: a feature for each whose property geometry I may read",
    answer_types=(GEOJSON,),
)
def of_all(here: Here, name: str) -> Response:
    dataset = found(here, name)
    cases = visible_entities(view_of_cases(here.actor, here.project), dataset)
    record_read("entity.list", here.actor, project_id=here.project.id, dataset=dataset.name, count=len(cases))
    return Response(json.dumps(feature_collection(cases)), content_type=GEOJSON)


@door.route(
    "GET",
    f"{ONE}/geojson",
    verb="entity.read",
    summary="Where the case is",
    answer_types=(GEOJSON,),
)
def of_one(here: Here, name: str, uuid: str) -> Response:
    dataset, view = found(here, name), view_of_cases(here.actor, here.project)
    read_entity(here, dataset, reached_entity(view, dataset, uuid))
    return Response(json.dumps(feature_collection([visible_entity(view, dataset, uuid)])), content_type=GEOJSON)
