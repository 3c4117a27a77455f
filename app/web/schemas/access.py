"""Shapes of sessions, users, app users and offices."""

from __future__ import annotations

from marshmallow import fields, validate

from app.web.schemas import ApiSchema, Moment

_name = validate.Length(min=1, max=255)


class SignInSchema(ApiSchema):
    """An address and a password; for who has a second factor `code`, its digits or a recovery code, or `assertion`.

    `assertion`: a security key's answer, as a browser gives it as JSON, to the `details.publicKey` of 401.7.
    """

    email = fields.String(required=True, validate=validate.Length(max=320))
    password = fields.String(required=True, load_only=True, validate=validate.Length(max=1024))
    code = fields.String(load_default=None, allow_none=True, load_only=True, validate=validate.Length(max=64))
    assertion = fields.Dict(load_default=None, allow_none=True, load_only=True)


class SessionSchema(ApiSchema):
    """A session: `token` goes into `Authorization: Bearer`, `csrf` into forms of a page.

    `mustEnrol` is there, and true, if all that the session can do is set up a second factor.
    """

    token = fields.String()
    csrf = fields.String()
    created_at = Moment()
    expires_at = Moment()
    must_enrol = fields.Boolean()


class ActorSchema(ApiSchema):
    """Whoever acts."""

    id = fields.Integer()
    type = fields.String()
    display_name = fields.String()
    created_at = Moment()
    updated_at = Moment(allow_none=True)
    deleted_at = Moment(allow_none=True)


class UserSchema(ActorSchema):
    """A person; `office` is the code of the office they belong to."""

    email = fields.String()
    office = fields.String(allow_none=True)
    last_login_at = Moment(allow_none=True)
    verbs = fields.List(fields.String())
    preferences = fields.Dict()


class UserQuerySchema(ApiSchema):
    """A text to look for."""

    q = fields.String(load_default=None, validate=validate.Length(max=320))


class NewUserSchema(ApiSchema):
    """A person to be added, without any role yet."""

    email = fields.Email(required=True, validate=validate.Length(max=320))
    password = fields.String(load_only=True, validate=validate.Length(max=1024))
    display_name = fields.String(validate=_name)
    office = fields.String(validate=_name)


class PassphraseSchema(ApiSchema):
    """What a backup is encrypted with; without it nothing in it opens."""

    passphrase = fields.String(required=True, load_only=True, validate=validate.Length(max=1024))


class ActorPropertySchema(ApiSchema):
    """A name under which something is noted of phones; the values that they have with extended metadata."""

    name = fields.String()
    used = fields.List(fields.String(), data_key="values")


class NewActorPropertySchema(ApiSchema):
    """A property to be added."""

    name = fields.String(required=True, validate=_name)


class NewAppUserSchema(ApiSchema):
    """A phone to be added, its office, and (if not all of the project's) the forms that it may fill.

    `properties`: what is noted of it, under the project's names.
    """

    properties = fields.Dict(keys=fields.String())

    display_name = fields.String(required=True, validate=_name)
    office = fields.String(allow_none=True, validate=_name)
    forms = fields.List(fields.String(validate=_name))
    language = fields.String(validate=validate.OneOf(["sq", "en"]), load_default="sq")


class RotationSchema(ApiSchema):
    """The language of the phone's new settings."""

    language = fields.String(validate=validate.OneOf(["sq", "en"]), load_default="sq")


class SettingsQrSchema(ApiSchema):
    """What ODK Collect scans: the text of the code, the picture, and the password that unlocks its settings."""

    payload = fields.String()
    svg = fields.String()
    admin_password = fields.String()


class AppUserSchema(ActorSchema):
    """A phone. `token` and `settingsQr` are there once, in the answer that creates it; `null` after.

    `properties` are there with `X-Extended-Metadata: true`.
    """

    project_id = fields.Integer()
    token = fields.String(allow_none=True)
    office = fields.String(allow_none=True)
    created_by = fields.Nested(ActorSchema, allow_none=True)
    last_used = Moment(allow_none=True)
    expires_at = Moment(allow_none=True)
    settings_qr = fields.Nested(SettingsQrSchema)
    properties = fields.Dict(keys=fields.String(), values=fields.String())
