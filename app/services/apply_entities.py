"""What does a submission do to cases? Creates or updates them, after it was taken (the outbox's work `entities`).

As ODK Central: an update made from an older version than the current one is kept and marked as a conflict (`soft` if
it touches other properties than the updates since, `hard` if the same). An update that a phone made offline, and that
comes before the one it builds on, is held until that comes; after five days it is applied as it is. A fault in the
entity never costs the submission: it is written to the audit as `entity.error`. A list may ask that a submission be
approved before it makes a case; changes of cases that are there need no approval.
"""

from __future__ import annotations

from collections.abc import Callable

from app.clock import now
from app.db import db, models
from app.db.insert import insert_if_new
from app.db.queries import backlog
from app.db.queries import entities as queries
from app.db.queries.offices import office_by_code
from app.permissions import reaches_office
from app.services.audit import record
from app.services.entity_content import EntityContent, open_entity
from app.services.entity_versions import CUSTODIAN, Origin, add_version
from app.services.hand_over_trace import Step, trace_entity
from app.services.keys import add_data_key, data_key
from forms.schema import FormSchema
from forms.submission import EntityChange, Submission, entity_uuid, entity_values

BRANCH_CHARACTERS = 255
# Central's label of a case whose creation never came.
_NO_LABEL = "auto generated"


class EntityRefused(Exception):
    """The change cannot be applied; its text is for the audit and names no value."""


class EntityExists(EntityRefused):
    """Another submission has just created it."""


class EntityMissing(EntityRefused):
    """What it builds on is not there."""


class _Early(Exception):
    """What it builds on in its phone's branch has not come yet."""

    def __init__(self, dataset: models.Dataset, uuid: str, branch_id: str, base_number: int) -> None:
        self.dataset, self.uuid, self.branch_id, self.base_number = dataset, uuid, branch_id, base_number


def apply_entities(
    origin: Origin,
    submission: Submission,
    schema: FormSchema,
    *,
    is_approved: bool = False,
    if_missing: Callable[[], None] = lambda: None,
) -> None:
    """Apply every change of a submission that it has not made yet: doing it again does nothing.

    Edits come here only once they are approved: they make what no earlier version has made, and never a case twice.
    `if_missing` is called before a change is given up because what it builds on is not there; it may raise.
    """
    done: set[tuple[str, str | None]] = set()
    for change in entity_values(submission, schema):
        name = (change.dataset, entity_uuid(change.id))
        try:
            if name in done and name[1] is not None:
                raise EntityRefused("the submission changes the same entity twice")
            # A savepoint: what is refused half-way leaves no half of a case, and the submission stands.
            with db.session.begin_nested():
                _apply(origin, change, is_approved=is_approved)
        except _Early as early:
            _hold(origin, early)
        except EntityRefused as error:
            if isinstance(error, EntityMissing):
                if_missing()
            _refused(origin, change, error)
        done.add(name)


def apply_held(
    origin: Origin, submission: Submission, schema: FormSchema, *, is_approved: bool = False, force: bool
) -> None:
    """Apply the submission's held updates that fit by now; with `force` all of them, onto what the case says now."""
    assert origin.submission is not None
    changes = {(each.dataset, entity_uuid(each.id)): each for each in entity_values(submission, schema)}
    for held in backlog.held_by(origin.submission.id):
        dataset = db.session.get_one(models.Dataset, held.dataset_id)
        change = changes[dataset.deleted_name or dataset.name, held.entity_uuid]
        try:
            # Another list may have its name by now: what waited was not meant for that one.
            if dataset.deleted_at is not None:
                raise EntityMissing("the list was deleted")
            with db.session.begin_nested():
                _apply(origin, change, is_approved=is_approved, force=force)
        except _Early:
            if force:
                # Its case waits for an approval: it is looked at again after as long.
                held.created_at = now()
            continue
        except EntityRefused as error:
            _refused(origin, change, error)
        db.session.delete(held)
        db.session.flush()
        _backlog_record(origin, "force" if force else "reprocess", dataset, held.entity_uuid)


def _refused(origin: Origin, change: EntityChange, error: EntityRefused) -> None:
    assert origin.submission is not None
    record(
        "entity.error",
        origin.actor,
        project_id=origin.project.id,
        form_id=origin.submission.form_id,
        submission_id=origin.submission.submission_id,
        dataset=change.dataset,
        reason=str(error),
    )


