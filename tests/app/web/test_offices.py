"""Offices, and how people and phones come to belong to another one."""

from __future__ import annotations

from typing import Any

import pytest

from app.config import ROOT
from app.db import models
from app.permissions import Grant
from app.services.offices import KINDS
from app.services.setup import set_up
from tests.app.looking import actions, rows
from tests.app.shown_forms import CASES, FOLLOW_UP, entity
from tests.support.backend import Backend, instance

NEW = {"code": "sh-9", "kind": "shelter", "nameEn": "A shelter", "nameSq": "Një strehë"}


def test_an_administrator_adds_an_office_and_changes_it(backend: Backend) -> None:
    admin = backend.admin
    backend.office("MOL", kind="ministry")
    made = admin.post("/offices", json=NEW | {"region": "AL11", "parent": "MOL"})
    assert made.status_code == 200
    assert made.json == NEW | {"id": made.json["id"], "region": "AL11", "parent": "MOL", "toConfirm": False}
    changed = admin.patch("/offices/sh-9", json={"nameEn": "The shelter", "parent": None, "region": None})
    assert changed.json == made.json | {"nameEn": "The shelter", "parent": None, "region": None}
    assert changed.json in admin.get("/offices").json
    assert actions(backend, "office") == ["office.create", "office.update"]
    assert rows(backend, models.Audit)[-1].details["changed"] == ["name_en", "parent", "region"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"code": ""}, 400.8),
        ({"code": "a b"}, 400.8),
        ({"code": "a\n"}, 400.8),
        ({"code": "x" * 65}, 400.8),
        ({"kind": "palace"}, 400.8),
        ({"nameSq": ""}, 400.8),
        ({"parent": "nowhere"}, 400.8),
        ({"region": "somewhere far away"}, 400.8),
        ({"code": "there"}, 409.3),
    ],
)
def test_an_office_that_cannot_be_is_refused(lite: Backend, change: dict[str, str], code: float) -> None:
    lite.office("there")
    assert lite.admin.post("/offices", json=NEW | change).json["code"] == code


def test_an_offices_code_stays_because_answers_name_it(lite: Backend) -> None:
    lite.office("tr-01")
    answer = lite.admin.patch("/offices/tr-01", json={"code": "tr-02"})
    assert answer.json["code"] == 400.8
    assert lite.admin.patch("/offices/nowhere", json={"nameEn": "X"}).json["code"] == 404.1


def test_no_office_is_above_itself(lite: Backend) -> None:
    for code in ("a", "b", "c"):
        lite.office(code)
    admin = lite.admin
    assert admin.patch("/offices/a", json={"parent": "b"}).status_code == 200
    assert admin.patch("/offices/b", json={"parent": "c"}).status_code == 200
    for parent in ("a", "b", "c"):
        assert admin.patch("/offices/c", json={"parent": parent}).json["code"] == 400.8


def test_only_administrators_change_offices_and_a_projects_manager_sees_them(lite: Backend) -> None:
    lite.office("tr-01")
    manager = lite.person(Grant("manager", 1))
    assert manager.post("/offices", json=NEW).json["code"] == 403.1
    assert manager.patch("/offices/tr-01", json={"nameEn": "X"}).json["code"] == 403.1
    assert [each["code"] for each in manager.get("/projects/1/offices").json] == ["tr-01"]
    assert lite.person(Grant("viewer", 1)).get("/projects/1/offices").json["code"] == 403.1


