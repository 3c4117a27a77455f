"""Shapes of a whole project: with its forms and lists, and as it is put at once."""

from __future__ import annotations

from marshmallow import fields, validate

from app.web.schemas import ApiSchema, Moment
from app.web.schemas.forms import FormSchema, NewProjectSchema, ProjectSchema

_MOST_ID = 2**31 - 1


class ListedDatasetSchema(ApiSchema):
    """An entity list as the list of projects shows it."""

    name = fields.String()
    project_id = fields.Integer()
    approval_required = fields.Boolean()
    created_at = Moment()
    entities = fields.Integer()
    last_entity = Moment(allow_none=True)
    conflicts = fields.Integer()


class ListedProjectSchema(ProjectSchema):
    """A project; `formList` and `datasetList` if they are asked for, `verbs` of one with extended metadata."""

    form_list = fields.List(fields.Nested(FormSchema))
    dataset_list = fields.List(fields.Nested(ListedDatasetSchema))
    verbs = fields.List(fields.String())


class ProjectsQuerySchema(ApiSchema):
    """What to show in each project."""

    forms = fields.Boolean(load_default=False)
    datasets = fields.Boolean(load_default=False)


class PutAssignmentSchema(ApiSchema):
    """A role on a form, by its number or name."""

    actor_id = fields.Integer(required=True, validate=validate.Range(min=1, max=_MOST_ID))
    role_id = fields.Raw(required=True, metadata={"description": "The role's number or name."})
    all_offices = fields.Boolean(load_default=None)


class PutFormSchema(ApiSchema):
    """A form as it is to be; what is left out stays."""

    xml_form_id = fields.String(required=True, validate=validate.Length(min=1, max=255))
    state = fields.String(load_default=None, validate=validate.OneOf(["open", "closing", "closed"]))
    assignments = fields.List(fields.Nested(PutAssignmentSchema), load_default=None, allow_none=True)


class PutProjectSchema(NewProjectSchema):
    """A project as it is to be: what is left out is emptied, and only `forms` stay as they are without it."""

    archived = fields.Boolean(load_default=False, allow_none=True)
    forms = fields.List(fields.Nested(PutFormSchema), load_default=None, allow_none=True)
