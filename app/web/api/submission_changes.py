"""What a manager does to a submission: edit it, review it, delete it, restore it."""

from __future__ import annotations

from typing import Any

from flask import redirect, request
from marshmallow import fields, validate
from werkzeug.wrappers import Response as BaseResponse

from app import problems, problems_submissions
from app.db import db, models
from app.db.queries import submissions as queries
from app.db.queries.submissions import Scope
from app.permissions import office_scope
from app.runtime import runtime
from app.services.blind_edits import refuse_blind_edit
from app.services.change_submission import (
    REVIEW_STATES,
    Act,
    delete_submission,
    restore_submission,
    set_review_state,
)
from app.services.comments import note_edit
from app.services.receive_submission import Arrival, Sender, receive_submission
from app.services.views import view_of_form
from app.web.addresses import segment
from app.web.api.submissions import ITEM, XML_TYPES, Found, read_submission_xml, shown
from app.web.door import Door, Here, success
from app.web.metrics import submission_taken
from app.web.notes import action_note
from app.web.schemas import ApiSchema, SuccessSchema
from app.web.schemas.submissions import SubmissionSchema
from forms.errors import FormsError
from forms.submission import parse_submission

door = Door("submission_changes", tag="Submissions")


class ReviewSchema(ApiSchema):
    """What a review came to; null takes it back."""

    review_state = fields.String(required=True, allow_none=True, validate=validate.OneOf(REVIEW_STATES))


@door.route(
    "PUT",
    ITEM,
    verb="submission.update",
    summary="Edit a submission; the body is the whole new XML, whose deprecatedID names the current version",
    returns=SubmissionSchema(),
    body_types=XML_TYPES,
)
def edit(here: Here, instance_id: str) -> dict[str, Any]:
    note, xml = action_note(), read_submission_xml()
    submission, _ = _reached(here, instance_id)
    _refuse_other(here, submission, xml)
    refuse_blind_edit(here.actor, view_of_form(here.actor, here.project, here.form), here.form, xml)
    sender = Sender(here.actor, request.args.get("deviceID"), request.headers.get("User-Agent"))
    receipt = receive_submission(sender, here.project_id, Arrival(xml), only_for=here.form)
    submission_taken(is_new=receipt.is_new)
    submission = db.session.get_one(models.Submission, receipt.submission_id)
    note_edit(here.actor, submission, receipt.version_id, note)
    return _now(here, instance_id)


def _refuse_other(here: Here, submission: models.Submission, xml: bytes) -> None:
    """Raise Problem 400.19 for what edits nothing, 404.5 for an edit of another submission."""
    try:
        sent = parse_submission(xml)
    except FormsError:
        return  # refused with its reason where it is taken in
    if sent.deprecated_id is None:
        raise problems_submissions.expected_deprecation()
    before = queries.version_by_instance(here.form.id, False, sent.deprecated_id)
    if before is not None and before.submission_id != submission.id:
        raise problems.deprecated_id_not_found()


@door.route(
    "PATCH",
    ITEM,
    verb="submission.update",
    summary="Say what a review came to",
    body=ReviewSchema(),
    returns=SubmissionSchema(),
)
def review(here: Here, instance_id: str, body: dict[str, Any]) -> dict[str, Any]:
    set_review_state(_act(here), instance_id, body["review_state"])
    return _now(here, instance_id)


@door.route(
    "DELETE",
    ITEM,
    verb="submission.delete",
    summary="Delete a submission; for 30 days it can be restored",
    returns=SuccessSchema(),
)
def delete(here: Here, instance_id: str) -> dict[str, bool]:
    delete_submission(_act(here), instance_id)
    return success()


@door.route(
    "POST",
    f"{ITEM}/restore",
    verb="submission.restore",
    summary="Restore a submission that was deleted",
    returns=SuccessSchema(),
)
def restore(here: Here, instance_id: str) -> dict[str, bool]:
    restore_submission(_act(here), instance_id)
    return success()


@door.route(
    "GET",
    f"{ITEM}/edit",
    verb="submission.update",
    summary="To the web form that edits it",
    status=302,
)
def edit_page(here: Here, instance_id: str) -> BaseResponse:
    _reached(here, instance_id)
    address = runtime().settings.edit_url
    if address is None:
        raise problems_submissions.no_web_form()
    named = {"project": str(here.project.id), "form": here.form.xml_form_id, "instance": instance_id}
    for name, value in named.items():
        address = address.replace(f"{{{name}}}", segment(value))
    return redirect(address)


def _act(here: Here) -> Act:
    return Act(here.actor, here.form, action_note())


def _reached(here: Here, instance_id: str) -> Found:
    offices = office_scope(here.actor, "submission.update", project_id=here.project_id, form_id=here.form.id)
    found = queries.submission(Scope(here.form.id, offices), instance_id)
    if found is None:
        raise problems.not_found()
    return found


def _now(here: Here, instance_id: str) -> dict[str, Any]:
    return shown(view_of_form(here.actor, here.project, here.form), *_reached(here, instance_id))
