"""Shapes of what a person signs in with: passwords, API keys."""

from __future__ import annotations

from marshmallow import fields, validate

from app.permissions import CLASS_VERBS
from app.services.api_keys import MOST_DAYS
from app.web.schemas import ApiSchema, Moment
from app.web.schemas.access import ActorSchema
from forms.schema.model import CLEAR

_password = validate.Length(max=1024)
_name = validate.Length(min=1, max=255)
_code = validate.Length(min=1, max=64)
_MOST_ID = 2**31 - 1


class PasswordChangeSchema(ApiSchema):
    """The password until now, and the one from now on."""

    old = fields.String(required=True, load_only=True, validate=_password)
    new = fields.String(required=True, load_only=True, validate=_password)


class ResetSchema(ApiSchema):
    """Whose password is to be chosen anew."""

    email = fields.Email(required=True, validate=validate.Length(max=320))


class ResetQuerySchema(ApiSchema):
    """`invalidate`: the password until now ends at once, by an administrator."""

    invalidate = fields.Boolean(load_default=False)


class NewPasswordSchema(ApiSchema):
    """The password from now on."""

    new = fields.String(required=True, load_only=True, validate=_password)


class NewApiKeySchema(ApiSchema):
    """What a key is for. Without a project: for all that its person may; `forms` and `office` are of the project.

    `classes`: which classes of answers it shows besides the open ones; null for all that its person reads.
    """

    label = fields.String(required=True, validate=_name)
    project_id = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=1, max=_MOST_ID))
    forms = fields.List(fields.String(validate=_name), load_default=None, allow_none=True)
    office = fields.String(load_default=None, allow_none=True, validate=_name)
    classes = fields.List(
        fields.String(validate=validate.OneOf(sorted(CLASS_VERBS))),
        load_default=lambda: sorted(CLEAR & set(CLASS_VERBS)),
        allow_none=True,
    )
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
    classes = fields.List(fields.String(), allow_none=True)
    writes = fields.Boolean()
    created_at = Moment()
    expires_at = Moment()
    last_used_at = Moment(allow_none=True)
    revoked_at = Moment(allow_none=True)


class LostPhoneReportSchema(ApiSchema):
    """What is known of how a phone was lost."""

    note = fields.String(required=True, validate=validate.Length(min=1, max=4000))


class SentSchema(ApiSchema):
    """What a phone sent to one form."""

    xml_form_id = fields.String()
    count = fields.Function(lambda sent: len(sent.instance_ids))
    last_at = Moment()
    instance_ids = fields.List(fields.String())


class FetchedSchema(ApiSchema):
    """Which case list a phone fetched: how often, and with how many cases at most."""

    dataset = fields.String()
    times = fields.Integer()
    most_cases = fields.Integer()
    last_at = Moment()


class LostPhoneSchema(ApiSchema):
    """A lost phone: what was reported, and what it had sent and fetched."""

    id = fields.Integer()
    display_name = fields.String()
    office = fields.String(allow_none=True)
    note = fields.String()
    reported_at = Moment()
    reported_by = fields.Nested(ActorSchema, allow_none=True)
    last_contact_at = Moment(allow_none=True)
    sent = fields.List(fields.Nested(SentSchema))
    fetched = fields.List(fields.Nested(FetchedSchema))
    kept_aside = fields.Integer()


class MaybeProofSchema(ApiSchema):
    """What proves the second factor until now, if there is one: a `code`, or a security key's `assertion`.

    Without either the answer is 401.7, whose `details.publicKey` says what a security key is to sign.
    """

    code = fields.String(load_default=None, allow_none=True, load_only=True, validate=_code)
    assertion = fields.Dict(load_default=None, allow_none=True, load_only=True)


class CreationOptionsSchema(ApiSchema):
    """What a browser is to ask a new security key, in WebAuthn's JSON (`PublicKeyCredentialCreationOptions`)."""

    public_key = fields.Dict()


class NewSecurityKeySchema(ApiSchema):
    """A new security key: what its person calls it, and its answer as a browser gives it as JSON."""

    label = fields.String(required=True, validate=_name)
    credential = fields.Dict(required=True, load_only=True)


class SecurityKeySchema(ApiSchema):
    """A security key, without what it is known by."""

    id = fields.Integer()
    label = fields.String()
    created_at = Moment()
    last_used_at = Moment(allow_none=True)


class AddedSecurityKeySchema(ApiSchema):
    """A key that was added; `recoveryCodes`, shown once, are there if it is the first second factor, else empty."""

    id = fields.Integer()
    recovery_codes = fields.List(fields.String())


class CodeSchema(ApiSchema):
    """Six digits of the authenticator, or a recovery code."""

    code = fields.String(required=True, load_only=True, validate=_code)


class SecondFactorSchema(ApiSchema):
    """Has the person a second factor, and must they?"""

    enrolled = fields.Boolean()
    methods = fields.List(fields.String())
    enrolled_at = Moment(allow_none=True)
    needed = fields.Boolean()
    recovery_codes_left = fields.Integer()


class EnrolmentSchema(ApiSchema):
    """What goes into an authenticator, shown once: the secret as text, as a URI, and the URI as a picture to scan."""

    secret = fields.String()
    uri = fields.String()
    svg = fields.String()


class RecoveryCodesSchema(ApiSchema):
    """Codes to keep on paper, shown once; each works once."""

    recovery_codes = fields.List(fields.String())