def test_the_kinds_are_those_of_the_list_that_ships() -> None:
    lines = (ROOT / "xlsforms" / "shared" / "offices.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert {line.split(",")[1] for line in lines} == set(KINDS)


def test_setting_up_again_leaves_what_an_administrator_made_of_an_office(lite: Backend) -> None:
    settings = lite.app.extensions["sportel"].settings
    with lite.app.app_context():
        set_up(settings, lambda _: None)
    admin = lite.admin
    changed = admin.patch("/offices/NRC", json={"nameEn": "The centre", "region": "AL02", "parent": None}).json
    before = len(admin.get("/offices").json)
    with lite.app.app_context():
        set_up(settings, lambda _: None)
    after = admin.get("/offices").json
    assert len(after) == before
    assert changed in after


def test_a_person_who_moves_reads_the_other_offices_rows_at_the_next_request(backend: Backend) -> None:
    for code in ("tr-01", "vl-02"):
        backend.office(code)
    admin = backend.admin
    admin.publish(CASES)
    backend.phone(office="tr-01").send(instance("intake", "<code>C1</code>"))
    reader = backend.person(Grant("viewer", 1), office="tr-01")
    assert len(reader.rows("intake")) == 1
    answer = admin.patch(f"/users/{reader.actor_id}", json={"office": "vl-02", "displayName": "Mira"})
    assert (answer.json["office"], answer.json["displayName"]) == ("vl-02", "Mira")
    assert reader.rows("intake") == []
    admin.patch(f"/users/{reader.actor_id}", json={"office": None})
    assert reader.rows("intake") == []
    moved = rows(backend, models.Audit, models.Audit.action == "user.update")[0].details
    assert moved["changed"] == ["display_name", "office"]
    assert moved["fromOfficeId"] != moved["toOfficeId"]


@pytest.mark.parametrize(
    ("body", "code"),
    [({"office": "nowhere"}, 400.8), ({"email": "no address"}, 400.8), ({"email": "B@example.org"}, 409.3)],
)
def test_a_change_of_a_person_that_cannot_be_is_refused(lite: Backend, body: dict[str, str], code: float) -> None:
    admin = lite.admin
    one = admin.post("/users", json={"email": "a@example.org"}).json["id"]
    admin.post("/users", json={"email": "b@example.org"})
    assert admin.patch(f"/users/{one}", json=body).json["code"] == code
    assert admin.get(f"/users/{one}").json["email"] == "a@example.org"
    assert admin.patch("/users/9999", json={}).json["code"] == 404.1


def test_a_phone_that_moves_gets_the_other_offices_cases_at_its_next_update(backend: Backend) -> None:
    for code in ("tr-01", "vl-02"):
        backend.office(code)
    admin = backend.admin
    admin.publish(CASES)
    admin.publish(FOLLOW_UP)
    phone = backend.phone(office="tr-01")
    meta = entity('id="11111111-1111-4111-8111-111111111111" create="1"', "C1")
    phone.send(instance("intake", "<code>C1</code>", meta=meta))
    listed = "/forms/follow_up/attachments/cases.csv"
    assert len(phone.get(listed).text.splitlines()) == 2
    moved = admin.patch(f"/projects/1/app-users/{phone.actor_id}", json={"office": "vl-02", "displayName": "Tablet"})
    assert (moved.json["office"], moved.json["displayName"], moved.json["token"]) == ("vl-02", "Tablet", None)
    assert len(phone.get(listed).text.splitlines()) == 1


def office_manager(backend: Backend) -> tuple[Any, Any, Any]:
    for code in ("tr-01", "vl-02"):
        backend.office(code)
    own = backend.person(Grant("manager", 1), office="tr-01")
    return own, backend.phone(office="tr-01", name="Ours"), backend.phone(office="vl-02", name="Theirs")


def test_who_reaches_one_office_knows_only_its_phones(lite: Backend) -> None:
    own, ours, theirs = office_manager(lite)
    assert [each["id"] for each in own.get("/projects/1/app-users").json] == [ours.actor_id]
    their_path = f"/projects/1/app-users/{theirs.actor_id}"
    nowhere = own.get("/projects/1/app-users/9999").json
    for answer in (own.get(their_path), own.delete(their_path), own.patch(their_path, json={"displayName": "x"})):
        assert answer.json == nowhere
    assert theirs.get("/formList").status_code == 200
    assert own.delete(f"/projects/1/app-users/{ours.actor_id}").status_code == 200
    assert ours.get("/formList").status_code == 403


def test_who_reaches_one_office_gives_no_phone_to_another(lite: Backend) -> None:
    own, ours, _ = office_manager(lite)
    phones = "/projects/1/app-users"
    assert own.post(phones, json={"displayName": "P", "office": "vl-02"}).json["code"] == 403.1
    assert own.post(phones, json={"displayName": "P"}).json["office"] == "tr-01"
    assert own.patch(f"{phones}/{ours.actor_id}", json={"office": "vl-02"}).json["code"] == 403.1
    assert own.patch(f"{phones}/{ours.actor_id}", json={"office": None}).json["code"] == 403.1
    assert own.get(f"{phones}/{ours.actor_id}").json["office"] == "tr-01"
    nobody = lite.person(Grant("manager", 1))
    assert nobody.post(phones, json={"displayName": "P"}).json["code"] == 403.1


def test_counts_are_of_what_the_askers_office_has(lite: Backend) -> None:
    for code in ("tr-01", "vl-02"):
        lite.office(code)
    lite.admin.publish(CASES)
    meta = entity('id="11111111-1111-4111-8111-111111111111" create="1"', "C1")
    lite.phone(office="vl-02").send(instance("intake", "<code>C1</code>", meta=meta))

    def counted(person: Any) -> tuple[Any, ...]:
        extended = {"X-Extended-Metadata": "true"}
        form = person.get("/projects/1/forms", headers=extended).json[0]
        cases = person.get("/projects/1/datasets", headers=extended).json[0]
        project = person.get("/projects/1", headers=extended).json
        last = (form["lastSubmission"], cases["lastEntity"], project["lastSubmission"])
        return form["submissions"], cases["entities"], tuple(each is not None for each in last)

    assert counted(lite.person(Grant("viewer", 1), office="vl-02")) == (1, 1, (True, True, True))
    assert counted(lite.person(Grant("viewer", 1, all_offices=True))) == (1, 1, (True, True, True))
    assert counted(lite.person(Grant("viewer", 1), office="tr-01")) == (0, 0, (False, False, False))
