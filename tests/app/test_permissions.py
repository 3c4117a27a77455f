"""The table of rights: what no role grants is refused."""

from __future__ import annotations

import pytest

from app.permissions import ANONYMOUS, ROLES, VERBS, Actor, Grant, may, office_scope, visible_projects


def actor(*grants: Grant, office_id: int | None = 5) -> Actor:
    return Actor(1, "user", "Person", office_id, grants)


PHONE_MAY = {"open_form.list", "open_form.read", "submission.create"}
READS_ANSWERS = {"submission.read", "submission.list", "entity.read", "entity.list"}


def test_a_phone_can_only_list_fetch_and_send_forms() -> None:
    assert ROLES["app-user"].verbs == PHONE_MAY


@pytest.mark.parametrize("role", ["app-user", "formfill", "analyst"])
def test_a_role_that_only_fills_or_counts_reads_no_answers(role: str) -> None:
    assert not ROLES[role].verbs & READS_ANSWERS


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_a_role_that_only_reads_changes_nothing(role: str) -> None:
    assert {verb.split(".")[1] for verb in ROLES[role].verbs} <= {"read", "list"}


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"admin"}))
def test_only_administrators_have_the_rights_of_the_whole_site(role: str) -> None:
    site = {"user.list", "user.create", "user.read", "user.update", "project.create", "audit.read"}
    assert site <= ROLES["admin"].verbs
    assert not ROLES[role].verbs & site


def test_roles_have_numbers_of_their_own() -> None:
    assert len({role.id for role in ROLES.values()}) == len(ROLES)
    assert all(name == role.system for name, role in ROLES.items())


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_nobody_without_a_role_may_do_anything(verb: str) -> None:
    assert not may(ANONYMOUS, verb, project_id=1, form_id=1)
    assert not may(actor(), verb, project_id=1, form_id=1)


@pytest.mark.parametrize("verb", ["", "submission", "submission.burn", "anybody", "signed-in"])
def test_a_verb_that_is_in_no_role_is_refused_even_to_administrators(verb: str) -> None:
    assert not may(actor(Grant("admin", all_offices=True)), verb, project_id=1)


@pytest.mark.parametrize("verb", sorted(VERBS))
@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_gives_its_verbs_in_its_project_and_no_others(role: str, verb: str) -> None:
    person = actor(Grant(role, project_id=1))
    assert may(person, verb, project_id=1) == (verb in ROLES[role].verbs)
    assert not may(person, verb, project_id=2)
    assert not may(person, verb)


@pytest.mark.parametrize(
    ("grant", "project_id", "form_id", "allowed"),
    [
        (Grant("app-user", 1, 10), 1, 10, True),
        (Grant("app-user", 1, 10), 1, 11, False),
        (Grant("app-user", 1, 10), 1, None, False),
        (Grant("app-user", 1, 10), 2, 10, False),
        (Grant("app-user", 1), 1, 10, True),
        (Grant("app-user", 1), 2, 10, False),
        (Grant("admin"), 2, 10, True),
        (Grant("admin"), None, None, True),
    ],
)
def test_a_grant_reaches_the_form_project_or_site_that_it_names(
    grant: Grant, project_id: int | None, form_id: int | None, allowed: bool
) -> None:
    assert may(actor(grant), "submission.create", project_id=project_id, form_id=form_id) == allowed


@pytest.mark.parametrize(
    ("grants", "office_id", "scope"),
    [
        ((), 5, False),
        ((Grant("viewer", 1),), 5, 5),
        ((Grant("viewer", 1),), 1, 1),
        ((Grant("viewer", 1),), None, False),
        ((Grant("viewer", 1, all_offices=True),), 5, True),
        ((Grant("viewer", 1, all_offices=True),), None, True),
        ((Grant("viewer", 2, all_offices=True),), 5, False),
        ((Grant("viewer", 1), Grant("viewer", 2, all_offices=True)), 5, 5),
        ((Grant("viewer", 1), Grant("manager", 1, all_offices=True)), 5, True),
        ((Grant("formfill", 1, all_offices=True),), 5, False),
        ((Grant("viewer", 1), Grant("formfill", 1, all_offices=True)), 5, 5),
        ((Grant("admin"),), None, True),
        ((Grant("viewer", 1, 10),), 5, 5),
        ((Grant("viewer", 1, 11),), 5, False),
    ],
)
def test_whose_rows_a_person_reads(grants: tuple[Grant, ...], office_id: int | None, scope: int | bool) -> None:
    reached = office_scope(actor(*grants, office_id=office_id), "submission.read", project_id=1, form_id=10)
    assert reached is scope or (type(reached) is type(scope) and reached == scope)


def test_which_projects_a_person_sees() -> None:
    assert visible_projects(actor()) == set()
    assert visible_projects(actor(Grant("viewer", 1), Grant("formfill", 3))) == {1, 3}
    assert visible_projects(actor(Grant("app-user", 1))) == set()
    assert visible_projects(actor(Grant("viewer", 1), Grant("admin"))) is None
