"""Does a draft let more people read a question than a version before it did, and has somebody else agreed to that?

Compared with every published version: a question that went away and comes back looser is found too, and so is one that
is newly made of a more protected one. A draft that carries a key of its author's is held to the same: it seals the
answers for whoever has the other half. The agreement is to the draft's exact content, by an administrator who neither
made the draft nor publishes it.
"""

from __future__ import annotations

from dataclasses import dataclass

from app import problems
from app.clock import now
from app.db import models
from app.db.insert import insert_if_new
from app.db.queries import encryption as key_queries
from app.db.queries import forms as form_queries
from app.db.queries import reveals as queries
from app.permissions import Actor
from app.services.audit import record
from app.services.schemas import schema_of
from app.services.transaction import transaction
from forms.schema import FormSchema
from forms.submission import handed_on, lets_more_read, needed, strictest

WHOLE_FORM = "/"
FOREIGN_KEY = "a key of the form's own"


@dataclass(frozen=True)
class Loosened:
    """A question whose class in the draft lets more people read it; `version` had the class `before`.

    `reads`: the question that `before` is the class of, if this one is newly made of it. For the whole form (`/`) it
    says who reads it: this server, or who has the other half of the form's own key.
    """

    path: str
    before: str
    after: str
    version: str
    reads: str | None = None


def loosened(project: models.Project, form: models.Form, draft: models.FormVersion) -> list[Loosened]:
    """The questions, in the order of the form, each with the first version that was stricter; a foreign key first."""
    new = schema_of(draft.id, draft.sha256)
    olds = [schema_of(each.id, each.sha256) for each in form_queries.published_versions(form.id)]
    default = project.default_sensitivity
    of_old = [(old, handed_on(old, default)) for old in olds]
    found = [_against(field.path, new, olds, default) for field in new.fields if field.kind == "field"]
    made_of = sorted(handed_on(new, default), key=lambda pair: (new.by_path[pair[0]].order, pair))
    found += [_handed_on(*pair, new, of_old, default) for pair in made_of]
    return _sealed_for_others(form, draft) + [each for each in found if each is not None]


def _sealed_for_others(form: models.Form, draft: models.FormVersion) -> list[Loosened]:
    current = form_queries.current_version(form.id)
    if draft.key_id is None or key_queries.is_managed(draft.key_id):
        return []
    if current is not None and current.key_id == draft.key_id:
        return []
    return [Loosened(WHOLE_FORM, "this server", FOREIGN_KEY, "" if current is None else current.version)]


def _against(path: str, new: FormSchema, olds: list[FormSchema], default: str) -> Loosened | None:
    after = needed(path, new, default)
    for old in olds:
        before = needed(path, old, default)
        if path in old.by_path and lets_more_read(after, before):
            return Loosened(path, strictest(before), strictest(after), old.version)
    return None


def _handed_on(
    path: str,
    read: str,
    new: FormSchema,
    of_old: list[tuple[FormSchema, frozenset[tuple[str, str]]]],
    default: str,
) -> Loosened | None:
    for old, pairs in of_old:
        # A question that the old version did not have was answered to nobody who was promised anything.
        if read in old.by_path and (path, read) not in pairs:
            before, after = needed(read, new, default), needed(path, new, default)
            return Loosened(path, strictest(before), strictest(after), old.version, read)
    return None


def refuse_unapproved(actor: Actor, project: models.Project, form: models.Form, draft: models.FormVersion) -> None:
    """Raise Problem 409.41, which lists the questions, for a draft that loosens a class without a second person."""
    found = loosened(project, form, draft)
    if not found:
        return
    own = {draft.created_by_id, actor.id}
    if not any(each.actor_id not in own for each in queries.approvals(form.id, draft.sha256)):
        raise problems.loosening([vars(each) for each in found])


def approve(actor: Actor, project: models.Project, form: models.Form, sha256: str | None) -> None:
    """Agree that the form's draft, as it is now, may loosen what it loosens.

    `sha256`: of the draft that was looked at. Raises Problem 404.1 without a draft, 400.8 if it loosens nothing or is
    another one, 409.42 for who made it.
    """
    with transaction():
        draft = form_queries.draft_version(form.id)
        if draft is None:
            raise problems.not_found()
        if sha256 not in (None, draft.sha256):
            raise problems.unexpected_value("sha256", "the draft was replaced; look at the new one")
        found = loosened(project, form, draft)
        if not found:
            raise problems.unexpected_value("approve", "this draft loosens no question; publish it")
        if draft.created_by_id == actor.id:
            raise problems.own_loosening()
        new = insert_if_new(
            models.LooseningApproval, form_id=form.id, sha256=draft.sha256, actor_id=actor.id, created_at=now()
        )
        if new is not None:
            paths = [each.path for each in found]
            record(
                "form.update.draft.loosening",
                actor,
                project_id=project.id,
                form_id=form.id,
                draftDefId=draft.id,
                sha256=draft.sha256,
                fields=paths,
            )
