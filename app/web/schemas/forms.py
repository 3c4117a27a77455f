"""Shapes of projects, forms, versions and their files."""

from __future__ import annotations

from marshmallow import fields, validate

from app.web.schemas import ApiSchema, Moment
from app.web.schemas.access import ActorSchema


class ProjectSchema(ApiSchema):
    """A programme; the counts are there with `X-Extended-Metadata: true`."""

    id = fields.Integer()
    name = fields.String()
    description = fields.String(allow_none=True)
    archived = fields.Boolean()
    key_id = fields.Integer(allow_none=True)
    code = fields.String(allow_none=True)
    created_at = Moment()
    updated_at = Moment(allow_none=True)
    deleted_at = Moment(allow_none=True)
    forms = fields.Integer()
    app_users = fields.Integer()
    datasets = fields.Integer()
    last_submission = Moment(allow_none=True)
    last_entity = Moment(allow_none=True)


class NewProjectSchema(ApiSchema):
    """A project to be added."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=255))
    description = fields.String(allow_none=True, validate=validate.Length(max=10_000))


class ProjectChangeSchema(ApiSchema):
    """What may be changed of a project."""

    name = fields.String(validate=validate.Length(min=1, max=255))
    description = fields.String(allow_none=True, validate=validate.Length(max=10_000))
    archived = fields.Boolean()


class ReviewStatesSchema(ApiSchema):
    """How many submissions nobody has looked at, have issues, or were edited since."""

    received = fields.Integer()
    has_issues = fields.Integer()
    edited = fields.Integer()


class FormSchema(ApiSchema):
    """A form as its published version (or its draft) shows it; the counts with `X-Extended-Metadata: true`.

    `id` and `deletedAt` are there for a deleted one, `publishedBy` for a version.
    """

    id = fields.Integer()
    project_id = fields.Integer()
    xml_form_id = fields.String()
    name = fields.String(allow_none=True)
    version = fields.String(allow_none=True)
    hash = fields.String(allow_none=True)
    sha256 = fields.String(allow_none=True)
    state = fields.String()
    enketo_id = fields.String(allow_none=True)
    enketo_once_id = fields.String(allow_none=True)
    key_id = fields.Integer(allow_none=True)
    draft_token = fields.String(allow_none=True)
    created_at = Moment()
    updated_at = Moment(allow_none=True)
    deleted_at = Moment()
    published_at = Moment(allow_none=True)
    publish_notes = fields.String(allow_none=True)
    excel_content_type = fields.String(allow_none=True)
    submissions = fields.Integer()
    last_submission = Moment(allow_none=True)
    review_states = fields.Nested(ReviewStatesSchema)
    public_links = fields.Integer()
    entity_related = fields.Boolean()
    has_draft = fields.Boolean()
    created_by = fields.Nested(ActorSchema, allow_none=True)
    published_by = fields.Nested(ActorSchema, allow_none=True)


class FormChangeSchema(ApiSchema):
    """`open` takes submissions, `closing` takes those of phones that have the form, `closed` takes none."""

    state = fields.String(required=True, validate=validate.OneOf(["open", "closing", "closed"]))


class FormsQuerySchema(ApiSchema):
    """`deleted`: those that were taken away and not purged yet."""

    deleted = fields.Boolean(load_default=False)


class CreateFormQuerySchema(ApiSchema):
    """`publish`: at once; `ignoreWarnings`: they were looked at."""

    publish = fields.Boolean(load_default=False)
    ignore_warnings = fields.Boolean(load_default=False)


class PublishQuerySchema(ApiSchema):
    """Another version name than the draft's."""

    version = fields.String(load_default=None, allow_none=True)


class FieldSchema(ApiSchema):
    """A question, group or repeat."""

    path = fields.String()
    name = fields.String()
    type = fields.String()
    order = fields.Integer()
    binary = fields.Boolean(allow_none=True)
    select_multiple = fields.Boolean(allow_none=True)
    sensitivity = fields.String()


class FieldsQuerySchema(ApiSchema):
    """`odata`: names as the OData feed has them."""

    odata = fields.Boolean(load_default=False)


class FormAttachmentSchema(ApiSchema):
    """A file that the form needs, there or not yet."""

    name = fields.String()
    type = fields.String()
    exists = fields.Boolean()
    blob_exists = fields.Boolean()
    dataset_exists = fields.Boolean()
    hash = fields.String(allow_none=True)
    updated_at = Moment(allow_none=True)


class LinkSchema(ApiSchema):
    """Whether the entity list of the file's name stands for it."""

    dataset = fields.Boolean(required=True)


class DatasetDiffPropertySchema(ApiSchema):
    """A property of a list; `isNew`, of a draft's, if it is not published yet."""

    name = fields.String()
    in_form = fields.Boolean()
    is_new = fields.Boolean()


class DatasetDiffSchema(ApiSchema):
    """An entity list that a form writes."""

    name = fields.String()
    is_new = fields.Boolean()
    properties = fields.List(fields.Nested(DatasetDiffPropertySchema))


class UploadedSchema(FormAttachmentSchema):
    """The slot that was filled."""

    success = fields.Boolean()
