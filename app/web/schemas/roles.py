"""Shapes of roles and of who holds them."""

from __future__ import annotations

from marshmallow import fields, validate

from app.web.schemas import ApiSchema, Moment
from app.web.schemas.access import ActorSchema


class RoleSchema(ApiSchema):
    """A named set of rights."""

    id = fields.Integer()
    system = fields.String()
    name = fields.String()
    verbs = fields.List(fields.String())
    created_at = Moment(allow_none=True)
    updated_at = Moment(allow_none=True)


class AssignmentSchema(ApiSchema):
    """Who holds which role; `actor` instead of its number with `X-Extended-Metadata: true`."""

    actor_id = fields.Integer()
    actor = fields.Nested(ActorSchema)
    role_id = fields.Integer()
    all_offices = fields.Boolean()


class FormAssignmentSchema(AssignmentSchema):
    """The same on one form."""

    xml_form_id = fields.String()


class AssignedActorSchema(ActorSchema):
    """Somebody who holds the role that was asked for."""

    all_offices = fields.Boolean()


class GiveRoleQuerySchema(ApiSchema):
    """How far the role reaches: the holder's own office, or all."""

    all_offices = fields.Boolean(load_default=False)


class AddressQuerySchema(ApiSchema):
    """The whole address of a person: parts of one find nobody, so that nobody's colleagues are listed."""

    q = fields.String(required=True, validate=validate.Length(min=1, max=320))
