"""What is left of a person's rights when an API key of theirs asks? What both the person and the key may.

A key never has more than its person has at that moment, and never touches accounts, roles or other keys: who finds a
key in a script must not be able to make themselves a longer way in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.permissions import CLASS_VERBS, VERBS, Actor, Grant, is_site_administrator

READING = frozenset(verb for verb in VERBS if verb.endswith((".list", ".read"))) | frozenset(CLASS_VERBS.values())
NEVER_BY_KEY = frozenset(
    {
        *("user.create", "user.update", "user.delete", "assignment.create", "assignment.delete"),
        # Both are a person's own decision, made one at a time.
        *("submission.reveal", "form.approve_loosening"),
    }
)
# What is done as one's own office and as no other, whatever one reaches.
_AS_ONES_OWN_OFFICE = frozenset({"open_form.list", "open_form.read", "submission.create", "entity.create"})


@dataclass(frozen=True)
class Scope:
    """What a key is for. None does not narrow; forms and an office are of the project, which must then be given.

    `classes`: which answers it shows besides the open ones; every other is masked.
    """

    project_id: int | None = None
    form_ids: frozenset[int] | None = None
    office_id: int | None = None
    writes: bool = False
    classes: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.project_id is None and (self.form_ids is not None or self.office_id is not None):
            raise ValueError("forms and an office need their project")


def narrowed(actor: Actor, key_id: int, scope: Scope) -> Actor:
    """The actor as this key lets them act."""
    verbs = (VERBS if scope.writes else READING) - NEVER_BY_KEY
    if scope.classes is not None:
        verbs -= {verb for sensitivity, verb in CLASS_VERBS.items() if sensitivity not in scope.classes}
    if scope.office_id not in (None, actor.office_id):
        verbs -= _AS_ONES_OWN_OFFICE
    grants = tuple(dict.fromkeys(part for grant in actor.grants for part in _parts(grant, actor, scope)))
    office_id = actor.office_id if scope.office_id is None else scope.office_id
    return replace(actor, office_id=office_id, grants=grants, verbs=verbs, key_id=key_id)


def _parts(grant: Grant, actor: Actor, scope: Scope) -> tuple[Grant, ...]:
    """What the scope leaves of a grant: none, itself, or one for each form."""
    if scope.project_id is None:
        return (grant,)
    if grant.project_id not in (None, scope.project_id):
        return ()
    reaches_all = grant.all_offices or is_site_administrator(grant)
    if scope.office_id is not None:
        if not reaches_all and actor.office_id != scope.office_id:
            return ()
        reaches_all = False
    forms: frozenset[int | None] = frozenset({grant.form_id})
    if scope.form_ids is not None:
        forms = frozenset(scope.form_ids) if grant.form_id is None else forms & scope.form_ids
    return tuple(Grant(grant.role, scope.project_id, form_id, reaches_all) for form_id in sorted(forms, key=str))
