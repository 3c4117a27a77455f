"""What a browser brings to the doors of OpenID Connect."""

from __future__ import annotations

from marshmallow import fields, validate

from app.web.schemas import ApiSchema

_text = validate.Length(max=4096)


class LoginSchema(ApiSchema):
    """Where to go afterwards: a path of this server; the first page for anything else."""

    next = fields.String(load_default="/", validate=_text)


class CallbackSchema(ApiSchema):
    """What the provider sends back with the browser (RFC 6749, RFC 9207)."""

    code = fields.String(load_default=None, validate=_text)
    state = fields.String(load_default=None, validate=_text)
    error = fields.String(load_default=None, validate=_text)
    iss = fields.String(load_default=None, validate=_text)
