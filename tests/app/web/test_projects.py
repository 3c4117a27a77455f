"""The programmes: who sees which, and what may be changed."""

from __future__ import annotations

from typing import Any

import pytest

from app.permissions import Grant
from tests.app.looking import actions
from tests.app.shown_forms import simple
from tests.support.backend import Backend, instance


def test_a_project_is_added_read_and_changed(backend: Backend) -> None:
    admin = backend.admin
    made = admin.post("/projects", json={"name": "Returns", "description": "Those who come back"}).json
    assert {name: made[name] for name in ("name", "description", "archived", "keyId", "code", "deletedAt")} == {
        "name": "Returns",
        "description": "Those who come back",
        "archived": False,
        "keyId": None,
        "code": None,
        "deletedAt": None,
    }
    changed = admin.patch(f"/projects/{made['id']}", json={"name": "Returnees", "archived": True}).json
    assert (changed["name"], changed["archived"], changed["description"]) == ("Returnees", True, "Those who come back")
    assert admin.get(f"/projects/{made['id']}").json == changed
    assert [each["name"] for each in admin.get("/projects").json] == ["Test project", "Returnees"]
    assert {"project.create", "project.update"} <= set(actions(backend))


def test_a_person_sees_the_projects_where_they_have_a_role(lite: Backend) -> None:
    lite.admin.post("/projects", json={"name": "Other"})
    viewer = lite.person(Grant("viewer", 2))
    assert [each["name"] for each in viewer.get("/projects").json] == ["Other"]
    assert viewer.get("/projects/2").status_code == 200
    assert lite.person().get("/projects").json == []


def test_a_project_of_others_and_one_that_is_not_there_answer_alike(lite: Backend) -> None:
    viewer = lite.person(Grant("viewer", 1))
    lite.admin.post("/projects", json={"name": "Other"})
    others, absent = viewer.get("/projects/2"), viewer.get("/projects/77")
    assert (others.status_code, others.json) == (absent.status_code, absent.json) == (403, others.json)


def test_extended_metadata_counts_what_is_in_a_project(lite: Backend) -> None:
    admin = lite.admin
    admin.publish(simple("a"))
    admin.publish(simple("b"))
    phone = lite.phone()
    phone.send(instance("a", "<who>x</who>"))
    shown = admin.get("/projects/1", headers={"X-Extended-Metadata": "true"}).json
    assert (shown["forms"], shown["appUsers"], shown["datasets"]) == (2, 1, 0)
    sent = admin.get("/projects/1/forms/a/submissions").json[0]["createdAt"]
    assert shown["lastSubmission"] == sent
    assert "forms" not in admin.get("/projects/1").json


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 400.2),
        ({"name": ""}, 400.8),
        ({"name": "x" * 256}, 400.8),
        ({"name": 7}, 400.8),
        ({"name": "n", "description": "x" * 10_001}, 400.8),
    ],
)
def test_a_project_that_cannot_be_added_is_refused(lite: Backend, body: dict[str, Any], code: float) -> None:
    assert lite.admin.post("/projects", json=body).json["code"] == code


@pytest.mark.parametrize("role", ["manager", "viewer", "formfill", "analyst"])
def test_only_a_sites_administrator_adds_projects(lite: Backend, role: str) -> None:
    assert lite.person(Grant(role, 1, all_offices=True)).post("/projects", json={"name": "n"}).json["code"] == 403.1


def test_only_who_manages_a_project_changes_it(lite: Backend) -> None:
    assert lite.person(Grant("manager", 1)).patch("/projects/1", json={"name": "n"}).status_code == 200
    assert lite.person(Grant("viewer", 1)).patch("/projects/1", json={"name": "n"}).json["code"] == 403.1
