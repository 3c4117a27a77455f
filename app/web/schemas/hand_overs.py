"""Shapes of handing over."""

from __future__ import annotations

from marshmallow import fields, validate

from app.web.schemas import ApiSchema, Moment, Reason
from app.web.schemas.access import ActorSchema


class HandOverSchema(ApiSchema):
    """To which office (its code), and why; the reason is sealed with the record."""

    office = fields.String(required=True, validate=validate.Length(min=1, max=64))
    reason = fields.String(required=True, validate=validate.Length(min=1, max=1000))


class CaseHandOverSchema(HandOverSchema):
    """`submissions`: along with the submissions of the old office that made or changed the case."""

    submissions = fields.Boolean(load_default=False)


class CaseHandedOverSchema(ApiSchema):
    """`submissions`: how many went along."""

    success = fields.Boolean()
    submissions = fields.Integer()


class StepSchema(ApiSchema):
    """One step of a record; `bySubmission`: an answer that named the custodian did it, so there is no reason."""

    from_office = fields.String(data_key="from", allow_none=True)
    to_office = fields.String(data_key="to")
    reason = fields.String(allow_none=True)
    reason_masked = Reason()
    by_submission = fields.Boolean()
    actor = fields.Nested(ActorSchema, allow_none=True)
    created_at = Moment()
