"""Submissions on a map."""

from __future__ import annotations

from typing import Any

from flask import Response, request, stream_with_context
from marshmallow import fields, validate

from app import problems
from app.db.queries.version_pages import Wanted, current_versions
from app.services.audit_reads import export_on_record, read_submission
from app.services.change_submission import REVIEW_STATES
from app.services.geodata import Read, feature_collection
from app.services.views import view_of_form
from app.web.api.forms import ONE
from app.web.api.submissions import ITEM, found_submission, found_version
from app.web.door import Door, Here
from app.web.schemas import ApiSchema

door = Door("geodata", tag="Submissions")

GEOJSON = "application/json"  # as ODK Central calls it


class PathsSchema(ApiSchema):
    """`fieldpath`: a question, such as `/site/place`; may be given several times. Without one: the form's first."""

    fieldpath = fields.String()


class MapSchema(PathsSchema):
    """`submitterId`, `reviewState` (`null` for none): may be given several times."""

    submitter_id = fields.Integer(data_key="submitterId")
    review_state = fields.String(data_key="reviewState", validate=validate.OneOf((*REVIEW_STATES, "null")))
    limit = fields.Integer(load_default=None, validate=validate.Range(min=1, max=2**31 - 1))


@door.route(
    "GET",
    f"{ONE}/submissions.geojson",
    verb="submission.list",
    summary="All submissions on a map",
    query=MapSchema(),
    answer_types=(GEOJSON,),
)
def all_of_form(here: Here, query: dict[str, Any]) -> Response:
    view = view_of_form(here.actor, here.project, here.form)
    wanted = Wanted(_numbers("submitterId"), _states(), query["limit"])
    export = export_on_record(here.actor, here.form, format="geojson", **view.on_record)
    found = export.counted(current_versions(view.scope(), wanted))
    return Response(stream_with_context(export.ended(feature_collection(view, found, _paths()))), content_type=GEOJSON)


@door.route(
    "GET",
    f"{ITEM}.geojson",
    verb="submission.read",
    summary="One submission on a map",
    query=PathsSchema(),
    answer_types=(GEOJSON,),
)
def of_submission(here: Here, instance_id: str, query: dict[str, Any]) -> Response:
    return _one(here, found_submission(here, instance_id))


@door.route(
    "GET",
    f"{ITEM}/versions/<version_id>.geojson",
    verb="submission.read",
    summary="One version of a submission on a map",
    query=PathsSchema(),
    answer_types=(GEOJSON,),
)
def of_version(here: Here, instance_id: str, version_id: str, query: dict[str, Any]) -> Response:
    return _one(here, found_version(here, instance_id, version_id))


def _one(here: Here, found: Read) -> Response:
    read_submission(here.actor, here.form, found[0], "geodata", version_id=found[1].id)
    view = view_of_form(here.actor, here.project, here.form)
    return Response(b"".join(feature_collection(view, [found], _paths(), own_id=True)), content_type=GEOJSON)


def _paths() -> frozenset[str]:
    return frozenset(request.args.getlist("fieldpath"))


def _numbers(name: str) -> list[int]:
    texts = request.args.getlist(name)
    if not all(each.isascii() and each.isdigit() and len(each) < 10 for each in texts):
        raise problems.unexpected_value(name, "give the number of an actor")
    return [int(each) for each in texts]


def _states() -> list[str | None]:
    states = request.args.getlist("reviewState")
    if not set(states) <= {*REVIEW_STATES, "null"}:
        raise problems.unexpected_value("reviewState", f"choose of {', '.join(REVIEW_STATES)} and null")
    return [None if each == "null" else each for each in states]
