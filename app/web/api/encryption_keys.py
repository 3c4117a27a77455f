"""Which keys must be given to decrypt a form's submissions? Clients ask before they export.

None, here: a form whose settings would have phones seal the answers for somebody else is refused when it is uploaded,
and what arrives is sealed by the server.
"""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from app import problems
from app.db.queries import forms as form_queries
from app.web.api.drafts import DRAFT
from app.web.api.submissions import ALL
from app.web.door import Door, Here
from app.web.schemas import ApiSchema, Moment

door = Door("encryption_keys", tag="Submissions")


class KeySchema(ApiSchema):
    """A public key that phones encrypt with; `managed` if the server keeps its private half, under a passphrase."""

    id = fields.Integer()
    public = fields.String()
    managed = fields.Boolean()
    hint = fields.String(allow_none=True)
    created_at = Moment()


@door.route(
    "GET",
    f"{ALL}/keys",
    verb="deidentified.read",
    summary="The keys that submissions are encrypted with on phones: none",
    returns=KeySchema(many=True),
)
def of_submissions(here: Here) -> list[dict[str, Any]]:
    return []


@door.route(
    "GET",
    f"{DRAFT}/submissions/keys",
    verb="submission.read",
    summary="The keys that tests of the draft are encrypted with on phones: none",
    returns=KeySchema(many=True),
)
def of_tests(here: Here) -> list[dict[str, Any]]:
    if form_queries.draft_version(here.form.id) is None:
        raise problems.not_found()
    return []
