"""A project with all that is in it: listed with its forms and lists, put at once, and ended."""

from __future__ import annotations

from typing import Any

import pytest

from app.db import models
from app.permissions import Grant
from tests.app.looking import actions, count, rows
from tests.app.shown_forms import CASES, entity, simple
from tests.support.backend import Backend, Person, instance

EXTENDED = {"X-Extended-Metadata": "true"}
CASE = "11111111-1111-4111-8111-111111111111"


def put(person: Person, body: Any, project: int = 1) -> Any:
    return person.request("PUT", f"/projects/{project}", json=body)


def test_the_projects_are_listed_with_their_forms_and_lists_within_ones_reach(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(simple("visit"))
    admin.publish(CASES)
    for office in ("one", "two"):
        backend.office(office)
    phone = backend.phone(office="one")
    assert phone.send(instance("visit", "<who>x</who>")).status_code == 201
    meta = entity(f'id="{CASE}" create="1"', "A case")
    assert phone.send(instance("intake", "<code>c</code>", meta=meta)).status_code == 201

    def seen(person: Person) -> tuple[Any, ...]:
        (project,) = person.get("/projects?forms=true&datasets=true").json
        forms = {each["xmlFormId"]: each["submissions"] for each in project["formList"]}
        lists = {each["name"]: each["entities"] for each in project["datasetList"]}
        dates = project["lastSubmission"] is not None, project["lastEntity"] is not None
        return project["forms"], forms, project["datasets"], lists, dates

    both = {"visit": 1, "intake": 1}
    nothing = {"visit": 0, "intake": 0}
    assert seen(admin) == (2, both, 1, {"cases": 1}, (True, True))
    assert seen(backend.person(Grant("viewer", 1), office="one")) == (2, both, 1, {"cases": 1}, (True, True))
    assert seen(backend.person(Grant("viewer", 1), office="two")) == (2, nothing, 1, {"cases": 0}, (False, False))
    assert seen(backend.person(Grant("formfill", 1), office="one")) == (2, nothing, 0, {}, (False, False))
    assert seen(backend.person(Grant("analyst", 1), office="one")) == (0, {}, 0, {}, (False, False))
    (plain,) = admin.get("/projects").json
    assert not {"formList", "datasetList", "forms"} & set(plain)


def test_one_project_tells_what_one_may_do_there_and_what_is_in_it_now(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(CASES)
    gone = backend.phone()
    backend.phone()
    meta = entity(f'id="{CASE}" create="1"', "A case")
    assert gone.send(instance("intake", "<code>c</code>", meta=meta)).status_code == 201
    assert admin.delete(f"/projects/1/app-users/{gone.actor_id}").status_code == 200
    viewer = backend.person(Grant("viewer", 1))
    shown = viewer.get("/projects/1", headers=EXTENDED).json
    assert "submission.read" in shown["verbs"] and "form.update" not in shown["verbs"]
    assert (shown["appUsers"], shown["lastEntity"]) == (1, None)  # the viewer is of no office
    assert admin.get("/projects/1", headers=EXTENDED).json["lastEntity"] is not None
    assert "verbs" not in viewer.get("/projects/1").json


def assignments(person: Person) -> set[tuple[str, int, int]]:
    found = person.get("/projects/1/assignments/forms").json
    return {(each["xmlFormId"], each["actorId"], each["roleId"]) for each in found}


def test_a_project_is_put_with_its_forms_and_who_holds_roles_on_them(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(simple("a"))
    admin.publish(simple("b"))
    phones = [backend.phone().actor_id for _ in range(2)]
    admin.patch("/projects/1", json={"description": "Before"})
    body = {
        "name": "After",
        "forms": [
            {"xmlFormId": "a", "state": "closing", "assignments": [{"actorId": each, "roleId": 2} for each in phones]},
            {"xmlFormId": "b", "state": "open"},
        ],
    }
    answer = put(admin, body).json
    assert (answer["name"], answer["description"], answer["archived"]) == ("After", None, False)
    assert admin.get("/projects/1/forms/a").json["state"] == "closing"
    assert assignments(admin) == {("a", phones[0], 2), ("a", phones[1], 2)}
    body["forms"][0] |= {"state": "open", "assignments": [{"actorId": phones[1], "roleId": "app-user"}]}
    assert put(admin, body).status_code == 200
    assert (admin.get("/projects/1/forms/a").json["state"], assignments(admin)) == ("open", {("a", phones[1], 2)})
    assert put(admin, {"name": "Later", "archived": True}).json["archived"] is True
    assert assignments(admin) == {("a", phones[1], 2)}
    assert actions(backend, "assignment") == ["assignment.create"] * 2 + ["assignment.delete"]


FORMS = [{"xmlFormId": "a", "state": "closed"}, {"xmlFormId": "b"}]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 400.2),
        ({"name": "New", "forms": 7}, 400.8),
        ({"name": "New", "forms": FORMS[:1]}, 501.2),
        ({"name": "New", "forms": [*FORMS, {"xmlFormId": "c"}]}, 501.2),
        ({"name": "New", "forms": [FORMS[0], FORMS[0]]}, 400.8),
        ({"name": "New", "forms": [FORMS[0], {"xmlFormId": "b", "state": "ajar"}]}, 400.8),
        (
            {"name": "New", "forms": [FORMS[0], {"xmlFormId": "b", "assignments": [{"actorId": 99, "roleId": 2}]}]},
            400.14,
        ),
        (
            {"name": "New", "forms": [FORMS[0], {"xmlFormId": "b", "assignments": [{"actorId": 1, "roleId": 77}]}]},
            400.14,
        ),
        ({"name": "New", "forms": [FORMS[0], {"xmlFormId": "b", "assignments": [{"roleId": 2}]}]}, 400.8),
    ],
)
def test_what_cannot_be_put_changes_nothing(lite: Backend, body: Any, code: float) -> None:
    admin = lite.admin
    admin.publish(simple("a"))
    admin.publish(simple("b"))
    before = admin.get("/projects?forms=true").json
    assert put(admin, body).json["code"] == code
    assert admin.get("/projects?forms=true").json == before


