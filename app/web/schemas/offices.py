"""Shapes of offices, and of what may be changed of people and phones."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from app.services.offices import KINDS
from app.web.schemas import ApiSchema

_name = validate.Length(min=1, max=255)
_code = validate.Regexp(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z", error="use letters, digits, _ and -, at most 64")
_region = validate.Regexp(r"[A-Z]{2}[0-9A-Z]{1,4}\Z", error="give a code such as AL11")


class OfficeSchema(ApiSchema):
    """A place where people work; its code is the one that the forms use."""

    id = fields.Integer()
    code = fields.String()
    kind = fields.String()
    name_en = fields.String()
    name_sq = fields.String()
    region = fields.String(allow_none=True)
    parent = fields.String(allow_none=True)
    to_confirm = fields.Boolean()


class OfficeChangeSchema(ApiSchema):
    """What may be changed of an office: not its code, which answers and cases name."""

    kind = fields.String(validate=validate.OneOf(KINDS))
    name_en = fields.String(validate=_name)
    name_sq = fields.String(validate=_name)
    region = fields.String(allow_none=True, validate=_region)
    parent = fields.String(allow_none=True, validate=_name)
    to_confirm = fields.Boolean()

    @validates_schema(pass_original=True)
    def refuse_code(self, data: dict[str, Any], original: dict[str, Any], **kwargs: Any) -> None:
        if "code" in original and "code" not in data:
            raise ValidationError("the code cannot be changed, answers and cases name it", "code")


class NewOfficeSchema(OfficeChangeSchema):
    """An office to be added."""

    code = fields.String(required=True, validate=_code)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    name_en = fields.String(required=True, validate=_name)
    name_sq = fields.String(required=True, validate=_name)


class UserChangeSchema(ApiSchema):
    """What may be changed of a person; `office` is a code, or null for none."""

    display_name = fields.String(validate=_name)
    email = fields.Email(validate=validate.Length(max=320))
    office = fields.String(allow_none=True, validate=_name)


class AppUserChangeSchema(ApiSchema):
    """What may be changed of a phone; `office` is a code, or null for none; a property that is null is taken away."""

    display_name = fields.String(validate=_name)
    office = fields.String(allow_none=True, validate=_name)
    properties = fields.Dict(keys=fields.String())