def _apply(origin: Origin, change: EntityChange, *, is_approved: bool, force: bool = False) -> None:
    assert origin.submission is not None
    dataset = queries.dataset(origin.project.id, change.dataset)
    if dataset is None:
        raise EntityMissing("the form names a list that is not published")
    uuid = entity_uuid(change.id)
    if uuid is None:
        raise EntityRefused("the entity's id is not a UUID of version 4")
    entity = queries.entity_for_update(dataset.id, uuid)
    if _is_done(origin.submission, dataset, entity):
        return
    waits = dataset.approval_required and not is_approved
    if change.update and entity is not None and entity.deleted_at is None:
        _update(origin, dataset, entity, change, force=force)
    elif change.create and entity is not None:
        _create_late(origin, dataset, entity, change)
    elif change.create:
        if not waits:
            create_entity(origin, dataset, uuid, EntityContent(change.label or "", change.data))
    elif entity is None and force and not waits:
        label = change.label if change.label and change.label.strip() else _NO_LABEL
        create_entity(origin, dataset, uuid, EntityContent(label, change.data), branch=change)
    elif entity is None and change.branch_id and not change.trunk_version:
        # Created and updated offline; the update came first.
        raise _Early(dataset, uuid, change.branch_id, _whole(change.base_version) or 1)
    else:
        raise EntityMissing("the entity to update does not exist, or was deleted")


def _create_late(origin: Origin, dataset: models.Dataset, entity: models.Entity, change: EntityChange) -> None:
    if entity.deleted_at is not None or not _was_forced(entity):
        raise EntityExists("an entity with this id was already created by another submission")
    _update(origin, dataset, entity, change, is_creation=True)


def _is_done(sent: models.SubmissionVersion, dataset: models.Dataset, entity: models.Entity | None) -> bool:
    """Was it applied already? Where an earlier version of the submission did anything, an edit of it does nothing."""
    if entity is not None and queries.version_by_submission(entity.id, sent.id) is not None:
        return True
    return sent.deprecated_id is not None and queries.is_changed_by_another_version(dataset.id, sent)


def _was_forced(entity: models.Entity) -> bool:
    """Was it made from an update whose creation did not come within five days? Only then has its first one a branch."""
    first = queries.version(entity.id, 1)
    return first is not None and first.branch_id is not None


def create_entity(
    origin: Origin,
    dataset: models.Dataset,
    uuid: str,
    content: EntityContent,
    *,
    branch: EntityChange | None = None,
) -> tuple[models.Entity, models.EntityVersion]:
    """Add a case in the running transaction. Raises EntityRefused without a label, EntityExists.

    `branch`: the update that it is made from, if its creation never came.
    """
    if not content.label.strip():
        raise EntityRefused("the entity has no label")
    holder_id, content = _as_it_is_held(origin, content)
    key_id, key = add_data_key("entity")
    moment = now()
    entity_id = insert_if_new(
        models.Entity,
        dataset_id=dataset.id,
        uuid=uuid,
        office_id=_custodian(content, holder_id),
        creator_id=origin.actor.id or None,
        data_key_id=key_id,
        created_at=moment,
    )
    if entity_id is None:
        db.session.delete(db.session.get_one(models.DataKey, key_id))
        raise EntityExists("an entity with this id was already created by another submission")
    entity = db.session.get_one(models.Entity, entity_id)
    columns = _columns_of(branch) | {"label_typed": origin.submission is None}
    version = add_version(origin, dataset, entity, key, 1, content, columns)
    record(
        "entity.create",
        origin.actor,
        project_id=origin.project.id,
        entity_id=entity.id,
        submission_id=origin.submission.submission_id if origin.submission is not None else None,
        dataset=dataset.name,
        uuid=uuid,
    )
    _trace_if_moved(origin, dataset, entity, key, holder_id)
    return entity, version


def _as_it_is_held(origin: Origin, content: EntityContent) -> tuple[int | None, EntityContent]:
    """The office that has by now what a case is made of, and what the case says then.

    A submission that waited for its approval may have been handed over meanwhile; an answer that names the office which
    sent it as custodian is overtaken by that.
    """
    sent_from = origin.actor.office_id
    if origin.submission is None:
        return sent_from, content
    holder_id = db.session.get_one(models.Submission, origin.submission.submission_id).office_id
    named = _custodian(content, None)
    if named is not None and named == sent_from and holder_id != sent_from:
        code = db.session.get_one(models.Office, holder_id).code
        content = EntityContent(content.label, {**content.data, CUSTODIAN: code})
    return holder_id, content


def _trace_if_moved(
    origin: Origin, dataset: models.Dataset, entity: models.Entity, key: bytes, before: int | None
) -> None:
    """An answer that names a custodian hands the case over: it leaves the same trace as one by hand."""
    if before is not None and entity.office_id is not None and entity.office_id != before:
        trace_entity(origin, dataset, entity, key, Step(before, entity.office_id))


def _custodian(content: EntityContent, otherwise: int | None) -> int | None:
    code = content.data.get(CUSTODIAN, "")
    office = office_by_code(code) if code else None
    return office.id if office is not None else otherwise


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None


