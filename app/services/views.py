"""How much of what was sent does this reader see? Chosen once for a request; no reading function does without it.

A view knows whose rows are reached, and of each class whose rows' answers: who reads a class for the own office alone
sees it masked in the others' rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.db import models
from app.db.queries import feed as feed_queries
from app.db.queries import forms as form_queries
from app.db.queries.submissions import Scope
from app.permissions import CLASS_VERBS, Actor, may, office_scope
from app.services.deidentified import Recipient, recipient
from app.services.schemas import schema_of
from forms.schema import FormSchema
from forms.submission import READABLE, Mask

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class View:
    """What one actor sees in a project, or in one form of it.

    `offices`: whose rows (True: all, False: none, or an office's id). `reach`: the same for each class of answers.
    `default`: the class of a question that declares none. `published`: the form's version that counts now.
    `recipient`: of a de-identified view, who gets it; then classes are not asked for, the rules say what is left.
    """

    offices: int | bool
    reach: Mapping[str, int | bool]
    default: str
    form_id: int | None = None
    published: FormSchema | None = None
    recipient: Recipient | None = None
    _masks: dict[Any, Mask] = field(default_factory=dict, compare=False, repr=False)
    _later: dict[int, tuple[FormSchema, ...]] = field(default_factory=dict, compare=False, repr=False)
    _readable: dict[int | None, frozenset[str]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def on_record(self) -> dict[str, bool]:
        """What the audit's line of a read says of the view."""
        return {"deidentified": True} if self.recipient is not None else {}

    def scope(self, *, is_draft: bool = False) -> Scope:
        """The rows of the form."""
        assert self.form_id is not None, "this view is of no form"
        return Scope(self.form_id, self.offices, is_draft)

    def readable(self, office_id: int | None) -> frozenset[str]:
        """The classes that are read in a row of this office."""
        if self.recipient is not None:
            return READABLE
        if office_id not in self._readable:
            self._readable[office_id] = frozenset(
                sensitivity
                for sensitivity, reach in self.reach.items()
                if reach is True or (reach is not False and reach == office_id)
            )
        return self._readable[office_id]

    def mask(
        self,
        version_id: int,
        schema: FormSchema,
        office_id: int | None,
        findings: Sequence[Mapping[str, Any]] = (),
        *,
        revealed: frozenset[str] = frozenset(),
    ) -> Mask:
        """What is hidden in a record of this office that was filled in this version of the form.

        `revealed`: classes that are read this once.
        """
        readable = self.readable(office_id) | revealed
        doubtful = frozenset(each["field"] for each in findings if each["rule"] == "unreadable") if findings else _NONE
        key = (version_id, readable, doubtful)
        if key not in self._masks:
            mask = Mask((schema, *self._since(version_id, schema)), readable, self.default, doubtful)
            if doubtful:
                return mask  # of this record alone
            self._masks[key] = mask
        return self._masks[key]

    def _since(self, version_id: int, schema: FormSchema) -> tuple[FormSchema, ...]:
        """What counts now, and before it since this version; read only for questions that are asked no more."""
        if self.published is None:
            return ()
        if version_id not in self._later:
            dropped = schema.by_path.keys() - self.published.by_path.keys()
            versions = feed_queries.versions_of_form(self.scope()) if dropped else []
            between = (schema_of(*each) for each in reversed(versions) if each[0] > version_id)
            self._later[version_id] = (self.published, *between)
        return self._later[version_id]


def view_of_form(actor: Actor, project: models.Project, form: models.Form) -> View:
    """What the actor sees of the submissions to a form."""
    where = {"project_id": project.id, "form_id": form.id}
    return View(
        office_scope(actor, "submission.read", **where),
        _reach(actor, **where),
        project.default_sensitivity,
        form.id,
        _published(form),
    )


def view_of_tables(actor: Actor, project: models.Project, form: models.Form, *, deidentified: bool = False) -> View:
    """The same for lists, tables and exports: de-identified if asked for, and for who reads nothing else.

    Every table but this one needs the class of each answer; a new door that takes the other view by mistake shows an
    analyst no row.
    """
    where = {"project_id": project.id, "form_id": form.id}
    if not deidentified and may(actor, "submission.read", **where) and may(actor, "submission.list", **where):
        return view_of_form(actor, project, form)
    return View(
        office_scope(actor, "deidentified.read", **where),
        {},
        project.default_sensitivity,
        form.id,
        _published(form),
        recipient(actor),
    )


def _published(form: models.Form) -> FormSchema | None:
    current = form_queries.current_version(form.id)
    return schema_of(current.id, current.sha256) if current is not None else None


def view_of_cases(actor: Actor, project: models.Project) -> View:
    """What the actor sees of the cases of a project."""
    return View(
        office_scope(actor, "entity.read", project_id=project.id),
        _reach(actor, project_id=project.id),
        project.default_sensitivity,
    )


def reads_whole(actor: Actor, project_id: int, office_id: int | None) -> bool:
    """May the actor see what nobody has sorted into classes: every class, in what this office sent?"""
    return all(
        reach is True or (reach is not False and reach == office_id) for reach in _reach(actor, project_id).values()
    )


def _reach(actor: Actor, project_id: int, form_id: int | None = None) -> dict[str, int | bool]:
    return {
        sensitivity: office_scope(actor, verb, project_id=project_id, form_id=form_id)
        for sensitivity, verb in CLASS_VERBS.items()
    }
