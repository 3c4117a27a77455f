"""The shapes of the API's JSON, as Central's: camelCase names, moments in UTC with milliseconds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, fields

from app.clock import to_iso


def camel(name: str) -> str:
    """`created_at` -> `createdAt`."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


class Moment(fields.DateTime):
    """A moment as Central writes it."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return to_iso(value)


class ApiSchema(Schema):
    """Python names inside, camelCase outside; what a client sends besides is ignored, as in ODK Central."""

    class Meta:
        unknown = EXCLUDE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        if field_obj.data_key is None:
            field_obj.data_key = camel(field_name)


class SuccessSchema(ApiSchema):
    """`{"success": true}`."""

    success = fields.Boolean()


class ProblemSchema(ApiSchema):
    """A fault: the whole part of `code` is the HTTP status."""

    message = fields.String(required=True)
    code = fields.Float(required=True)
    details = fields.Dict()
