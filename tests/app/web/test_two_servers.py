"""Two servers on one database: what is taken away at one of them is gone at the other with the next request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from app.clock import now
from app.db import models
from app.permissions import Grant
from app.services.add_user import add_user
from tests.app.conftest import close
from tests.app.shown_forms import VISIT
from tests.support.backend import PASSWORD, AppUser, Backend, Person, instance, make_backend

# SQLite is one machine's: several servers are PostgreSQL's.
pytestmark = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)

EMAIL, NEW = "drita@example.org", "another long password"
REVEAL = {"reason": "for the test, truly", "classes": ["identifying"]}


@dataclass
class Two:
    """The same place, served twice. Nothing in the memory of one is known to the other."""

    here: Backend
    there: Backend


@pytest.fixture
def two(backend: Backend) -> Iterator[Two]:
    settings = backend.app.extensions["sportel"].settings
    other = make_backend(backend.folder, settings.database_url)
    yield Two(backend, other)
    close(other)


def seen_from(server: Backend, person: Person) -> Person:
    """The same person with the same token at another server."""
    return Person(server.client, person.token, person.actor_id)


def sign_in(server: Backend, password: str = PASSWORD, address: str = "192.0.2.1") -> Any:
    at = {"REMOTE_ADDR": address}
    return server.client.post("/v1/sessions", json={"email": EMAIL, "password": password}, environ_overrides=at)


def drita(two: Two) -> Person:
    """Somebody with a password, signed in here, and known there."""
    with two.here.app.app_context():
        actor_id = add_user(None, EMAIL, PASSWORD, grants=(Grant("viewer", 1),)).actor_id
    person = Person(two.here.client, sign_in(two.here).json["token"], actor_id)
    assert seen_from(two.there, person).get("/projects/1").status_code == 200
    return person


def sign_out(two: Two, person: Person) -> None:
    assert person.delete("/sessions/current").status_code == 200


def take_role(two: Two, person: Person) -> None:
    assert two.here.admin.delete(f"/projects/1/assignments/viewer/{person.actor_id}").status_code == 200


def end_account(two: Two, person: Person) -> None:
    assert two.here.admin.delete(f"/users/{person.actor_id}").status_code == 200


def change_password(two: Two, person: Person) -> None:
    body = {"old": PASSWORD, "new": NEW}
    assert person.request("PUT", f"/users/{person.actor_id}/password", json=body).status_code == 200


@pytest.mark.parametrize(
    ("act", "status"), [(sign_out, 401), (take_role, 403), (end_account, 401), (change_password, 401)]
)
def test_what_is_taken_from_a_person_is_gone_at_the_other_server(
    two: Two, act: Callable[[Two, Person], None], status: int
) -> None:
    person = drita(two)
    act(two, person)
    assert seen_from(two.there, person).get("/projects/1").status_code == status


def test_a_key_that_is_revoked_here_opens_nothing_there(two: Two) -> None:
    person = drita(two)
    made = person.post(f"/users/{person.actor_id}/api-keys", json={"label": "table"}).json
    key = Person(two.there.client, made["token"], person.actor_id)
    assert key.get("/projects/1").status_code == 200
    assert person.delete(f"/users/{person.actor_id}/api-keys/{made['id']}").status_code == 200
    assert key.get("/projects/1").status_code == 401


@pytest.mark.parametrize("path", ["", "/lost"])
def test_a_phone_that_is_put_out_here_is_out_there(two: Two, path: str) -> None:
    two.here.admin.publish(VISIT)
    phone = two.here.phone()
    there = AppUser(two.there.client, phone.token, phone.actor_id, 1)
    assert there.only_send(instance("visit", "<who>A</who>", instance_id="uuid:1")).status_code == 201
    at = f"/projects/1/app-users/{phone.actor_id}{path}"
    admin = two.here.admin
    answer = admin.post(at, json={"note": "left on the bus"}) if path else admin.delete(at)
    assert answer.status_code == 200
    assert there.only_send(instance("visit", "<who>B</who>", instance_id="uuid:2")).status_code == 403


def test_another_office_counts_at_once_at_the_other_server(two: Two) -> None:
    for code in ("tr-01", "vl-02"):
        two.here.office(code)
    admin = two.here.admin
    admin.publish(VISIT)
    two.here.phone(office="tr-01").send(instance("visit", "<who>A</who>", instance_id="uuid:1"))
    person = two.here.person(Grant("viewer", 1), office="tr-01")
    there = seen_from(two.there, person)
    one = "/projects/1/forms/visit/submissions/uuid:1"
    assert there.get(one).status_code == 200
    assert admin.patch(f"/users/{person.actor_id}", json={"office": "vl-02"}).status_code == 200
    assert there.get(one).status_code == 404


def test_wrong_tries_are_counted_together(two: Two) -> None:
    drita(two)
    servers = [two.here, two.there]
    found = [sign_in(servers[number % 2], "wrong", f"192.0.2.{number}").status_code for number in range(5)]
    assert found == [401] * 5
    assert [sign_in(server).status_code for server in servers] == [429, 429]


def test_the_budget_of_reveals_is_spent_together(two: Two) -> None:
    two.here.admin.publish(VISIT)
    two.here.phone().send(instance("visit", "<who>A</who>", instance_id="uuid:1"))
    person = two.here.person(Grant("viewer", 1, all_offices=True))
    at = "/projects/1/forms/visit/submissions/uuid:1/reveal"
    budget = two.here.app.extensions["sportel"].settings.reveal_budget
    with two.here.database() as session:
        session.add(models.RevealCount(actor_id=person.actor_id, day=f"{now():%Y-%m-%d}", count=budget - 1))
        session.commit()
    assert person.post(at, json=REVEAL).status_code == 200
    assert seen_from(two.there, person).post(at, json=REVEAL).json["code"] == 429.3
