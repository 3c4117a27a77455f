"""Which forms may this actor fill, and with which files?"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from app import problems
from app.db import db, models
from app.db.queries import forms as queries
from app.permissions import Actor, may
from app.services.access_rules import kept_for
from app.services.entity_csv import EntityCsv, phone_list
from app.services.entity_masks import EntityMask, mask_of_list
from app.services.keys import DRAFT_TOKEN, server_key
from app.services.views import view_of_cases


@dataclass(frozen=True)
class OpenForm:
    """A form that may be filled. `files` are those that are there to be fetched."""

    form: models.Form
    version: models.FormVersion
    files: tuple[models.FormAttachment, ...]


def open_forms(actor: Actor, project_id: int) -> list[OpenForm]:
    """The published forms of a project that the actor may fill."""
    return [
        OpenForm(form, version, _there(files))
        for form, version, files in queries.published_with_attachments(project_id)
        if may(actor, "open_form.read", project_id=project_id, form_id=form.id)
    ]


def draft_as_open_form(form: models.Form) -> OpenForm:
    """The draft, to be tried on a phone. Raises Problem 404.4 without one."""
    draft = queries.draft_version(form.id)
    if draft is None:
        raise problems.draft_access_failed()
    return OpenForm(form, draft, _there(queries.attachments(draft.id)))


def _there(files: Iterable[models.FormAttachment]) -> tuple[models.FormAttachment, ...]:
    ready = (each for each in files if each.md5 is not None or each.dataset_id is not None)
    return tuple(sorted(ready, key=lambda each: each.name))


def entity_list_file(file: models.FormAttachment, actor: Actor) -> EntityCsv:
    """The list that stands for this file, as this actor's office may have it."""
    assert file.dataset_id is not None
    dataset = db.session.get_one(models.Dataset, file.dataset_id)
    mask = _mask(file, dataset, actor)
    condition = kept_for(actor, dataset) if mask is None else None
    # A form that came out of the trash may name a list that is in it.
    office_id = actor.cases_office_id if dataset.deleted_at is None else None
    return phone_list(dataset, office_id, mask=mask, condition=condition)


def _mask(file: models.FormAttachment, dataset: models.Dataset, actor: Actor) -> EntityMask | None:
    """None for who fills the form: a case cannot be chosen without its name."""
    if actor.is_app_user or not actor.id:
        return None
    form_id = db.session.get_one(models.FormVersion, file.form_version_id).form_id
    if may(actor, "open_form.cases", project_id=dataset.project_id, form_id=form_id):
        return None
    project = db.session.get_one(models.Project, dataset.project_id)
    return mask_of_list(view_of_cases(actor, project), dataset)


def draft_token(form: models.Form) -> str | None:
    """The token that opens the form's draft on a phone: derived, so that it can be shown again; dead with the draft."""
    if form.draft_nonce is None:
        return None
    digest = hmac.new(server_key(DRAFT_TOKEN), b"%d|%b" % (form.id, form.draft_nonce), hashlib.sha384).digest()
    return urlsafe_b64encode(digest).decode()


def check_draft_token(form: models.Form | None, token: str) -> models.Form:
    """The form whose draft the token opens. Raises Problem 404.4."""
    expected = draft_token(form) if form is not None else None
    if form is None or expected is None or not hmac.compare_digest(expected.encode(), token.encode()):
        raise problems.draft_access_failed()
    return form
