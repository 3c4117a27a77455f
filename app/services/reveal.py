"""How does somebody see masked answers of one record, for a reason that is on record first?

Rights and the form are looked at; then the reveal is written down and counted, in a transaction of its own; only after
that is anything opened. Each reveal takes one from the person's budget of the day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import structlog

from app import problems
from app.clock import now
from app.db import models
from app.db.queries import entities as entity_queries
from app.db.queries import reveals as queries
from app.permissions import REVEALED_CLASSES, Actor, office_scope
from app.runtime import runtime
from app.services.audit import record
from app.services.cells import json_value
from app.services.entity_content import open_entity
from app.services.entity_masks import mask_of_list
from app.services.keys import data_key
from app.services.read_submissions import file_of, mask_of, record_of, schema_for
from app.services.transaction import transaction
from app.services.views import View
from forms.submission import rows, strictest

log = structlog.get_logger("sportel.reveal")

# The reveal of a day that reaches this share of the budget raises an alarm, before anything is refused.
WARNING_SHARE = 0.8
LABEL = "label"


@dataclass(frozen=True, repr=False)
class Wish:
    """What somebody wants to see, and why: questions (paths) or properties by name, or all of some classes."""

    reason: str
    fields: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Revealed:
    """One answer as JSON: of which question or property, and in which row of the submission (its key)."""

    field: str
    row: str | None
    sensitivity: str
    value: Any


@dataclass(frozen=True, repr=False)
class Reveal:
    """What was revealed. `is_alarming`: the person has come close to the end of the day's budget."""

    values: tuple[Revealed, ...]
    is_alarming: bool


def reveal_submission(
    actor: Actor,
    view: View,
    form: models.Form,
    submission: models.Submission,
    version: models.SubmissionVersion,
    wish: Wish,
) -> Reveal:
    """Show what was asked for of a submission's version.

    Raises Problem 400.8 for a question that the form does not have, 403.11 for one that may not be revealed, 429.3 if
    the budget is spent.
    """
    about = {"project_id": form.project_id, "form_id": form.id}
    schema = schema_for(version)
    revealed = _revealed(actor, submission.office_id, **about)
    mask = mask_of(view, submission, version, revealed=revealed)
    needed = {each.path: mask.needed(each.path) for each in schema.fields if each.kind == "field"}
    wanted = _wanted(wish, needed, mask.readable)
    said: dict[str, Any] = {
        "submission_id": submission.id,
        "instanceId": submission.instance_id,
        "versionId": version.id,
        "fields": wanted,
        "reason": wish.reason,
    }
    is_alarming = _take(actor, lambda: record("submission.reveal", actor, **about, **said))
    values = [
        Revealed(path, row.key, _named(needed[path]), json_value(row.values[path]))
        for table in rows(submission.instance_id, record_of(submission, version).values, schema).values()
        for row in table
        for path in wanted
        if path in row.values
    ]
    return Reveal(tuple(values), is_alarming)


def reveal_file(
    actor: Actor,
    view: View,
    form: models.Form,
    submission: models.Submission,
    version: models.SubmissionVersion,
    name: str,
    reason: str,
) -> tuple[models.SubmissionAttachment, bool]:
    """A file that may be fetched now, with whether the budget's end is near. Raises what `reveal_submission` does."""
    about = {"project_id": form.project_id, "form_id": form.id}
    revealed = _revealed(actor, submission.office_id, **about)
    row = file_of(view, submission, version, name, revealed=revealed)
    said: dict[str, Any] = {"instanceId": submission.instance_id, "attachmentId": row.id, "reason": reason}
    is_near = _take(actor, lambda: record("submission.reveal", actor, **about, submission_id=submission.id, **said))
    return row, is_near


def reveal_entity(
    actor: Actor, view: View, project: models.Project, dataset: models.Dataset, entity: models.Entity, wish: Wish
) -> Reveal:
    """Show what was asked for of a case; its label as the field `label`. Raises what `reveal_submission` does."""
    mask = mask_of_list(view, dataset)
    readable = view.readable(entity.office_id) | _revealed(actor, entity.office_id, project_id=project.id, form_id=None)
    needed = {name: frozenset({sensitivity}) - {"open"} for name, sensitivity in mask.classes.items()}
    needed[LABEL] = mask.needed_for_label(entity)
    wanted = _wanted(wish, needed, readable)
    about: dict[str, Any] = {"project_id": project.id, "entity_id": entity.id}
    said: dict[str, Any] = {"dataset": dataset.name, "uuid": entity.uuid, "fields": wanted, "reason": wish.reason}
    is_alarming = _take(actor, lambda: record("entity.reveal", actor, **about, **said))
    version = entity_queries.current_version(entity.id)
    says = open_entity(data_key(entity.data_key_id), entity.uuid, version)
    content = {**says.data, LABEL: says.label}
    values = [Revealed(each, None, _named(needed[each]), content[each]) for each in wanted if each in content]
    return Reveal(tuple(values), is_alarming)


def _revealed(actor: Actor, office_id: int | None, *, project_id: int, form_id: int | None) -> frozenset[str]:
    """The classes that the actor may reveal in a record of this office."""
    reach = office_scope(actor, "submission.reveal", project_id=project_id, form_id=form_id)
    reaches = reach is True or (reach is not False and reach == office_id)
    return REVEALED_CLASSES if reaches else frozenset()


def _wanted(wish: Wish, needed: Mapping[str, frozenset[str]], readable: frozenset[str]) -> list[str]:
    """The names that were asked for, each once. All are known and may be shown, or nothing is."""
    if not wish.fields and not wish.classes:
        raise problems.missing_parameter("fields or classes", "say which answers you need to see")
    for name in wish.fields:
        if name not in needed:
            raise problems.unexpected_value("fields", "there is no such question or property in this record")
        if needed[name] - readable:
            raise problems.class_hidden(strictest(needed[name] - readable))
    for sensitivity in wish.classes:
        if sensitivity not in readable:
            raise problems.class_hidden(sensitivity)
    of_classes = [name for name, classes in needed.items() if classes & set(wish.classes) and classes <= readable]
    return list(dict.fromkeys([*wish.fields, *of_classes]))


def _named(needed: frozenset[str]) -> str:
    return strictest(needed) if needed else "open"


def _take(actor: Actor, write: Callable[[], None]) -> bool:
    """Take one from the budget and put the reveal on record, durable when this returns; is the end of it near?"""
    budget = runtime().settings.reveal_budget
    with transaction():
        taken = queries.take_one(actor.id, now().strftime("%Y-%m-%d"), budget)
        is_near = taken == ceil(WARNING_SHARE * budget)
        if taken is not None:
            write()
        else:
            record("reveal.refuse", actor, budget=budget)
        if is_near:
            record("reveal.alarm", actor, count=taken, budget=budget)
    if taken is None:
        log.warning("reveal.budget-spent", actor=actor.id, count=budget)
        raise problems.reveal_budget_spent(budget)
    if is_near:
        log.warning("reveal.budget-near", actor=actor.id, count=taken)
    return is_near
