"""The shapes of the API's JSON, as Central's: camelCase names, moments in UTC with milliseconds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, fields

from app.clock import to_iso
from app.services.cells import MASKED
from forms.submission import Masked


def camel(name: str) -> str:
    """`created_at` -> `createdAt`."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def masked(name: str, value: Any) -> dict[str, Any]:
    """The value under its name; for one that is masked none, and its class in the field `<name>_masked`."""
    return {name: None, f"{name}_masked": value.sensitivity} if isinstance(value, Masked) else {name: value}


class Reason(fields.String):
    """The field `<name>_masked`: outside `<name>@sportel.masked`, and absent where nothing is masked."""

    def __init__(self) -> None:
        super().__init__(metadata={"description": "The value is there and masked, because it is of this class."})


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
            is_reason = isinstance(field_obj, Reason)
            field_obj.data_key = camel(field_name.removesuffix("_masked")) + MASKED if is_reason else camel(field_name)


class SuccessSchema(ApiSchema):
    """`{"success": true}`."""

    success = fields.Boolean()


class ProblemSchema(ApiSchema):
    """A fault: the whole part of `code` is the HTTP status."""

    message = fields.String(required=True)
    code = fields.Float(required=True)
    details = fields.Dict()
