"""Shapes of links with which anybody fills one form."""

from __future__ import annotations

from marshmallow import fields, validate

from app.services.public_links import DAYS, MOST_DAYS
from app.web.schemas import ApiSchema, Moment
from app.web.schemas.access import ActorSchema

_name = validate.Length(min=1, max=255)


class NewPublicLinkSchema(ApiSchema):
    """A link to be added: whose office reads what comes by it (one's own, if left out), and for how many days."""

    display_name = fields.String(required=True, validate=_name)
    once = fields.Boolean(load_default=False)
    office = fields.String(load_default=None, allow_none=True, validate=_name)
    days = fields.Integer(load_default=DAYS, validate=validate.Range(min=1, max=MOST_DAYS))


class PublicLinkChangeSchema(ApiSchema):
    """What may be changed of a link: what is noted of it; a property that is null is taken away."""

    properties = fields.Dict(keys=fields.String(), required=True)


class PublicLinkSchema(ActorSchema):
    """A link. `token` is there once, in the answer that creates it; `null` after.

    `properties` are there with `X-Extended-Metadata: true`.
    """

    once = fields.Boolean()
    token = fields.String(allow_none=True)
    office = fields.String(allow_none=True)
    expires_at = Moment(allow_none=True)
    created_by = fields.Nested(ActorSchema, allow_none=True)
    properties = fields.Dict(keys=fields.String(), values=fields.String())
