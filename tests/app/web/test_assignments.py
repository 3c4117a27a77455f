"""Who holds which role, who may give it, and that nobody gives more than they hold."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.db import models
from app.permissions import Grant
from tests.app.looking import actions, count, rows
from tests.app.shown_forms import simple
from tests.support.backend import Backend, Person, instance

EXTENDED = {"X-Extended-Metadata": "true"}
PROJECT = "/projects/1/assignments"


@pytest.fixture
def offices(lite: Backend) -> Backend:
    for code in ("tr-01", "vl-02"):
        lite.office(code)
    return lite


def manager(backend: Backend, office: str | None = "tr-01", *, all_offices: bool = False) -> Person:
    return backend.person(Grant("manager", 1, all_offices=all_offices), office=office, name="Manager")


def test_the_roles_are_centrals_and_ours(lite: Backend) -> None:
    roles = lite.person().get("/roles").json
    assert [(role["id"], role["system"]) for role in roles] == [
        (1, "admin"),
        (2, "app-user"),
        (5, "manager"),
        (6, "viewer"),
        (7, "formfill"),
        (8, "analyst"),
        (9, "case-reader"),
        (10, "pub-link"),
    ]
    assert set(roles[0]) == {"id", "system", "name", "verbs", "createdAt", "updatedAt"}
    assert "submission.read" in roles[3]["verbs"]


def test_a_role_is_found_by_its_number_and_by_its_name(lite: Backend) -> None:
    person = lite.person()
    assert person.get("/roles/6").json == person.get("/roles/viewer").json
    for unknown in ("99", "king", "06", "-1"):
        assert person.get(f"/roles/{unknown}").json["code"] == 404.1


def test_a_role_counts_from_the_holders_next_request_until_it_is_taken_away(backend: Backend) -> None:
    admin, person = backend.admin, backend.person()
    one = f"{PROJECT}/viewer/{person.actor_id}"
    assert person.get("/projects/1").status_code == 403
    assert admin.post(one).json == {"success": True}
    assert person.get("/projects/1").status_code == 200
    assert admin.get(PROJECT).json == [{"actorId": person.actor_id, "roleId": 6, "allOffices": False}]
    assert admin.delete(one).json == {"success": True}
    assert person.get("/projects/1").status_code == 403
    assert admin.get(PROJECT).json == []
    assert actions(backend, "assignment") == ["assignment.create", "assignment.delete"]
    given = rows(backend, models.Audit, models.Audit.action == "assignment.create")[0]
    assert (given.actor_id, given.project_id) == (admin.actor_id, 1)
    assert given.details == {"actorId": person.actor_id, "roleId": 6, "role": "viewer", "allOffices": False}


def test_a_role_is_held_once_in_a_place(backend: Backend) -> None:
    admin, person = backend.admin, backend.person()
    for query in ("", "?allOffices=true"):
        answer = admin.post(f"{PROJECT}/viewer/{person.actor_id}{query}")
        assert answer.json.get("code") == (None if query == "" else 409.3)
    assert admin.post(f"{PROJECT}/6/{person.actor_id}").json["code"] == 409.3
    assert admin.get(PROJECT).json == [{"actorId": person.actor_id, "roleId": 6, "allOffices": False}]


def test_what_is_not_held_cannot_be_taken_away(lite: Backend) -> None:
    admin, person = lite.admin, lite.person(Grant("viewer", 1))
    for path in (
        f"{PROJECT}/manager/{person.actor_id}",
        f"{PROJECT}/viewer/9999",
        f"{PROJECT}/king/{person.actor_id}",
        f"/assignments/viewer/{person.actor_id}",
    ):
        assert admin.delete(path).json["code"] == 404.1
    assert admin.post(f"{PROJECT}/viewer/9999").json["code"] == 404.1
    assert admin.post(f"{PROJECT}/king/{person.actor_id}").json["code"] == 404.1


def test_the_holders_of_a_role_are_listed_with_their_names(lite: Backend) -> None:
    admin = lite.admin
    viewer = lite.person(Grant("viewer", 1, all_offices=True), name="Mira")
    lite.person(Grant("manager", 1))
    (found,) = admin.get(f"{PROJECT}/viewer").json
    assert (found["id"], found["displayName"], found["type"]) == (viewer.actor_id, "Mira", "user")
    assert found["allOffices"] is True
    extended = admin.get(PROJECT, headers=EXTENDED).json
    assert [(each["actor"]["id"], each["roleId"]) for each in extended if each["roleId"] == 6] == [(viewer.actor_id, 6)]
    assert "actorId" not in extended[0]


def test_a_role_on_the_site_a_project_and_a_form_are_three_things(lite: Backend) -> None:
    admin, person = lite.admin, lite.person()
    xml_form_id = admin.publish(simple("visit"))
    form = f"/projects/1/forms/{xml_form_id}/assignments"
    for place in ("/assignments", PROJECT, form):
        assert admin.post(f"{place}/formfill/{person.actor_id}").status_code == 200
        assert [each["id"] for each in admin.get(f"{place}/formfill").json] == [person.actor_id]
    expected = {"actorId": person.actor_id, "roleId": 7, "allOffices": False, "xmlFormId": xml_form_id}
    assert admin.get(f"{PROJECT}/forms").json == admin.get(f"{PROJECT}/forms/formfill").json == [expected]
    assert admin.get(f"{PROJECT}/forms/viewer").json == []
    for place in ("/assignments", PROJECT):
        assert admin.delete(f"{place}/formfill/{person.actor_id}").status_code == 200
    sent = person.post(
        f"/projects/1/forms/{xml_form_id}/submissions", data=instance("visit", "<who>x</who>"), content_type="text/xml"
    )
    assert sent.status_code == 200
    assert person.get("/projects/1/forms").status_code == 403


def test_an_app_user_is_given_single_forms(backend: Backend) -> None:
    admin = backend.admin
    for form in ("a", "b"):
        admin.publish(simple(form))
    phone = backend.phone()
    assert admin.delete(f"{PROJECT}/app-user/{phone.actor_id}").status_code == 200
    assert "<formID>" not in phone.get("/formList").text
    assert admin.post(f"/projects/1/forms/b/assignments/app-user/{phone.actor_id}").status_code == 200
    listed = phone.get("/formList").text
    assert ("<formID>b</formID>" in listed, "<formID>a</formID>" in listed) == (True, False)
    assert admin.delete(f"/projects/1/forms/b/assignments/2/{phone.actor_id}").status_code == 200
    assert "<formID>" not in phone.get("/formList").text


@pytest.mark.parametrize(
    ("place", "role", "who", "code"),
    [
        (PROJECT, "viewer", "phone", 400.8),
        (PROJECT, "app-user", "person", 400.8),
        ("/assignments", "app-user", "phone", 400.8),
        (PROJECT, "admin", "person", 400.8),
        (f"{PROJECT}/app-user/{{}}?allOffices=true", "", "phone", 400.8),
        ("/projects/2/assignments", "app-user", "phone", 404.1),
    ],
)
def test_a_role_that_is_not_for_them_or_not_for_this_place_is_refused(
    lite: Backend, place: str, role: str, who: str, code: float
) -> None:
    admin = lite.admin
    admin.post("/projects", json={"name": "Another"})
    actor_id = lite.phone().actor_id if who == "phone" else lite.person().actor_id
    path = place.format(actor_id) if "{}" in place else f"{place}/{role}/{actor_id}"
    assert admin.post(path).json["code"] == code


def test_the_last_administrator_stays(backend: Backend) -> None:
    first, second = backend.admin, backend.admin
    assert first.delete(f"/assignments/admin/{second.actor_id}").status_code == 200
    assert second.get("/users").status_code == 403
    answer = first.delete(f"/assignments/1/{first.actor_id}")
    assert answer.json["code"] == 409.32
    assert first.get("/users").status_code == 200
    held = [each for each in first.get("/assignments").json if each["roleId"] == 1]
    assert held == [{"actorId": first.actor_id, "roleId": 1, "allOffices": True}]


def test_an_administrator_lets_others_read_cases_and_never_themselves(lite: Backend) -> None:
    admin = lite.person(Grant("admin", all_offices=True))
    other = lite.person()
    for place in ("/assignments", PROJECT):
        assert admin.post(f"{place}/case-reader/{admin.actor_id}").json["code"] == 403.1
        assert admin.post(f"{place}/case-reader/{other.actor_id}").status_code == 200
    assert admin.post(f"{PROJECT}/manager/{admin.actor_id}").json["code"] == 403.1


def test_two_administrators_cannot_remove_each_other_at_once(backend: Backend) -> None:
    for _ in range(3):
        one, two = backend.admin, backend.admin
        for row in backend.admin.get("/assignments").json:
            if row["roleId"] == 1 and row["actorId"] not in (one.actor_id, two.actor_id):
                assert one.delete(f"/assignments/admin/{row['actorId']}").status_code == 200
        start = threading.Barrier(2)

        def remove(by: Person, whom: Person, start: threading.Barrier = start) -> int:
            start.wait()
            return by.delete(f"/assignments/admin/{whom.actor_id}").status_code

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.submit(remove, one, two), pool.submit(remove, two, one)
        assert 200 in (first.result(), second.result())
        assert count(backend, models.Assignment, models.Assignment.role == "admin") == 1


def grant_as(giver: Person, role: str, to: Person, query: str = "") -> float | None:
    """The problem's code, or None if it was granted."""
    answer: dict[str, Any] = giver.post(f"{PROJECT}/{role}/{to.actor_id}{query}").json
    return answer.get("code")