def test_a_manager_of_one_office_neither_sees_nor_takes_another_ones_roles(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(simple("a"))
    for office in ("one", "two"):
        backend.office(office)
    with backend.database() as session:
        form_id = session.query(models.Form).one().id
    ours, theirs = (backend.person(Grant("viewer", 1, form_id), office=each).actor_id for each in ("one", "two"))
    manager = backend.person(Grant("manager", 1), office="one")
    assert put(manager, {"name": "New", "forms": [{"xmlFormId": "a", "assignments": []}]}).status_code == 200
    assert assignments(admin) == {("a", theirs, 6)}
    more = [{"actorId": ours, "roleId": 6, "allOffices": True}]
    refused = put(manager, {"name": "Newer", "forms": [{"xmlFormId": "a", "assignments": more}]}).json
    assert refused["code"] == 403.1
    assert (admin.get("/projects/1").json["name"], assignments(admin)) == ("New", {("a", theirs, 6)})


@pytest.mark.parametrize(
    ("before", "given", "after"),
    [
        (True, {"allOffices": False}, False),
        (False, {"allOffices": True}, True),
        (True, {"allOffices": True}, True),
        (True, {}, True),
        (False, {}, False),
    ],
)
def test_a_put_takes_and_gives_every_office_and_leaves_it_if_it_is_not_named(
    lite: Backend, before: bool, given: dict[str, bool], after: bool
) -> None:
    admin = lite.admin
    admin.publish(simple("a"))
    lite.office("one")
    viewer = lite.person(office="one").actor_id
    at = f"/projects/1/forms/a/assignments/viewer/{viewer}?allOffices={str(before).lower()}"
    assert admin.post(at).status_code == 200
    role = {"actorId": viewer, "roleId": "viewer"} | given
    assert put(admin, {"name": "New", "forms": [{"xmlFormId": "a", "assignments": [role]}]}).status_code == 200
    (row,) = rows(lite, models.Assignment, models.Assignment.actor_id == viewer)
    assert (row.role, row.all_offices) == ("viewer", after)


def test_a_project_ends_when_it_has_no_forms_and_its_phones_with_it(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(simple("a"))
    phone = backend.phone()
    assert admin.delete("/projects/1").json["code"] == 409.46
    assert backend.person(Grant("manager", 1)).delete("/projects/1").json["code"] == 403.1
    admin.delete("/projects/1/forms/a")
    assert admin.delete("/projects/1").json == {"success": True}
    assert admin.get("/projects").json == []
    assert admin.get("/projects/1").json["code"] == 404.1
    assert phone.get("/formList").status_code in (403, 404)
    assert count(backend, models.AccessToken, models.AccessToken.actor_id == phone.actor_id) == 1
    assert admin.delete("/projects/1").json["code"] == 404.1
    assert actions(backend, "project.delete") == ["project.delete"]