def _update(
    origin: Origin,
    dataset: models.Dataset,
    entity: models.Entity,
    change: EntityChange,
    *,
    force: bool = False,
    is_creation: bool = False,
) -> None:
    # A phone that knows a case's UUID from before the hand-over may not take it back.
    if not reaches_office(origin.actor, "entity.update", entity.office_id, project_id=origin.project.id):
        raise EntityRefused("the entity belongs to another office")
    current = queries.current_version(entity.id)
    # A creation that comes late builds on whatever was made of its updates.
    base = current if is_creation else _base(dataset, entity, current, change, force=force)
    key = data_key(entity.data_key_id)
    now_says = open_entity(key, entity.uuid, current)
    content = EntityContent(change.label or now_says.label, {**now_says.data, **change.data})
    conflicting: list[str] | None = None
    if is_creation:
        conflicting = sorted(name for name, value in change.data.items() if now_says.data.get(name, value) != value)
    elif base.id != current.id:
        conflicting = _conflicting(key, entity, base, current, change)
    elif change.branch_id and backlog.is_interrupted(
        entity.id, change.branch_id[:BRANCH_CHARACTERS], _whole(change.trunk_version) or 1
    ):
        conflicting = []
    columns = _columns_of(None if is_creation else change) | {
        "base_version": base.version,
        "conflicting_properties": conflicting,
    }
    version = add_version(origin, dataset, entity, key, current.version + 1, content, columns)
    if conflicting is not None:
        entity.conflict = "hard" if conflicting or entity.conflict == "hard" else "soft"
    before = entity.office_id
    if CUSTODIAN in change.data:
        entity.office_id = _custodian(content, entity.office_id)
    entity.updated_at = version.created_at
    record(
        "entity.update.version",
        origin.actor,
        project_id=origin.project.id,
        entity_id=entity.id,
        submission_id=origin.submission.submission_id if origin.submission is not None else None,
        dataset=dataset.name,
        uuid=entity.uuid,
        version=version.version,
        conflict=entity.conflict if conflicting is not None else None,
    )
    _trace_if_moved(origin, dataset, entity, key, before)


def _base(
    dataset: models.Dataset,
    entity: models.Entity,
    current: models.EntityVersion,
    change: EntityChange,
    *,
    force: bool,
) -> models.EntityVersion:
    """The version that an update builds on. Raises _Early if a step of its phone's branch is still to come."""
    number = _whole(change.base_version)
    if number is None:
        raise EntityRefused("the update does not say which version it builds on")
    trunk = _whole(change.trunk_version)
    if not change.branch_id:
        base = queries.version(entity.id, number)
        if base is None:
            raise EntityMissing("the update builds on a version that does not exist")
        return base
    # Where the branch begins the number is ours; after that it counts the phone's own steps.
    if number in (1, trunk):
        base = queries.version(entity.id, number)
    else:
        base = backlog.version_in_branch(entity.id, change.branch_id[:BRANCH_CHARACTERS], number - 1)
    if base is not None:
        return base
    if not force:
        raise _Early(dataset, entity.uuid, change.branch_id, number)
    return current


def _columns_of(change: EntityChange | None) -> dict[str, object]:
    """What a version remembers of the update that made it."""
    if change is None:
        return {}
    return {
        "trunk_version": _whole(change.trunk_version),
        "branch_id": (change.branch_id or "")[:BRANCH_CHARACTERS] or None,
        "branch_base_version": _whole(change.base_version) if change.branch_id else None,
    }


def _conflicting(
    key: bytes,
    entity: models.Entity,
    base: models.EntityVersion,
    current: models.EntityVersion,
    change: EntityChange,
) -> list[str]:
    """The properties that this update and the updates since its base both changed, to different values."""
    then, latest = open_entity(key, entity.uuid, base), open_entity(key, entity.uuid, current)
    changed_since = {name for name in latest.data if latest.data.get(name) != then.data.get(name)}
    ours = {name for name, value in change.data.items() if value != latest.data.get(name)}
    return sorted(changed_since & ours)


def _hold(origin: Origin, early: _Early) -> None:
    """Keep an offline update whose predecessor has not come. One that is held already stays as it is."""
    assert origin.submission is not None
    if queries.is_held(origin.submission.id, early.uuid):
        return
    db.session.add(
        models.EntityBacklog(
            dataset_id=early.dataset.id,
            entity_uuid=early.uuid,
            submission_version_id=origin.submission.id,
            branch_id=early.branch_id[:BRANCH_CHARACTERS],
            branch_base_version=early.base_number,
            created_at=now(),
        )
    )
    db.session.flush()
    _backlog_record(origin, "hold", early.dataset, early.uuid)


def _backlog_record(origin: Origin, act: str, dataset: models.Dataset, uuid: str) -> None:
    assert origin.submission is not None
    record(
        f"submission.backlog.{act}",
        origin.actor,
        project_id=origin.project.id,
        submission_id=origin.submission.submission_id,
        dataset=dataset.deleted_name or dataset.name,
        uuid=uuid,
    )
