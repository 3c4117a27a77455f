"""Shapes of what was kept aside."""

from __future__ import annotations

from marshmallow import fields, validate

from app.services.quarantine_reasons import REASONS
from app.web.schemas import ApiSchema, Moment, Reason
from app.web.schemas.submissions import PagingSchema

_reason = validate.OneOf(sorted(REASONS))


class QuarantineQuerySchema(PagingSchema):
    """Which entries: of a reason, of a form; `released` asks for those that have become edits."""

    reason = fields.String(load_default=None, validate=_reason)
    xml_form_id = fields.String(load_default=None, validate=validate.Length(max=255))
    released = fields.Boolean(load_default=False)


class BilingualSchema(ApiSchema):
    """The same sentence in English and Albanian."""

    en = fields.String()
    sq = fields.String()


class QuarantineEntrySchema(ApiSchema):
    """One file that was kept aside, with its reason as a person says it. `release`: again, edit or file."""

    id = fields.Integer()
    reason = fields.String()
    happened = fields.Nested(BilingualSchema)
    remedy = fields.Nested(BilingualSchema)
    release = fields.String()
    xml_form_id = fields.String(allow_none=True)
    instance_id = fields.String(allow_none=True)
    name = fields.String(allow_none=True)
    name_masked = Reason()
    content_type = fields.String(allow_none=True)
    size = fields.Integer()
    sender_id = fields.Integer(allow_none=True)
    sender = fields.String(allow_none=True)
    office = fields.String(allow_none=True)
    received_at = Moment()
    released_at = Moment(allow_none=True)


class SentFormSchema(ApiSchema):
    """Which form the XML says that it is of, and which version of a submission it replaces, if any."""

    xml_form_id = fields.String()
    version = fields.String()
    deprecated_id = fields.String(allow_none=True)


class QuarantineDetailSchema(QuarantineEntrySchema):
    """One entry, looked at: may it be released now, and if not, why?"""

    releasable = fields.Boolean()
    obstacle = fields.Nested(BilingualSchema, allow_none=True)
    sent = fields.Nested(SentFormSchema, allow_none=True)
    together = fields.List(fields.Integer())


class ReleaseQuerySchema(ApiSchema):
    """`as=edit`: as an edit of the version that counts now."""

    edit = fields.String(data_key="as", load_default=None, validate=validate.OneOf(["edit"]))


class ReleasedSchema(ApiSchema):
    """Where it went: the submission and the version of it."""

    instance_id = fields.String()
    version_id = fields.String()
    files = fields.Integer()


class DiscardSchema(ApiSchema):
    """Why, without names; `whole`: with everything that came with it."""

    reason = fields.String(required=True, validate=validate.Length(max=255))
    whole = fields.Boolean(load_default=False)


class DiscardedSchema(ApiSchema):
    """How many entries are gone."""

    discarded = fields.Integer()
