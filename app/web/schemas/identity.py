"""Shapes of what a person signs in with."""

from __future__ import annotations

from marshmallow import fields, validate

from app.web.schemas import ApiSchema

_password = validate.Length(max=1024)


class PasswordChangeSchema(ApiSchema):
    """The password until now, and the one from now on."""

    old = fields.String(required=True, load_only=True, validate=_password)
    new = fields.String(required=True, load_only=True, validate=_password)
