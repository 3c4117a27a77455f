"""How is an entity list added by hand, changed and put into the trash, and how does it get and lose properties?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete

from app import problems, problems_lists
from app.clock import now
from app.db import db, models
from app.db.queries import access_rules as rule_queries
from app.db.queries import approvals as approval_queries
from app.db.queries import datasets as queries
from app.db.queries import entities as entity_queries
from app.permissions import Actor, office_scope
from app.services.access_rules import AccessRule, set_rules
from app.services.approvals import make_cases_of_all_that_wait
from app.services.audit import record
from app.services.entity_content import open_entity
from app.services.entity_lists import stricter
from app.services.keys import open_key
from app.services.transaction import transaction
from app.services.views import view_of_cases

# Central's: an XML name without a dot or a colon, that does not begin like the names ODK keeps for itself.
_NAME = re.compile(r"(?!__)[^\W\d][\w-]{0,254}")
_RESERVED = frozenset({"name", "label"})


@dataclass(frozen=True)
class ListChange:
    """What is to be changed of how a list is used; None for what stays.

    `approval_required`: is a submission to be approved before it makes a case? `owner_only`: does a phone get only the
    cases that it made itself? `rules`: those that a phone gets cases by; where there are none, all of its office.
    """

    approval_required: bool | None = None
    owner_only: bool | None = None
    rules: tuple[AccessRule, ...] | None = None


def add_list(actor: Actor, project: models.Project, name: str, change: ListChange) -> models.Dataset:
    """A published list without properties; one that only a draft has named until now is published.

    Raises Problem 400.8 for a bad name or rule, 409.3 if it is there, 409.16 if it is there with other letters.
    """
    if _NAME.fullmatch(name) is None:
        raise problems.unexpected_value("name", "it must begin with a letter, without dots, blanks or __ in front")
    with transaction():
        dataset = queries.called_alike(project.id, name)
        if dataset is not None and dataset.name != name:
            raise problems_lists.name_alike(dataset.name, name)
        if dataset is not None and dataset.published_at is not None:
            raise problems.already_exists(["name", "projectId"], [name, project.id])
        if dataset is None:
            dataset = models.Dataset(project_id=project.id, name=name, created_at=now())
            db.session.add(dataset)
        dataset.published_at = now()
        dataset.approval_required = change.approval_required or False
        dataset.owner_only = change.owner_only or False
        db.session.flush()
        set_rules(dataset, change.rules or ())
        record("dataset.create", actor, project_id=project.id, name=name)
    return dataset


def change_list(
    actor: Actor, dataset: models.Dataset, change: ListChange, *, convert: bool | None = None
) -> models.Dataset:
    """Change how a list is used. `convert`: if it asks for no approval any more, are cases made of what waits for one?

    Raises Problem 400.8 for a bad rule, 400.29 if something waits and that is not said, 403.1 for who says
    something else than the list has and does not see the submissions of all offices (of approval), or may not change
    the cases of all offices (of what phones get).
    """
    about: dict[str, Any] = {}
    with transaction():
        # Two at once would leave the rules of both, and phones would get what neither of them wants.
        dataset = db.session.get_one(
            models.Dataset, dataset.id, with_for_update={"key_share": True}, populate_existing=True
        )
        if change.approval_required is not None:
            about |= _change_approval(actor, dataset, is_required=change.approval_required, convert=convert)
        about |= _change_reach(actor, dataset, change)
        if about:
            record("dataset.update", actor, project_id=dataset.project_id, name=dataset.name, **about)
    return dataset


def _change_approval(
    actor: Actor, dataset: models.Dataset, *, is_required: bool, convert: bool | None
) -> dict[str, bool]:
    if is_required == dataset.approval_required and not convert:
        return {}
    # What all offices sent waits, or does not; and how much that is, is told.
    if office_scope(actor, "submission.list", project_id=dataset.project_id) is not True:
        raise problems.insufficient_rights()
    dataset.approval_required = is_required
    if is_required:
        return {"approvalRequired": True}
    if convert is None and (count := approval_queries.count_waiting(dataset.id)):
        raise problems_lists.pending_submissions(count)
    if convert:
        make_cases_of_all_that_wait(dataset)
    return {"approvalRequired": False, "autoConvert": bool(convert)}


def _change_reach(actor: Actor, dataset: models.Dataset, change: ListChange) -> dict[str, Any]:
    """Which cases phones get; only for who may change those of all offices, since it is every office's phones."""
    about: dict[str, Any] = {}
    if change.owner_only is not None and change.owner_only != dataset.owner_only:
        dataset.owner_only = about["ownerOnly"] = change.owner_only
    if change.rules is not None and not _are_there(dataset, change.rules):
        set_rules(dataset, change.rules)
        about["rules"] = len(change.rules)
    if about and office_scope(actor, "entity.update", project_id=dataset.project_id) is not True:
        raise problems.insufficient_rights()
    return about