def test_nobody_gives_what_they_do_not_hold(offices: Backend) -> None:
    own, everywhere = manager(offices), manager(offices, all_offices=True)
    site = offices.admin
    site.post("/projects", json={"name": "Another"})
    colleague = lambda: offices.person(office="tr-01")  # noqa: E731  (a new one for each line of the table)
    stranger = lambda: offices.person(office="vl-02")  # noqa: E731
    table: list[tuple[Person, str, Person, str, float | None]] = [
        (own, "viewer", colleague(), "", None),
        (own, "manager", colleague(), "", None),
        (own, "viewer", colleague(), "?allOffices=true", 403.1),
        (own, "viewer", stranger(), "", 404.1),
        (own, "viewer", offices.person(), "", 404.1),
        (everywhere, "viewer", stranger(), "", None),
        (everywhere, "viewer", offices.person(), "?allOffices=true", None),
        (everywhere, "admin", colleague(), "", 400.8),
        (site, "manager", stranger(), "?allOffices=true", None),
        (offices.person(Grant("viewer", 1, all_offices=True)), "viewer", colleague(), "", 403.1),
        (offices.person(Grant("manager", 2, all_offices=True)), "viewer", colleague(), "", 403.1),
    ]
    assert [grant_as(giver, role, to, query) for giver, role, to, query, _ in table] == [row[-1] for row in table]
    for giver in (own, everywhere):
        assert giver.post(f"/assignments/admin/{giver.actor_id}").json["code"] == 403.1


