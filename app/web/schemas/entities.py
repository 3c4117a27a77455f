"""Shapes of entity lists and cases."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from app.web.schemas import ApiSchema, Moment, Reason
from forms.schema import SENSITIVITIES


class FormNameSchema(ApiSchema):
    """A form that uses a list."""

    xml_form_id = fields.String()
    name = fields.String()


class DatasetPropertySchema(ApiSchema):
    """A property of a list; `forms` write it."""

    name = fields.String()
    odata_name = fields.String()
    published_at = Moment(allow_none=True)
    sensitivity = fields.String()
    forms = fields.List(fields.Nested(FormNameSchema))


class NewPropertySchema(ApiSchema):
    """A property to be added; its class is the project's for questions that declare none, unless it is given here."""

    name = fields.String(required=True)
    sensitivity = fields.String(validate=validate.OneOf(SENSITIVITIES))


class AccessRuleSchema(ApiSchema):
    """A case is for a phone if this property of the case equals that of the phone."""

    dataset_property = fields.String(required=True)
    actor_property = fields.String(required=True)


class AccessFilterSchema(ApiSchema):
    """Which cases of its office a phone gets: `ownerOnly`, those that it made itself; `property`, by any of the rules.

    A phone of which nothing is noted under a rule's name gets nothing by it.
    """

    type = fields.String(required=True, validate=validate.OneOf(["ownerOnly", "property"]))
    rules = fields.List(fields.Nested(AccessRuleSchema), validate=validate.Length(min=1, max=50))

    @validates_schema
    def refuse_half(self, data: dict[str, Any], **kwargs: Any) -> None:
        if ("rules" in data) != (data["type"] == "property"):
            raise ValidationError("rules belong to the type property, and to no other", "rules")


class DatasetChangeSchema(ApiSchema):
    """What may be changed of a list. `approvalRequired`: a submission makes its case when it is approved.

    `accessFilter` counts before `ownerOnly`, which is its older spelling.
    """

    approval_required = fields.Boolean()
    owner_only = fields.Boolean()
    access_filter = fields.Nested(AccessFilterSchema, allow_none=True)


class ConvertQuerySchema(ApiSchema):
    """`convert`: with `approvalRequired: false`, are cases made of what waits for an approval? Not said: ask me."""

    convert = fields.Boolean(load_default=None)


class NewDatasetSchema(DatasetChangeSchema):
    """A list to be added."""

    name = fields.String(required=True)


class DatasetSchema(ApiSchema):
    """An entity list; the counts with `X-Extended-Metadata: true`, properties and forms when asked for one list.

    `linkedForms` read the list, `sourceForms` write it. `id` and `deletedAt` are of a list in the trash.
    """

    id = fields.Integer()
    deleted_at = Moment()
    owner_only = fields.Boolean()
    access_filter = fields.Nested(AccessFilterSchema, allow_none=True)

    name = fields.String()
    project_id = fields.Integer()
    created_at = Moment()
    approval_required = fields.Boolean()
    properties = fields.List(fields.Nested(DatasetPropertySchema))
    linked_forms = fields.List(fields.Nested(FormNameSchema))
    source_forms = fields.List(fields.Nested(FormNameSchema))
    draft_linked_forms = fields.List(fields.Nested(FormNameSchema))
    draft_source_forms = fields.List(fields.Nested(FormNameSchema))
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


class EntityPastVersionSchema(EntityVersionSchema):
    """One of all versions. `lastGoodVersion`: is it the last one before the conflict, or without one the newest?

    `source`: the submission that made it (`instanceId`, `xmlFormId`), if the reader may see that; otherwise empty.
    """

    source = fields.Dict()
    relevant_to_conflict = fields.Boolean()
    last_good_version = fields.Boolean()


class VersionsQuerySchema(ApiSchema):
    """`relevantToConflict`: only the versions that the case's conflict is about."""

    relevant_to_conflict = fields.Boolean(load_default=False)


class EntitySchema(ApiSchema):
    """A case."""

    uuid = fields.String()
    creator_id = fields.Integer(allow_none=True)
    conflict = fields.String(allow_none=True)
    created_at = Moment()
    updated_at = Moment(allow_none=True)
    deleted_at = Moment(allow_none=True)
    current_version = fields.Nested(EntityVersionSchema)


_label = validate.Length(min=1, max=1024)


def _data() -> fields.Dict:
    return fields.Dict(
        keys=fields.String(), values=fields.String(validate=validate.Length(max=10_000)), load_default=dict
    )


class BulkEntitySchema(ApiSchema):
    """One of many cases to be added; without `uuid` it gets one."""

    uuid = fields.String()
    label = fields.String(required=True, validate=_label)
    data = _data()


class SourceSchema(ApiSchema):
    """Where many cases come from: a file's name, and its size in bytes."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=255))
    size = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=0, max=2**53))


class NewEntitySchema(ApiSchema):
    """A case to be added by hand, or `entities`: up to 1000, all or none."""

    uuid = fields.String()
    label = fields.String(validate=_label)
    data = _data()
    # Some seconds of work in one transaction: more would keep phones waiting on SQLite.
    entities = fields.List(fields.Nested(BulkEntitySchema), validate=validate.Length(min=1, max=1000))
    source = fields.Nested(SourceSchema)


class AddedEntitySchema(EntitySchema):
    """The case that was added; of many only that they were."""

    success = fields.Boolean()


class EntityEditSchema(ApiSchema):
    """What is to be changed: the label if it is given, and these properties; the others stay."""

    label = fields.String(load_default=None, validate=_label)
    data = _data()


class EntityEditQuerySchema(ApiSchema):
    """`baseVersion`: the version that was fetched and changed; or `force`, whatever the case says now.

    `resolve`: what was in conflict is settled by this change, or, if nothing is sent, by what the case says already.
    """

    base_version = fields.String(load_default=None)
    force = fields.Boolean(load_default=False)
    resolve = fields.Boolean(load_default=False)


class TrashQuerySchema(ApiSchema):
    """`deleted`: what is in the trash, instead of what is not."""

    deleted = fields.Boolean(load_default=False)


class ManyEntitiesSchema(ApiSchema):
    """Cases by their UUIDs."""

    ids = fields.List(fields.String(), required=True, validate=validate.Length(min=1, max=1000))
