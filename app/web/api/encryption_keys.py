"""Having a project's submissions encrypted on phones, and the keys that an export of a form asks for."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from app import problems
from app.db.queries import encryption as queries
from app.db.queries import forms as form_queries
from app.db.queries.submissions import Scope
from app.services.managed_encryption import set_key
from app.services.views import view_of_form, view_of_tables
from app.web.api.drafts import DRAFT
from app.web.api.submissions import ALL
from app.web.door import Door, Here, success
from app.web.schemas import ApiSchema, Moment, SuccessSchema

door = Door("encryption_keys", tag="Encryption")


class KeySchema(ApiSchema):
    """A public key that phones encrypt with; `managed`: the server keeps its private half, under a passphrase."""

    id = fields.Integer()
    public = fields.String()
    managed = fields.Boolean()
    hint = fields.String(allow_none=True)
    created_at = Moment()


class NewKeySchema(ApiSchema):
    """`passphrase`: kept nowhere; without it nothing can be decrypted. `hint`: what helps to remember it."""

    passphrase = fields.String(required=True, load_only=True, validate=validate.Length(max=1024))
    hint = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=255))


@door.route(
    "POST",
    "/projects/<int:project_id>/key",
    verb="project.update",
    summary="Have submissions encrypted on phones from now on; it cannot be taken back",
    body=NewKeySchema(),
    returns=SuccessSchema(),
)
def create(here: Here, body: dict[str, Any]) -> dict[str, bool]:
    set_key(here.actor, here.project, body["passphrase"], body["hint"])
    return success()


@door.route(
    "GET",
    f"{ALL}/keys",
    verb="deidentified.read",
    summary="The keys that submissions were encrypted with on phones",
    returns=KeySchema(many=True),
)
def of_submissions(here: Here) -> list[dict[str, Any]]:
    return _shown(view_of_tables(here.actor, here.project, here.form).scope())


@door.route(
    "GET",
    f"{DRAFT}/submissions/keys",
    verb="submission.read",
    summary="The keys that tests of the draft were encrypted with on phones",
    returns=KeySchema(many=True),
)
def of_tests(here: Here) -> list[dict[str, Any]]:
    if form_queries.draft_version(here.form.id) is None:
        raise problems.not_found()
    return _shown(view_of_form(here.actor, here.project, here.form).scope(is_draft=True))


def _shown(scope: Scope) -> list[dict[str, Any]]:
    return [
        {name: getattr(key, name) for name in ("id", "public", "hint", "created_at")}
        | {"managed": key.private_sealed is not None}
        for key in queries.keys_of_submissions(scope)
    ]
