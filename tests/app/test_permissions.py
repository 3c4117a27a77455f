"""The table of rights: what no role grants is refused."""

from __future__ import annotations

import pytest

from app.permission_words import BY_OFFICE, ROLE_WORDS, VERB_WORDS
from app.permissions import (
    ANONYMOUS,
    CLASS_VERBS,
    REVEALED_CLASSES,
    ROLES,
    VERBS,
    Actor,
    Grant,
    may,
    may_grant,
    office_scope,
    visible_projects,
    widest_office_scope,
)
from forms.schema import SENSITIVITIES


def actor(*grants: Grant, office_id: int | None = 5) -> Actor:
    return Actor(1, "user", "Person", office_id, grants)


PHONE_MAY = {"open_form.list", "open_form.read", "open_form.cases", "submission.create"}
READS_ANSWERS = {"submission.read", "submission.list", "entity.read", "entity.list"}


@pytest.mark.parametrize(
    ("grants", "project_id", "reach"),
    [
        ((), 1, False),
        ((Grant("viewer", 1),), 1, 7),
        ((Grant("viewer", 1),), 2, False),
        ((Grant("viewer", 1),), None, 7),
        ((Grant("viewer", 1), Grant("analyst", 1, all_offices=True)), 1, True),
        ((Grant("viewer", 1), Grant("viewer", 2, all_offices=True)), 1, 7),
        ((Grant("viewer", 1), Grant("viewer", 2, all_offices=True)), None, True),
        ((Grant("formfill", 1, 3),), None, 7),
        ((Grant("formfill", 1, 3, all_offices=True),), 1, False),
        ((Grant("admin"),), None, True),
    ],
)
def test_the_widest_reach_is_all_that_somebody_reads_there(
    grants: tuple[Grant, ...], project_id: int | None, reach: int | bool
) -> None:
    actor = Actor(1, "user", "Person", 7, grants)
    found = widest_office_scope(actor, project_id=project_id)
    assert (found, type(found)) == (reach, type(reach))


def test_a_phone_can_only_list_fetch_and_send_forms() -> None:
    assert ROLES["app-user"].verbs == PHONE_MAY


@pytest.mark.parametrize("role", ["app-user", "pub-link", "formfill", "analyst"])
def test_a_role_that_only_fills_or_counts_reads_no_answers(role: str) -> None:
    assert not ROLES[role].verbs & READS_ANSWERS


@pytest.mark.parametrize("role", ["viewer", "analyst", "case-reader"])
def test_a_role_that_only_reads_changes_nothing(role: str) -> None:
    verbs = {verb for verb in ROLES[role].verbs if not verb.startswith("class.")}
    assert {verb.split(".")[1] for verb in verbs} <= {"read", "list", "reveal"}


CLEAR = {"operational", "quasi"}
READS_CLASSES = {
    "admin": CLEAR,
    "manager": CLEAR | {"contact"},
    "viewer": CLEAR,
    "case-reader": set(CLASS_VERBS),
    "formfill": set(),
    "analyst": set(),
    "app-user": set(),
    "pub-link": set(),
}


@pytest.mark.parametrize("role", sorted(ROLES))
def test_which_classes_a_role_reads_in_clear(role: str) -> None:
    assert {each for each, verb in CLASS_VERBS.items() if verb in ROLES[role].verbs} == READS_CLASSES[role]


def test_every_class_but_open_has_a_right_and_a_reveal_opens_no_special_one() -> None:
    assert {"open", *CLASS_VERBS} == set(SENSITIVITIES)
    assert {"contact", "identifying"} == REVEALED_CLASSES
    assert {role for role in ROLES if "submission.reveal" in ROLES[role].verbs} == {"manager", "viewer"}


@pytest.mark.parametrize("all_offices", [False, True])
def test_an_administrator_makes_others_readers_of_cases_and_never_themselves(all_offices: bool) -> None:
    admin = actor(Grant("admin", all_offices=True))
    where = {"office_id": OURS, "all_offices": all_offices, "project_id": None}
    for role in ("case-reader", "manager", "viewer"):
        assert may_grant(admin, role, **where, to_self=False)
        assert not may_grant(admin, role, **where, to_self=True)
    both = actor(Grant("admin", all_offices=True), Grant("case-reader", all_offices=True))
    assert may_grant(both, "case-reader", **where, to_self=True)


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
        ((Grant("viewer"),), 5, 5),
        ((Grant("viewer", all_offices=True),), 5, True),
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


