"""Shapes of submissions."""

from __future__ import annotations

from marshmallow import fields, validate

from app.web.schemas import ApiSchema, Moment, Reason
from app.web.schemas.access import ActorSchema


class PagingSchema(ApiSchema):
    """`offset` and `limit`, as everywhere in the API."""

    offset = fields.Integer(load_default=0, validate=validate.Range(min=0, max=2**31 - 1))
    limit = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=0, max=10_000))


class ListedSchema(PagingSchema):
    """`deidentified`: for who may read more, the view that analysts get."""

    deidentified = fields.Boolean(load_default=False)


class FindingSchema(ApiSchema):
    """A quality problem in the answers; never an answer."""

    field = fields.String()
    rule = fields.String()
    message = fields.String()


class VersionSchema(ApiSchema):
    """One sending or edit; `submitter` and `formVersion` are there if asked for with X-Extended-Metadata."""

    instance_id = fields.String()
    instance_name = fields.String(allow_none=True)
    instance_name_masked = Reason()
    submitter_id = fields.Integer(allow_none=True)
    device_id = fields.String(allow_none=True)
    user_agent = fields.String(allow_none=True)
    current = fields.Boolean()
    created_at = Moment()
    findings = fields.List(fields.Nested(FindingSchema))
    submitter = fields.Nested(ActorSchema, allow_none=True)
    form_version = fields.String()


class SubmissionSchema(ApiSchema):
    """One filled form, through all its edits."""

    instance_id = fields.String()
    submitter_id = fields.Integer(allow_none=True)
    device_id = fields.String(allow_none=True)
    user_agent = fields.String(allow_none=True)
    review_state = fields.String(allow_none=True)
    edits = fields.Integer(allow_none=True)
    created_at = Moment()
    updated_at = Moment(allow_none=True)
    deleted_at = Moment(allow_none=True)
    current_version = fields.Nested(VersionSchema)
    submitter = fields.Nested(ActorSchema, allow_none=True)


class SubmissionAttachmentSchema(ApiSchema):
    """A file that the answers name; `exists` once it has arrived."""

    name = fields.String(allow_none=True)
    name_masked = Reason()
    exists = fields.Boolean()
