"""What people set for themselves comes back to them, and to nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from app.permissions import Grant
from app.services import preferences as service
from tests.support.backend import Backend, Person

AT = "/user-preferences"


def put(person: Person, path: str, value: Any) -> Any:
    return person.request("PUT", f"{AT}/{path}", json={"propertyValue": value})


def preferences(person: Person) -> Any:
    return person.get("/users/current", headers={"X-Extended-Metadata": "true"}).json["preferences"]


@pytest.mark.parametrize("value", ["newest", 7, None, True, ["a"], {"ë": {"deep": [1]}}])
def test_a_preference_comes_back_as_it_was_set(backend: Backend, value: Any) -> None:
    person, other = backend.person(Grant("viewer", 1)), backend.admin
    assert put(person, "site/order", "before").json == {"success": True}
    assert put(person, "site/order", value).json == {"success": True}
    assert put(person, "project/1/order", value).json == {"success": True}
    assert preferences(person) == {"site": {"order": value}, "projects": {"1": {"order": value}}}
    assert preferences(other) == {"site": {}, "projects": {}}
    assert person.delete(f"{AT}/site/order").json == {"success": True}
    assert preferences(person) == {"site": {}, "projects": {"1": {"order": value}}}
    assert person.delete(f"{AT}/site/order").json["code"] == 404.1
    assert other.delete(f"{AT}/project/1/order").json["code"] == 404.1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{}", 400.23),
        (b"[]", 400.23),
        (b'{"propertyValue": 1, "more": 2}', 400.8),
        (b'{"propertyValue": "' + b"x" * 10_001 + b'"}', 400.8),
        (b"{", 400.1),
        (b'{"propertyValue": NaN}', 400.1),
        (b'{"propertyValue": [-Infinity]}', 400.1),
        (b'{"propertyValue": {"a": 1e999}}', 400.1),
        (b'{"propertyValue": ' + b"[" * 33 + b"]" * 33 + b"}", 400.8),
        (b'{"propertyValue": ' + b'{"a":' * 600 + b"1" + b"}" * 600 + b"}", 400.8),
    ],
)
def test_what_is_no_preference(lite: Backend, body: bytes, code: float) -> None:
    person = lite.admin
    answer = person.request("PUT", f"{AT}/site/order", data=body, content_type="application/json")
    assert answer.json["code"] == code
    assert preferences(person)["site"] == {}


# What a database that understands JSON would round, turn around or refuse.
AS_SENT = [
    "-0.0",
    "0.30000000000000004",
    "1e+22",
    "1" * 400,
    "[1180591620717411303425]",
    '{"b": 1, "a": "7"}',
    '"7"',
    "[" * 32 + "]" * 32,
]


def test_a_preference_is_kept_as_its_text(backend: Backend) -> None:
    person = backend.person()
    for text in AS_SENT:
        body = f'{{"propertyValue": {text}}}'.encode()
        answer = person.request("PUT", f"{AT}/site/order", data=body, content_type="application/json")
        assert answer.json == {"success": True}
        shown = person.get("/users/current", headers={"X-Extended-Metadata": "true"}).text
        assert f'"site": {{"order": {text}}}' in shown


def test_preferences_are_a_persons_and_of_projects_where_they_have_a_role(lite: Backend) -> None:
    stranger, phone = lite.person(), lite.phone()
    assert put(stranger, "site/order", 1).status_code == 200
    assert put(stranger, "project/1/order", 1).json["code"] == 403.1
    assert put(lite.admin, "project/99/order", 1).json["code"] == 404.1
    answer = phone.client.put(f"/v1/key/{phone.token}{AT}/site/order", json={"propertyValue": 1})
    assert answer.json["code"] == 403.1
    assert lite.client.put(f"/v1{AT}/site/order", json={"propertyValue": 1}).json["code"] == 401.2


def test_there_are_only_so_many(lite: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST", 2)
    person = lite.admin
    assert [put(person, f"site/{name}", 1).status_code for name in "aba"] == [200] * 3
    assert put(person, "site/c", 1).json["code"] == 400.8
    assert put(person, "site/a", 2).status_code == 200
