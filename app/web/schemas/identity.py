"""Shapes of what a person signs in with: passwords, API keys."""

from __future__ import annotations

from marshmallow import fields, validate

from app.services.api_keys import MOST_DAYS
from app.web.schemas import ApiSchema, Moment

_password = validate.Length(max=1024)
_name = validate.Length(min=1, max=255)
_MOST_ID = 2**31 - 1


class PasswordChangeSchema(ApiSchema):
    """The password until now, and the one from now on."""

    old = fields.String(required=True, load_only=True, validate=_password)
    new = fields.String(required=True, load_only=True, validate=_password)


class NewApiKeySchema(ApiSchema):
    """What a key is for. Without a project: for all that its person may; `forms` and `office` are of the project."""

    label = fields.String(required=True, validate=_name)
    project_id = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=1, max=_MOST_ID))
    forms = fields.List(fields.String(validate=_name), load_default=None, allow_none=True)
    office = fields.String(load_default=None, allow_none=True, validate=_name)
    writes = fields.Boolean(load_default=False)
    days = fields.Integer(load_default=90, validate=validate.Range(min=1, max=MOST_DAYS))


class ApiKeySchema(ApiSchema):
    """A key. `token` is there once, in the answer that makes it; `lastUsedAt` is true to the hour."""

    id = fields.Integer()
    label = fields.String()
    token = fields.String(allow_none=True)
    project_id = fields.Integer(allow_none=True)
    forms = fields.List(fields.String(), allow_none=True)
    office = fields.String(allow_none=True)
    writes = fields.Boolean()
    created_at = Moment()
    expires_at = Moment()
    last_used_at = Moment(allow_none=True)
    revoked_at = Moment(allow_none=True)
