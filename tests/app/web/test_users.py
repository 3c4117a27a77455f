"""People, their offices, and what a site's administrator may do with them."""

from __future__ import annotations

import pytest

from app.db import models
from app.permissions import Grant
from tests.app.looking import actions
from tests.support.backend import PASSWORD, Backend


def test_an_administrator_adds_a_person_who_can_sign_in(backend: Backend) -> None:
    backend.office("tr-01")
    admin = backend.admin
    new = {"email": "Mira@Example.org", "password": PASSWORD, "displayName": "Mira", "office": "tr-01"}
    answer = admin.post("/users", json=new)
    assert answer.status_code == 200
    shown = {name: answer.json[name] for name in ("email", "displayName", "office", "type", "lastLoginAt")}
    assert shown == {
        "email": "mira@example.org",
        "displayName": "Mira",
        "office": "tr-01",
        "type": "user",
        "lastLoginAt": None,
    }
    assert "password" not in answer.text
    signed = backend.client.post("/v1/sessions", json={"email": "mira@example.org", "password": PASSWORD})
    assert signed.status_code == 200
    one = admin.get(f"/users/{answer.json['id']}").json
    assert one["lastLoginAt"] == signed.json["createdAt"]
    assert [user["displayName"] for user in admin.get("/users?q=mira").json] == ["Mira"]
    assert "user.create" in actions(backend)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 400.2),
        ({"email": "not an address"}, 400.8),
        ({"email": "a@example.org", "password": "short"}, 400.21),
        ({"email": "a@example.org", "office": "nowhere"}, 400.8),
        ({"email": "a@example.org", "displayName": ""}, 400.8),
    ],
)
def test_a_person_who_cannot_be_added_is_refused(lite: Backend, body: dict[str, str], code: float) -> None:
    answer = lite.admin.post("/users", json=body)
    assert answer.json["code"] == code
    assert "short" not in answer.text.replace("too short", "")


def test_what_the_api_does_not_know_gives_nobody_a_right(lite: Backend) -> None:
    made = lite.admin.post("/users", json={"email": "a@example.org", "role": "admin", "verbs": ["user.create"]})
    assert made.status_code in (200, 400)
    assert lite.admin.get("/users?q=a@example.org").json in ([], [made.json])
    with lite.database() as session:
        held = session.query(models.Assignment).filter_by(actor_id=made.json.get("id")).count()
    assert held == 0


def test_an_address_can_be_used_once(backend: Backend) -> None:
    admin = backend.admin
    assert admin.post("/users", json={"email": "a@example.org"}).status_code == 200
    assert admin.post("/users", json={"email": "A@example.org"}).json["code"] == 409.3


@pytest.mark.parametrize("role", ["manager", "viewer", "formfill", "analyst"])
def test_only_a_sites_administrator_sees_people(lite: Backend, role: str) -> None:
    person = lite.person(Grant(role, 1, all_offices=True))
    for answer in (
        person.get("/users"),
        person.get("/users/1"),
        person.post("/users", json={"email": "a@example.org"}),
    ):
        assert answer.json["code"] == 403.1


def test_a_user_who_is_not_there_is_not_found(lite: Backend) -> None:
    admin, phone = lite.admin, lite.phone()
    assert admin.get("/users/999").json["code"] == 404.1
    assert admin.get(f"/users/{phone.actor_id}").json["code"] == 404.1


def test_who_am_i_lists_the_rights_on_the_whole_site_if_asked(lite: Backend) -> None:
    extended = {"X-Extended-Metadata": "true"}
    admin = lite.admin.get("/users/current", headers=extended).json
    assert {"user.create", "project.create"} <= set(admin["verbs"])
    assert lite.person(Grant("manager", 1)).get("/users/current", headers=extended).json["verbs"] == []
    assert "verbs" not in lite.admin.get("/users/current").json


def test_the_offices_are_listed_with_their_codes_as_the_forms_use_them(lite: Backend) -> None:
    lite.office("tr-01")
    lite.office("vl-02", kind="shelter")
    offices = lite.admin.get("/offices").json
    assert [(each["code"], each["kind"], each["parent"]) for each in offices] == [
        ("tr-01", "police_point", None),
        ("vl-02", "shelter", None),
    ]
    assert lite.person(Grant("manager", 1)).get("/offices").json["code"] == 403.1
