"""What is noted of phones: under names that their project knows, seen by who reaches the phone."""

from __future__ import annotations

from typing import Any

import pytest

from app.db import models
from app.permissions import Grant
from tests.app.looking import rows
from tests.support.backend import Backend, Person

NAMES = "/projects/1/actor-properties"
PHONES = "/projects/1/app-users"
EXTENDED = {"X-Extended-Metadata": "true"}


def noted(person: Person, actor_id: int) -> Any:
    one = person.get(f"{PHONES}/{actor_id}", headers=EXTENDED).json["properties"]
    (listed,) = (each for each in person.get(PHONES, headers=EXTENDED).json if each["id"] == actor_id)
    assert listed["properties"] == one
    return one


def add(person: Person, name: Any) -> Any:
    return person.post(NAMES, json={"name": name})


def test_a_phone_has_values_under_the_names_of_its_project(backend: Backend) -> None:
    admin = backend.admin
    assert add(admin, "district").json == {"success": True}
    assert add(admin, "team").json == {"success": True}
    assert admin.get(NAMES).json == [{"name": "district"}, {"name": "team"}]
    phone = admin.post(PHONES, json={"displayName": "P", "properties": {"district": " north ", "team": ""}}).json["id"]
    assert noted(admin, phone) == {"district": "north"}
    change = {"properties": {"district": None, "team": "A"}}
    assert admin.patch(f"{PHONES}/{phone}", json=change).status_code == 200
    assert noted(admin, phone) == {"team": "A"}
    assert admin.patch(f"{PHONES}/{phone}", json={"properties": {"team": "B"}, "displayName": "Q"}).status_code == 200
    assert noted(admin, phone) == {"team": "B"}
    assert "properties" not in admin.get(f"{PHONES}/{phone}").json
    extended = admin.get(NAMES, headers=EXTENDED).json
    assert extended == [{"name": "district", "values": []}, {"name": "team", "values": ["B"]}]
    lines = rows(backend, models.Audit, models.Audit.action == "field_key.property.set")
    assert [line.details["names"] for line in lines] == [["district", "team"], ["district", "team"], ["team"]]
    assert "north" not in str([line.details for line in lines])


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (None, 400.8),
        ("", 400.8),
        ("__x", 400.8),
        ("1x", 400.8),
        ("a b", 400.8),
        ("Label", 400.8),
        ("displayName", 400.8),
    ],
)
def test_a_name_that_cannot_be_used(lite: Backend, name: str | None, code: float) -> None:
    assert add(lite.admin, name).json["code"] == code
    assert lite.admin.post(NAMES, json={}).json["code"] == 400.2


def test_a_name_is_there_once_in_any_letters(backend: Backend) -> None:
    admin = backend.admin
    assert add(admin, "Qarku").status_code == 200
    assert add(admin, "qarku").json["code"] == 409.3
    admin.post("/projects", json={"name": "Other"})
    assert admin.post("/projects/2/actor-properties", json={"name": "qarku"}).status_code == 200


@pytest.mark.parametrize("properties", [{"unknown": "x"}, {"district": 7}, {"district": "x" * 256}, ["district"]])
def test_a_value_that_cannot_be_noted_leaves_everything_as_it_was(lite: Backend, properties: Any) -> None:
    admin = lite.admin
    add(admin, "district")
    body = {"displayName": "P", "properties": properties}
    assert admin.post(PHONES, json=body).json["code"] == 400.8
    assert admin.get(PHONES).json == []
    phone = lite.phone().actor_id
    assert admin.patch(f"{PHONES}/{phone}", json=body).json["code"] == 400.8
    assert (admin.get(f"{PHONES}/{phone}").json["displayName"], noted(admin, phone)) == ("Phone", {})


def test_values_are_seen_by_who_reaches_the_phone(lite: Backend) -> None:
    admin = lite.admin
    add(admin, "district")
    for office in ("one", "two"):
        lite.office(office)
        admin.post(PHONES, json={"displayName": office, "office": office, "properties": {"district": office}})

    def values(person: Person) -> Any:
        return person.get(NAMES, headers=EXTENDED).json[0]["values"]

    manager = lite.person(Grant("manager", 1), office="one")
    assert (values(admin), values(manager)) == (["one", "two"], ["one"])
    for role in ("viewer", "formfill", "analyst"):
        person = lite.person(Grant(role, 1), office="one")
        assert person.get(NAMES).json["code"] == add(person, "more").json["code"] == 403.1
