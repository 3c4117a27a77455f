"""Shapes of the audit's lines, as ODK Central's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from marshmallow import fields, validate

from app.web.schemas import ApiSchema, Moment, Reason
from app.web.schemas.access import ActorSchema

MOST_LINES = 10_000


class When(fields.DateTime):
    """A moment, or a day; without a zone it is UTC."""

    def __init__(self, **more: Any) -> None:
        super().__init__(format="iso", load_default=None, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> datetime:
        text = str(value).strip()
        read = super()._deserialize(f"{text}T00:00:00" if len(text) == len("2026-01-31") else text, attr, data, **more)
        return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


class AuditPageSchema(ApiSchema):
    """`offset` and `limit`; without a limit the newest 10,000."""

    offset = fields.Integer(load_default=0, validate=validate.Range(min=0, max=2**31 - 1))
    limit = fields.Integer(load_default=MOST_LINES, validate=validate.Range(min=0, max=MOST_LINES))


class AuditQuerySchema(AuditPageSchema):
    """`action`: an action or a group of them, such as `user`, `form`, `nonverbose`, or ours: `read`, `denial`."""

    action = fields.String(load_default=None, validate=validate.Length(max=64))
    start = When()
    end = When()


class ActeeSchema(ApiSchema):
    """What was acted upon: a project, a form, or somebody; only what the kind has is there."""

    id = fields.Integer()
    type = fields.String()
    project_id = fields.Integer()
    xml_form_id = fields.String()
    name = fields.String()
    display_name = fields.String()
    created_at = Moment()
    updated_at = Moment(allow_none=True)
    deleted_at = Moment(allow_none=True)


class AuditSchema(ApiSchema):
    """One line. `acteeId` names kind and number, such as `form:3`; `actor` and `actee` are there if asked for."""

    actor_id = fields.Integer(allow_none=True)
    action = fields.String()
    actee_id = fields.String(allow_none=True)
    details = fields.Dict()
    notes = fields.String(allow_none=True)
    notes_masked = Reason()
    logged_at = Moment()
    actor = fields.Nested(ActorSchema, allow_none=True)
    actee = fields.Nested(ActeeSchema, allow_none=True)
