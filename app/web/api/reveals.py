"""Showing masked answers of one record, for a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response
from marshmallow import fields, validate

from app import problems
from app.db.queries import submissions as submission_queries
from app.permissions import CLASS_VERBS
from app.problems import Problem
from app.services.add_entity import reached_entity
from app.services.read_submissions import content_of
from app.services.reveal import Reveal, Wish, reveal_entity, reveal_file, reveal_submission
from app.services.views import View, view_of_cases, view_of_form
from app.web.api.datasets import LIST, found
from app.web.api.submissions import ITEM, Found
from app.web.door import Door, Here
from app.web.files import sent_file_response
from app.web.metrics import reveal_alarm
from app.web.schemas import ApiSchema

door = Door("reveals", tag="Reveals")


class ReasonSchema(ApiSchema):
    """`reason`: why it is needed; kept in the audit, so without names."""

    reason = fields.String(required=True)


class WishSchema(ReasonSchema):
    """`fields`: paths of questions, or properties. `classes`: all that is of them."""

    fields_ = fields.List(
        fields.String(validate=validate.Length(max=255)),
        data_key="fields",
        load_default=list,
        validate=validate.Length(max=500),
    )
    classes = fields.List(fields.String(validate=validate.OneOf(sorted(CLASS_VERBS))), load_default=list)


class RevealedSchema(ApiSchema):
    """One answer; `row` is the key of the table's row that it stands in."""

    field = fields.String()
    row = fields.String(allow_none=True)
    sensitivity = fields.String(data_key="class")
    value = fields.Raw(allow_none=True)


class RevealSchema(ApiSchema):
    """What was shown."""

    values = fields.List(fields.Nested(RevealedSchema))


@door.route(
    "POST",
    f"{ITEM}/reveal",
    verb="submission.reveal",
    summary="Show masked answers of a submission; the reason is audited first, and each counts against a daily budget",
    body=WishSchema(),
    returns=RevealSchema(),
)
def of_submission(here: Here, instance_id: str, body: dict[str, Any]) -> Reveal:
    view, found = _reached(here, instance_id)
    return _counted(lambda: reveal_submission(here.actor, view, here.form, *found, _wish(body)))


@door.route(
    "POST",
    f"{ITEM}/attachments/<name>/reveal",
    verb="submission.reveal",
    summary="Fetch a masked file of a submission; audited first, and counted",
    body=ReasonSchema(),
    answer_types=("application/octet-stream",),
)
def of_file(here: Here, instance_id: str, name: str, body: dict[str, Any]) -> Response:
    view, found = _reached(here, instance_id)
    with _alarms():
        row, is_near = reveal_file(here.actor, view, here.form, *found, name, _reason(body))
    if is_near:
        reveal_alarm("near")
    return sent_file_response(content_of(found[0], row), row.name, row.size_bytes)


@door.route(
    "POST",
    f"{LIST}/entities/<uuid>/reveal",
    verb="submission.reveal",
    summary="Show masked properties of a case, or its label; audited first, and counted",
    body=WishSchema(),
    returns=RevealSchema(),
)
def of_entity(here: Here, name: str, uuid: str, body: dict[str, Any]) -> Reveal:
    dataset = found(here, name)
    view = view_of_cases(here.actor, here.project)
    entity = reached_entity(view, dataset, uuid)
    return _counted(lambda: reveal_entity(here.actor, view, here.project, dataset, entity, _wish(body)))


def _reached(here: Here, instance_id: str) -> tuple[View, Found]:
    """The submission and what the actor sees of it. Raises Problem 404.1 if it is not there for the actor."""
    view = view_of_form(here.actor, here.project, here.form)
    found = submission_queries.submission(view.scope(), instance_id)
    if found is None:
        raise problems.not_found()
    return view, found


def _wish(body: dict[str, Any]) -> Wish:
    return Wish(_reason(body), tuple(body["fields_"]), tuple(body["classes"]))


def _reason(body: dict[str, Any]) -> str:
    reason: str = body["reason"].strip()
    if not 10 <= len(reason) <= 500:
        raise problems.unexpected_value("reason", "say why in 10 to 500 characters, without names")
    return reason


def _counted(reveal: Callable[[], Reveal]) -> Reveal:
    with _alarms():
        done = reveal()
    if done.is_alarming:
        reveal_alarm("near")
    return done


@contextmanager
def _alarms() -> Iterator[None]:
    try:
        yield
    except Problem as problem:
        if problem.code == problems.REVEAL_BUDGET_SPENT:
            reveal_alarm("spent")
        raise