def test_a_manager_of_the_whole_site_is_no_administrator(offices: Backend) -> None:
    person = offices.person(Grant("manager"), office="tr-01")
    colleague = offices.person(office="tr-01")
    assert person.post(f"/assignments/admin/{colleague.actor_id}").json["code"] == 403.1
    assert person.post(f"/assignments/viewer/{colleague.actor_id}?allOffices=true").json["code"] == 403.1
    assert person.post(f"/assignments/viewer/{colleague.actor_id}").status_code == 200


def test_who_reaches_one_office_sees_and_ends_only_what_is_held_there(offices: Backend) -> None:
    own = manager(offices)
    stranger = offices.person(Grant("viewer", 1), office="vl-02")
    chief = offices.person(Grant("manager", 1, all_offices=True), office="tr-01")
    colleague = offices.person(Grant("viewer", 1), office="tr-01")
    seen = {each["actorId"] for each in own.get(PROJECT).json}
    assert seen == {own.actor_id, chief.actor_id, colleague.actor_id}
    assert own.delete(f"{PROJECT}/viewer/{stranger.actor_id}").json["code"] == 404.1
    assert own.delete(f"{PROJECT}/manager/{chief.actor_id}").json["code"] == 403.1
    assert own.delete(f"{PROJECT}/viewer/{colleague.actor_id}").status_code == 200


def test_a_manager_finds_a_person_by_their_whole_address_to_give_them_a_role(offices: Backend) -> None:
    admin, own, everywhere = offices.admin, manager(offices), manager(offices, all_offices=True)
    for office, address in (("tr-01", "mira@example.org"), ("vl-02", "drita@example.org")):
        admin.post("/users", json={"email": address, "office": office, "displayName": address.split("@")[0]})
    find = "/projects/1/users?q="
    assert [each["displayName"] for each in own.get(f"{find}Mira@example.org").json] == ["mira"]
    assert [each["displayName"] for each in everywhere.get(f"{find}drita@example.org").json] == ["drita"]
    for unseen in ("drita@example.org", "mira", "@", "nobody@example.org"):
        assert own.get(f"{find}{unseen}").json == []
    assert own.get("/projects/1/users").json["code"] == 400.2
    assert offices.person(Grant("viewer", 1)).get(f"{find}mira@example.org").json["code"] == 403.1


def test_a_phone_that_was_put_out_holds_nothing(lite: Backend) -> None:
    admin, phone = lite.admin, lite.phone()
    assert [each["actorId"] for each in admin.get(PROJECT).json] == [phone.actor_id]
    admin.delete(f"/projects/1/app-users/{phone.actor_id}")
    assert admin.get(PROJECT).json == []
    assert admin.post(f"{PROJECT}/app-user/{phone.actor_id}").json["code"] == 404.1
