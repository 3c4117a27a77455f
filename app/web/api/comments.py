"""Comments on a submission: whoever may read it may comment on it."""

from __future__ import annotations

from typing import Any

from flask import request
from marshmallow import fields, validate

from app.db.queries import access
from app.services import comments as service
from app.services.audit_reads import read_submission
from app.services.comments import ShownComment
from app.services.views import view_of_form
from app.web.api.submissions import ITEM, found_submission
from app.web.door import Door, Here
from app.web.schemas import ApiSchema, Moment, Reason, masked
from app.web.schemas.access import ActorSchema

door = Door("comments", tag="Comments")


class CommentSchema(ApiSchema):
    """A comment; `actor` is there if asked for with X-Extended-Metadata."""

    body = fields.String(allow_none=True)
    body_masked = Reason()
    actor_id = fields.Integer(allow_none=True)
    created_at = Moment()
    actor = fields.Nested(ActorSchema, allow_none=True)


class NewCommentSchema(ApiSchema):
    """What is to be said."""

    body = fields.String(required=True, validate=validate.Length(min=1, max=service.LONGEST))


@door.route(
    "GET",
    f"{ITEM}/comments",
    verb="submission.read",
    summary="The comments, the newest first",
    returns=CommentSchema(many=True),
)
def list_comments(here: Here, instance_id: str) -> list[dict[str, Any]]:
    submission, _ = found_submission(here, instance_id)
    read_submission(here.actor, here.form, submission, "comments")
    view = view_of_form(here.actor, here.project, here.form)
    return [_shown(each) for each in service.comments_of(here.actor, view, submission)]


@door.route(
    "POST",
    f"{ITEM}/comments",
    verb="submission.read",
    summary="Comment on the submission",
    body=NewCommentSchema(),
    returns=CommentSchema(),
)
def create(here: Here, instance_id: str, body: dict[str, str]) -> dict[str, Any]:
    submission, _ = found_submission(here, instance_id)
    added = service.add_comment(here.actor, here.form, submission, body["body"])
    return _shown(added) | ({"actor": access.actor_row(here.actor.id)} if _extended() else {})


def _shown(comment: ShownComment) -> dict[str, Any]:
    answer = masked("body", comment.body) | {"actor_id": comment.actor_id, "created_at": comment.created_at}
    return answer | ({"actor": comment.actor} if _extended() else {})


def _extended() -> bool:
    return request.headers.get("X-Extended-Metadata") == "true"
