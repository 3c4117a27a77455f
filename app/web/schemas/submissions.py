"""Shapes of submissions, lists and cases."""

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
    """One sending or edit."""

    instance_id = fields.String()
    instance_name = fields.String(allow_none=True)
    instance_name_masked = Reason()
    submitter_id = fields.Integer(allow_none=True)
    device_id = fields.String(allow_none=True)
    user_agent = fields.String(allow_none=True)
    current = fields.Boolean()
    created_at = Moment()
    findings = fields.List(fields.Nested(FindingSchema))


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
    submitter = fields.Nested(ActorSchema)


class SubmissionAttachmentSchema(ApiSchema):
    """A file that the answers name; `exists` once it has arrived."""

    name = fields.String(allow_none=True)
    name_masked = Reason()
    exists = fields.Boolean()


class DatasetPropertySchema(ApiSchema):
    """A property of a list."""

    name = fields.String()
    odata_name = fields.String()
    published_at = Moment(allow_none=True)
    sensitivity = fields.String()
    forms = fields.List(fields.Dict())


class DatasetSchema(ApiSchema):
    """An entity list; the counts with `X-Extended-Metadata: true`, the properties when asked for one list."""

    name = fields.String()
    project_id = fields.Integer()
    created_at = Moment()
    approval_required = fields.Boolean()
    properties = fields.List(fields.Nested(DatasetPropertySchema))
    entities = fields.Integer()
    last_entity = Moment(allow_none=True)
    conflicts = fields.Integer()


class EntityVersionSchema(ApiSchema):
    """What a case says in one version. A masked property is null, and `<property>@sportel.masked` is its class."""

    label = fields.String(allow_none=True)
    label_masked = Reason()
    data = fields.Dict(keys=fields.String(), values=fields.String(allow_none=True))
    current = fields.Boolean()
    creator_id = fields.Integer(allow_none=True)
    user_agent = fields.String()
    version = fields.Integer()
    base_version = fields.Integer(allow_none=True)
    conflicting_properties = fields.List(fields.String(), allow_none=True)
    created_at = Moment()


class EntitySchema(ApiSchema):
    """A case."""

    uuid = fields.String()
    creator_id = fields.Integer(allow_none=True)
    conflict = fields.String(allow_none=True)
    created_at = Moment()
    updated_at = Moment(allow_none=True)
    deleted_at = Moment(allow_none=True)
    current_version = fields.Nested(EntityVersionSchema)


class NewEntitySchema(ApiSchema):
    """A case to be added by hand; without `uuid` it gets one."""

    uuid = fields.String()
    label = fields.String(required=True, validate=validate.Length(min=1, max=1024))
    data = fields.Dict(
        keys=fields.String(), values=fields.String(validate=validate.Length(max=10_000)), load_default=dict
    )
