"""Which questions of a draft would be read by more people than before, and who agreed?"""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from app import problems
from app.db.queries import forms as form_queries
from app.db.queries import reveals as queries
from app.services.loosening import approve, loosened
from app.web.api.drafts import DRAFT
from app.web.door import Door, Here, success
from app.web.schemas import ApiSchema, Moment, SuccessSchema

door = Door("loosening", tag="Drafts")


class LoosenedSchema(ApiSchema):
    """A question, its class in the stricter version, and the one that it would have.

    `reads`: the stricter question that it is newly made of, if it is that.
    """

    path = fields.String()
    before = fields.String()
    after = fields.String()
    version = fields.String()
    reads = fields.String(allow_none=True)


class ApprovalSchema(ApiSchema):
    """Who agreed to the draft as it is now."""

    actor_id = fields.Integer()
    created_at = Moment()


class LooseningSchema(ApiSchema):
    """What the draft loosens; `sha256` names the content that an approval is for."""

    sha256 = fields.String()
    questions = fields.List(fields.Nested(LoosenedSchema))
    approvals = fields.List(fields.Nested(ApprovalSchema))


class ApproveSchema(ApiSchema):
    """`approve` must be said; `sha256`: of the draft that was looked at, so that no other one is approved."""

    approve = fields.Boolean(required=True, validate=validate.Equal(True))
    sha256 = fields.String(load_default=None)


@door.route(
    "GET",
    f"{DRAFT}/loosening",
    verb="form.update",
    summary="The questions that the draft lets more people read, and who agreed to that",
    returns=LooseningSchema(),
    # The second person may be of any office.
    reads_every_office=True,
)
def get(here: Here) -> dict[str, Any]:
    draft = form_queries.draft_version(here.form.id)
    if draft is None:
        raise problems.not_found()
    return {
        "sha256": draft.sha256,
        "questions": loosened(here.project, here.form, draft),
        "approvals": queries.approvals(here.form.id, draft.sha256),
    }


@door.route(
    "POST",
    f"{DRAFT}/loosening",
    verb="form.approve_loosening",
    summary="Agree to it, as another administrator than who made the draft",
    body=ApproveSchema(),
    returns=SuccessSchema(),
)
def agree(here: Here, body: dict[str, Any]) -> dict[str, bool]:
    approve(here.actor, here.project, here.form, body["sha256"])
    return success()
