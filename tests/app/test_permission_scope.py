"""What an API key leaves of its person's rights: every role, place and office against every scope."""

from __future__ import annotations

from itertools import product

import pytest

from app.permission_scope import NEVER_BY_KEY, READING, Scope, narrowed
from app.permissions import ROLES, VERBS, Actor, Grant, holds_role_in, may, office_scope, visible_projects

OFFICE, OTHER_OFFICE = 5, 6
# Where a role can be held: the site, two projects, two forms of the first.
PLACES = [(None, None), (1, None), (2, None), (1, 10), (1, 11)]
SCOPES = [
    Scope(project_id, forms, office, writes)
    for project_id, forms, office, writes in product(
        (None, 1), (None, frozenset({10}), frozenset[int]()), (None, OFFICE, OTHER_OFFICE), (False, True)
    )
    if project_id is not None or (forms is None and office is None)
]
SCOPES += [Scope(classes=frozenset(named)) for named in ((), ("quasi", "special:health"))]
# Named by their place in the list: a set prints in another order in each process.
every_scope = pytest.mark.parametrize("scope", SCOPES, ids=range(len(SCOPES)))
# What can be asked about: the site, a project, a form of it.
QUESTIONS = [(None, None), (1, None), (1, 10), (1, 11), (2, None), (2, 20)]
ASKED = list(product(sorted(VERBS), QUESTIONS))


def people() -> list[Actor]:
    grants = [
        Grant(role, project_id, form_id, all_offices)
        for role, (project_id, form_id), all_offices in product(sorted(ROLES), PLACES, (False, True))
    ]
    alone = [(grant,) for grant in grants]
    pairs = [(Grant("viewer", 1), Grant("formfill", 2, all_offices=True)), (Grant("admin"), Grant("viewer", 1, 11))]
    return [Actor(1, "user", "P", office, given) for given in (*alone, *pairs) for office in (OFFICE, None)]


def reach(of: int | bool) -> set[int]:
    """The offices whose rows are reached."""
    return {OFFICE, OTHER_OFFICE} if of is True else set() if of is False else {of}


def reads(verb: str) -> bool:
    """Does it change nothing, and need no decision of a person?"""
    return verb.endswith((".list", ".read")) or verb.startswith("class.")


def in_scope(scope: Scope, verb: str, place: tuple[int | None, int | None]) -> bool:
    """Said once more, in other words: may the key itself do this there?"""
    project_id, form_id = place
    about = verb not in NEVER_BY_KEY and (scope.writes or reads(verb))
    if verb.startswith("class.") and scope.classes is not None:
        about = verb.removeprefix("class.").replace("special_", "special:") in scope.classes
    there = scope.project_id is None or project_id == scope.project_id
    form = scope.form_ids is None or form_id in scope.form_ids
    return about and there and form


@every_scope
def test_a_key_may_what_its_person_may_and_its_scope_has(scope: Scope) -> None:
    within = {(verb, where): in_scope(scope, verb, where) for verb, where in ASKED}
    for person in people():
        by_key = narrowed(person, 7, scope)
        for verb, (project_id, form_id) in ASKED:
            allowed = may(by_key, verb, project_id=project_id, form_id=form_id)
            expected = within[verb, (project_id, form_id)] and may(person, verb, project_id=project_id, form_id=form_id)
            if scope.office_id is None:
                assert allowed == expected, (person, verb, project_id, form_id)
            else:
                # Narrowed to an office, what belongs to no office may be lost too; nothing is ever gained.
                assert not (allowed and not expected), (person, verb, project_id, form_id)


@every_scope
def test_a_key_reaches_the_offices_that_both_reach(scope: Scope) -> None:
    within = {(verb, where): in_scope(scope, verb, where) for verb, where in ASKED}
    for person in people():
        by_key = narrowed(person, 7, scope)
        for verb, (project_id, form_id) in ASKED:
            before = reach(office_scope(person, verb, project_id=project_id, form_id=form_id))
            after = reach(office_scope(by_key, verb, project_id=project_id, form_id=form_id))
            assert after <= before
            if scope.office_id is not None:
                assert after <= {scope.office_id}
            elif within[verb, (project_id, form_id)]:
                assert after == before


@every_scope
def test_a_key_sees_no_project_that_its_person_does_not(scope: Scope) -> None:
    for person in people():
        by_key = narrowed(person, 7, scope)
        before, after = visible_projects(person), visible_projects(by_key)
        assert before is None or (after is not None and after <= before)
        if scope.project_id is not None:
            assert after is not None and after <= {scope.project_id}
            assert not holds_role_in(by_key, 2)


def test_a_key_for_one_office_reads_that_office_for_somebody_who_reaches_all() -> None:
    person = Actor(1, "user", "P", OFFICE, (Grant("viewer", 1, all_offices=True),))
    by_key = narrowed(person, 7, Scope(1, office_id=OTHER_OFFICE))
    assert office_scope(by_key, "submission.read", project_id=1, form_id=10) == OTHER_OFFICE


def test_what_one_does_as_ones_own_office_cannot_be_done_as_another() -> None:
    person = Actor(1, "user", "P", OFFICE, (Grant("admin"),))
    by_key = narrowed(person, 7, Scope(1, office_id=OTHER_OFFICE, writes=True))
    assert may(by_key, "submission.update", project_id=1)
    for verb in ("submission.create", "open_form.read", "open_form.list", "entity.create"):
        assert not may(by_key, verb, project_id=1)


@pytest.mark.parametrize("verb", sorted(NEVER_BY_KEY))
def test_no_key_touches_accounts_or_roles(verb: str) -> None:
    person = Actor(1, "user", "P", OFFICE, (Grant("admin"), Grant("manager")))
    assert may(person, verb)
    assert not may(narrowed(person, 7, Scope(writes=True)), verb)


def test_a_reading_key_reads_and_lists_and_nothing_else() -> None:
    assert {verb for verb in VERBS if reads(verb)} == READING


def test_forms_and_an_office_need_their_project() -> None:
    for scope in ({"form_ids": frozenset({1})}, {"office_id": 1}):
        with pytest.raises(ValueError, match="need their project"):
            Scope(**scope)  # type: ignore[arg-type]