def _are_there(dataset: models.Dataset, rules: tuple[AccessRule, ...]) -> bool:
    wanted = {(each.dataset_property, each.actor_property) for each in rules}
    return wanted == {(asked.name, name) for asked, name in rule_queries.rules(dataset.id)}


def delete_list(actor: Actor, project: models.Project, dataset: models.Dataset) -> None:
    """Put a list that no form uses into the trash, with all its cases; its name is free again.

    Only for who may delete the cases of all offices: a list is everybody's. A form in the trash counts too (restored,
    it would be sent and make no case), and one whose older version writes the list, until it is closed.

    Raises Problem 403.1, 409.43 if a form uses it.
    """
    if office_scope(actor, "entity.delete", project_id=project.id) is not True:
        raise problems.insufficient_rights()
    with transaction():
        forms = queries.using_forms(dataset.id)
        if forms.is_any:
            each = {
                "sourceForms": forms.source,
                "linkedForms": forms.linked,
                "draftSourceForms": forms.draft_source,
                "draftLinkedForms": forms.draft_linked,
                "olderSourceForms": forms.older,
                "deletedForms": forms.in_trash,
            }
            raise problems_lists.list_in_use(
                {
                    kind: [{"xmlFormId": form.xml_form_id, "name": form.name} for form in used]
                    for kind, used in each.items()
                }
            )
        dataset = db.session.get_one(models.Dataset, dataset.id)
        dataset.deleted_at, dataset.deleted_name = now(), dataset.name
        dataset.name = f"#{dataset.id}"
        record("dataset.delete", actor, project_id=project.id, name=dataset.deleted_name)


def add_property(actor: Actor, dataset: models.Dataset, name: str, sensitivity: str) -> None:
    """A published property; one that only a draft has named, or that was deleted, is published with the stricter class.

    Raises Problem 400.8 for a bad name, 409.3 if it is there, 409.17 if it is there with other letters.
    """
    if _NAME.fullmatch(name) is None or name.lower() in _RESERVED:
        raise problems.unexpected_value(
            "name", "it must begin with a letter, without dots, blanks or __ in front, and not be name or label"
        )
    with transaction():
        row = queries.property_alike(dataset.id, name)
        if row is not None and row.name != name:
            raise problems_lists.property_alike(row.name, name)
        if row is not None and row.published_at is not None:
            raise problems.already_exists(["name", "datasetName"], [name, dataset.name])
        if row is None:
            row = models.DatasetProperty(dataset_id=dataset.id, name=name, sensitivity=sensitivity)
            db.session.add(row)
        else:
            row.sensitivity = stricter(row.sensitivity, sensitivity)
        row.published_at = now()
        record("dataset.update", actor, project_id=dataset.project_id, name=dataset.name, addedProperty=name)


def delete_property(actor: Actor, project: models.Project, dataset: models.Dataset, name: str) -> None:
    """Take away a property that no form writes, in the trash neither, no case has a value of and no rule asks for.

    Whether there is a value is told only to who reads the property's class in all offices: for others it is a way to
    ask about cases that they do not see. Raises Problem 404.1, 403.1, 403.11, or 409.22 if it is in use.
    """
    row = queries.property_alike(dataset.id, name)
    if row is None or row.name != name or row.published_at is None:
        raise problems.not_found()
    _refuse_who_does_not_see_all(actor, project, row.sensitivity)
    with transaction():
        using = queries.using_forms(dataset.id)
        written = (using.writing, using.draft_writing, using.trash_writing)
        forms = sorted({form for each in written for form in each.get(row.id, ())})
        cases = _cases_with_a_value(dataset.id, row)
        # Without it phones would get all that the rule keeps from them.
        is_in_a_rule = rule_queries.is_in_a_rule(row.id)
        if forms or cases or is_in_a_rule:
            named = {each.xml_form_id: each.name for each in forms}
            raise problems_lists.property_in_use(name, named, cases, is_in_a_rule=is_in_a_rule)
        # Of older versions of forms: what they say is in their XML.
        db.session.execute(delete(models.PropertySource).where(models.PropertySource.property_id == row.id))
        # The row keeps the class: older versions and cases in the trash may have values, and whoever adds the property
        # again must not show them to more people than before.
        db.session.get_one(models.DatasetProperty, row.id).published_at = None
        record("dataset.update", actor, project_id=dataset.project_id, name=dataset.name, deletedProperty=name)


def _refuse_who_does_not_see_all(actor: Actor, project: models.Project, sensitivity: str) -> None:
    if office_scope(actor, "entity.read", project_id=project.id) is not True:
        raise problems.insufficient_rights()
    if sensitivity != "open" and view_of_cases(actor, project).reach[sensitivity] is not True:
        raise problems.class_hidden(sensitivity)


def _cases_with_a_value(dataset_id: int, row: models.DatasetProperty) -> int:
    # What was of a stricter class when it was written is sealed still, so all of it is opened.
    return sum(
        bool(open_entity(open_key(key), entity.uuid, version).data.get(row.name))
        for entity, version, key in entity_queries.entities(dataset_id, offices=True)
    )