def test_every_right_and_every_role_is_said_in_one_sentence() -> None:
    assert set(VERB_WORDS) == VERBS
    assert list(VERB_WORDS) == sorted(VERB_WORDS)
    assert set(ROLE_WORDS) == set(ROLES)
    assert BY_OFFICE <= VERBS
    for words in (*VERB_WORDS.values(), *ROLE_WORDS.values()):
        assert words[0].isupper() and words.endswith(".") and "\n" not in words and ". " not in words


OURS, THEIRS = 5, 6
ALL_OF_IT = Grant("manager", 1, all_offices=True)


@pytest.mark.parametrize(
    ("held", "role", "office_id", "all_offices", "allowed"),
    [
        (Grant("manager", 1), "viewer", OURS, False, True),
        (Grant("manager", 1), "manager", OURS, False, True),
        (Grant("manager", 1), "app-user", OURS, False, True),
        (Grant("manager", 1), "viewer", THEIRS, False, False),
        (Grant("manager", 1), "viewer", None, False, False),
        (Grant("manager", 1), "viewer", OURS, True, False),
        (Grant("manager", 1), "admin", OURS, False, False),
        (ALL_OF_IT, "viewer", THEIRS, False, True),
        (ALL_OF_IT, "viewer", None, True, True),
        (ALL_OF_IT, "admin", OURS, True, False),
        (Grant("manager", 2, all_offices=True), "viewer", OURS, False, False),
        (Grant("manager", 1, 10), "viewer", OURS, False, False),
        (Grant("viewer", 1, all_offices=True), "viewer", OURS, False, False),
        (Grant("manager"), "viewer", OURS, False, True),
        (Grant("manager"), "viewer", OURS, True, False),
        (Grant("admin"), "admin", None, True, True),
        (Grant("admin"), "manager", THEIRS, True, True),
    ],
)
def test_a_person_gives_roles_that_they_hold_as_far_as_they_reach(
    held: Grant, role: str, office_id: int | None, all_offices: bool, allowed: bool
) -> None:
    given = may_grant(actor(held), role, office_id=office_id, all_offices=all_offices, project_id=1, to_self=False)
    assert given == allowed


@pytest.mark.parametrize("all_offices", [False, True])
@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("held", sorted(ROLES))
@pytest.mark.parametrize("place", [None, 1])
def test_nobody_gives_a_right_or_a_reach_that_they_do_not_have(
    held: str, role: str, all_offices: bool, place: int | None
) -> None:
    # An administrator of the site gives others what they do not hold; for the rest, and for themselves, it is so.
    is_administrator = held == "admin" and place is None
    for reach in (False, True):
        giver = actor(Grant(held, place, all_offices=reach), office_id=1)
        for office_id in (1, 2, None):
            where = {"office_id": office_id, "all_offices": all_offices, "project_id": place}
            if may_grant(giver, role, **where, to_self=is_administrator):
                new = Actor(2, "user", "Person", office_id, (Grant(role, place, all_offices=all_offices),))
                # Whoever sets up phones gives their right to choose among the cases.
                for verb in ROLES[role].verbs - {"open_form.cases"}:
                    theirs = office_scope(new, verb, project_id=place)
                    ours = office_scope(giver, verb, project_id=place)
                    assert may(giver, verb, project_id=place)
                    assert ours is True or theirs is False or (theirs is not True and ours == theirs)


def test_who_belongs_to_no_office_gives_nothing_that_reaches_only_an_office() -> None:
    person = actor(Grant("manager", 1), office_id=None)
    assert not may_grant(person, "viewer", office_id=None, all_offices=False, project_id=1, to_self=False)
    assert not may_grant(person, "viewer", office_id=OURS, all_offices=False, project_id=1, to_self=False)
