"""What a case has said over time."""

from __future__ import annotations

from typing import Any

from app.db import models
from app.services.add_entity import ShownEntity, reached_entity
from app.services.entity_history import Change, Relevance, diffs_of, relevance_of, versions_of
from app.services.entity_sources import Source, sources_of
from app.services.views import View, view_of_cases
from app.web.api.datasets import found
from app.web.api.entities import ONE, read_entity
from app.web.api.entity_shapes import shown_version
from app.web.door import Door, Here
from app.web.schemas.entities import EntityPastVersionSchema, VersionsQuerySchema

door = Door("entity_versions", tag="Entities")


@door.route(
    "GET",
    f"{ONE}/versions",
    verb="entity.read",
    summary="Every version of a case, the first first; or those that its conflict is about",
    query=VersionsQuerySchema(),
    returns=EntityPastVersionSchema(many=True),
)
def list_versions(here: Here, name: str, uuid: str, query: dict[str, Any]) -> list[dict[str, Any]]:
    view, dataset, entity = _reached(here, name, uuid)
    versions = versions_of(view, dataset, entity)
    relevance = relevance_of(entity, versions)
    sources = sources_of(here.actor, here.project_id, [each.version for each in versions])
    shown = [_shown_of_many(each, relevance, sources.get(each.version.id)) for each in versions]
    return [each for each in shown if each["relevant_to_conflict"] or not query["relevant_to_conflict"]]


@door.route(
    "GET",
    f"{ONE}/diffs",
    verb="entity.read",
    summary="What each version of a case changed, as far as I may read it",
    answer_types=("application/json",),
)
def list_diffs(here: Here, name: str, uuid: str) -> list[list[dict[str, str | None]]]:
    return [[_shown(each) for each in diff] for diff in diffs_of(*_reached(here, name, uuid))]


def _reached(here: Here, name: str, uuid: str) -> tuple[View, models.Dataset, models.Entity]:
    """The case and what the actor sees of it, once that is on record. Raises Problem 404.1."""
    dataset, view = found(here, name), view_of_cases(here.actor, here.project)
    entity = reached_entity(view, dataset, uuid)
    read_entity(here, dataset, entity)
    return view, dataset, entity


def _shown_of_many(case: ShownEntity, relevance: Relevance, source: Source | None) -> dict[str, Any]:
    number = case.version.version
    made_by = {} if source is None else {"instanceId": source.instance_id, "xmlFormId": source.xml_form_id}
    return shown_version(case) | {
        "source": {"submission": made_by} if made_by else {},
        "relevant_to_conflict": number in relevance.relevant,
        "last_good_version": number == relevance.last_good,
    }


def _shown(change: Change) -> dict[str, str | None]:
    return {"propertyName": change.property_name, "old": change.old, "new": change.new}
